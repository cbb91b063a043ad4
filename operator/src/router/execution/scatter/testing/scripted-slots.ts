/** Two shards of two slots each, whose answers a test sends piece by piece. */
import { readSlotOwners } from '../../../../core/keyspace/slot-owners.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { FakeClock, settle } from '../../../../runtime/testing/fake-clock.ts';
import { BASE_CAPABILITIES } from '../../../../wire/capabilities.ts';
import { encodeColumn, textColumn } from '../../../../wire/column-definition.ts';
import { COLUMN_TYPE } from '../../../../wire/column-type.ts';
import { PLAIN_OK } from '../../../../wire/ok-packet.ts';
import { encodeTextRow } from '../../../../wire/text-row.ts';
import type { BackendConnection } from '../../../backend/backend-connection.ts';
import { BackendError } from '../../../backend/backend-error.ts';
import type { LendRequest, Loan } from '../../../backend/backend-pool.ts';
import type { Outcome } from '../../../backend/outcome.ts';
import type { ResultSink } from '../../../backend/result-sink.ts';
import { aClient } from '../../../client/testing/client-facts.ts';
import { Session } from '../../../session/session.ts';
import type { Server } from '../../../topology/servers.ts';
import { StatementHold } from '../../../topology/statement-hold.ts';
import { NO_MOVES } from '../../../topology/moves.ts';
import type { Topology } from '../../../topology/topology.ts';
import type { Environment } from '../../environment.ts';
import { Execution } from '../../execution.ts';
import { StreamPermits } from '../stream-permits.ts';

export const KEYSPACE = 'app';
const SLOTS = 4;

/** What a server has to do with one statement for a slot. */
export class SlotAnswer {
  readonly slot: number;
  /** Whether the server has to wait: the receiver has enough for now. */
  paused = false;
  /** Rows that were sent, whoever has them. */
  sent = 0;
  /** Set when nobody wants the answer any more. */
  aborted = false;
  readonly #sink: ResultSink;
  readonly #outcome = Promise.withResolvers<Outcome>();

  constructor(slot: number, sink: ResultSink, signal: AbortSignal) {
    this.slot = slot;
    this.#sink = sink;
    signal.addEventListener('abort', () => {
      this.aborted = true;
      this.lose('Aborted');
    });
  }

  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  columns(type: number = COLUMN_TYPE.longlong): this {
    this.#sink.columns([encodeColumn({ ...textColumn('n'), type }, BASE_CAPABILITIES)]);
    return this;
  }

  /** Rows of one column. */
  rows(...values: readonly (string | number)[]): this {
    const frames = values.map((value) => {
      const payload = encodeTextRow([Buffer.from(String(value))]);
      const header = Buffer.from([
        payload.length & 255,
        (payload.length >> 8) & 255,
        payload.length >> 16,
        0,
      ]);
      return Buffer.concat([header, payload]);
    });
    const buffer = Buffer.concat(frames);
    this.sent += values.length;
    if (!this.#sink.rows(buffer, 0, buffer.length)) {
      this.paused = true;
      this.#sink.onDrain(() => (this.paused = false));
    }
    return this;
  }

  end(): void {
    this.#sink.end(PLAIN_OK, Buffer.alloc(0));
    this.#outcome.resolve({ ...OK, completion: PLAIN_OK });
  }

  fail(errno: number): void {
    const error = { errno, sqlState: 'HY000', message: 'no' };
    this.#sink.error(error, Buffer.from(`error ${errno}`));
    this.#outcome.resolve({ ...OK, error });
  }

  lose(code: 'ConnectionLost' | 'Aborted' = 'ConnectionLost'): void {
    this.#outcome.reject(new BackendError(code, 'it ended', { execution: 'Answered' }));
  }
}

const OK: Outcome = {
  error: undefined,
  inPrelude: false,
  completion: undefined,
  results: 1,
  changes: [],
  lastGtid: undefined,
};

/** A session, and the statements that its servers were sent. */
export class ScriptedSlots {
  readonly clock = new FakeClock();
  readonly permits = new StreamPermits(16);
  readonly execution: Execution;
  /** Statements under way and answered, in the order in which they came. */
  readonly answers: SlotAnswer[] = [];
  /** How connections were given back. */
  readonly given: boolean[] = [];
  /** Statements that were cancelled. */
  cancelled = 0;

  constructor() {
    const session = new Session(aClient(), { kind: 'password', password: '' }, '');
    const environment = {
      topology: { current: topologyOf() },
      pools: { lend: (request: LendRequest) => Promise.resolve(this.#lend(request.server)) },
      hold: new StatementHold({
        limits: { milliseconds: 1000, statements: 10, retryMilliseconds: 100 },
        clock: this.clock,
        onMapChange: () => () => {},
        observer: { waits() {}, ended() {} },
      }),
      streamPermits: this.permits,
      replicaStates: () => new Map(),
      maxLagMilliseconds: 5000,
      nextTurn: () => 0,
      clock: this.clock,
      logger: silentLogger,
      signal: new AbortController().signal,
    } as unknown as Environment;
    this.execution = new Execution(environment, session);
  }

  /** The last statement that a slot was sent. */
  async of(slot: number): Promise<SlotAnswer> {
    await settle();
    const found = this.answers.findLast((answer) => answer.slot === slot);
    if (found === undefined) {
      throw new Error(`slot ${slot} was not asked`);
    }
    return found;
  }

  /** Whether every permit is free. */
  get isFree(): boolean {
    return [0, 1].every((shard) => {
      const free = this.permits.take(shard, 16);
      this.permits.giveBack(shard, free);
      return free === 16;
    });
  }

  #lend(server: LendRequest['server']): Loan {
    let present: SlotAnswer | undefined;
    const connection: Pick<BackendConnection, 'query' | 'cancel' | 'server'> = {
      server,
      query: (text, sink, { database = '' }, signal) => {
        if (/^(START|COMMIT|ROLLBACK)/.test(text.toString())) {
          return Promise.resolve(OK);
        }
        present = new SlotAnswer(Number(database.slice(-4)), sink, signal);
        this.answers.push(present);
        return present.outcome;
      },
      cancel: () => {
        this.cancelled += 1;
        present?.fail(1317);
        return Promise.resolve();
      },
    };
    return {
      connection: connection as BackendConnection,
      giveBack: ({ clean }) => void this.given.push(clean),
    };
  }
}

function serverOf(shard: number): Server {
  return { pod: `p${shard}`, shard, host: 'h', port: 1, serverName: 'h' };
}

function topologyOf(): Topology {
  return {
    revision: 1,
    shards: new Map(
      [0, 1].map((number) => [
        number,
        { number, name: `s${number}`, epoch: 1, primary: serverOf(number), replicas: [] },
      ]),
    ),
    keyspaces: new Map(),
    places: new Map([
      [
        KEYSPACE,
        {
          homeShard: 0,
          referenceShards: [0, 1],
          owners: readSlotOwners(
            [
              { shard: 0, slots: '0-1' },
              { shard: 1, slots: '2-3' },
            ],
            SLOTS,
          ),
          transactions: 'Multi',
          consistency: 'Strong',
        },
      ],
    ]),
    users: new Map(),
    moves: NO_MOVES,
  };
}
