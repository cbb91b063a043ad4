import type { MoveLimits, ShardMapMove, ShardMapShard } from '../../../api/v1alpha1/index.ts';
import { known } from '../../../engines/measure.ts';
import type { MemberState } from '../../../engines/member-state.ts';
import type { Position } from '../../../engines/position.ts';
import type { RecordedProgress } from '../../../engines/slot-transfer.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { FakeClock, settle } from '../../../runtime/testing/fake-clock.ts';
import type { ShardView } from '../../observation.ts';
import type { AgentState } from '../../protocol/agent-state.ts';
import type { MoveReport } from '../../protocol/move-report.ts';
import { aMember, anEntry } from '../../testing/observations.ts';
import type { MovesSession } from '../moves-term.ts';
import { ShardMoves } from '../shard-moves.ts';
import type { VolumeUsage } from '../../volume-usage.ts';
import { FakeSlots } from './fake-slots.ts';

/** An entry of the map: primary `demo-shard-<number>-0`, and one replica. */
export function shardEntry(number: number, change: Partial<ShardMapShard> = {}): ShardMapShard {
  return anEntry({
    number,
    name: `demo-shard-${number}`,
    primary: `demo-shard-${number}-0`,
    replicas: [`demo-shard-${number}-1`],
    ackers: [`demo-shard-${number}-1`],
    ...change,
  });
}

/** An open primary in epoch 3 whose history ends at `end`. */
export function anOpenPrimary(end = '1-100-1', epoch = 3): MemberState {
  return aMember({
    role: { kind: 'primary' },
    writable: true,
    applied: end as Position,
    epoch: known(epoch),
  });
}

/** What one session with the server offers. */
interface StagedSession extends MovesSession {
  readonly slots: FakeSlots;
}

/** The moves of one shard, beside a server and a map that a test changes. */
export class MovesStage {
  readonly shard: number;
  readonly clock = new FakeClock();
  readonly stop = new AbortController();
  server: MemberState | null = anOpenPrimary();
  usage: VolumeUsage | null = null;
  /** While it is pending, the server does not answer. */
  silence: Promise<unknown> = Promise.resolve();
  /** What the agents of other members tell, by pod. */
  readonly states = new Map<string, AgentState>();
  /** Every different set of reports, in order. */
  readonly told: (readonly MoveReport[])[] = [];
  /** What the API server has, where that differs from what the watch has brought. */
  newer: ShardView | null = null;
  revision = 10;
  readonly moves: ShardMoves;
  readonly #running: Promise<void>;
  #view: ShardView;
  #session: StagedSession | null;

  constructor(shard = 1, recorded: readonly RecordedProgress[] = []) {
    this.shard = shard;
    this.#view = { kind: 'known', shard: shardEntry(shard) };
    this.#session = this.#makeSession(recorded);
    const session = () => this.#session;
    this.moves = new ShardMoves({
      shard,
      pod: `demo-shard-${shard}-0`,
      shardMap: { view: () => this.#view, read: async () => this.newer ?? this.#view },
      session: {
        get current() {
          const current = session();
          return current === null ? null : { session: current, databasesDigest: 'made' };
        },
        state: () => this.server,
      },
      address: (_, pod) => ({ host: pod, port: 3306 }),
      account: () => ({ name: 'replication', password: 'secret' }),
      fetchState: async (_, pod) => {
        const state = this.states.get(pod);
        if (state === undefined) {
          throw new Error(`${pod} does not answer`);
        }
        return state;
      },
      usage: () => this.usage,
      onChange: () => this.told.push(this.moves.reports()),
      clock: this.clock,
      logger: silentLogger,
      random: () => 0.5,
    });
    this.#running = this.moves.run(this.stop.signal);
  }

  /** The operations of the session. */
  get slots(): FakeSlots {
    if (this.#session === null) {
      throw new Error('there is no session');
    }
    return this.#session.slots;
  }

  /** The only report. */
  report(): MoveReport {
    const [report, ...others] = this.moves.reports();
    if (report === undefined || others.length > 0) {
      throw new Error(`${others.length} reports`);
    }
    return report;
  }

  /** A view of the map with these moves, one revision on. */
  view(
    moves: readonly ShardMapMove[],
    change: { readonly shard?: Partial<ShardMapShard>; readonly limits?: MoveLimits } = {},
  ): ShardView {
    this.revision += 1;
    const others = new Set(
      moves.flatMap(({ from, to }) => [from, to]).filter((other) => other !== this.shard),
    );
    const { revision, shard } = this;
    return {
      kind: 'known',
      shard: shardEntry(shard, change.shard),
      databases: { revision, wanted: [], untouched: [], digest: 'made' },
      ...(moves.length > 0 && {
        moves: {
          revision,
          moves,
          limits: change.limits ?? null,
          shards: [...others].map((number) => shardEntry(number)),
        },
      }),
    };
  }

  /** Has the watch bring a map, and lets everything happen that needs no time. */
  async show(view: ShardView): Promise<void> {
    this.#view = view;
    await this.update();
  }

  /** Has the watch bring a map with these moves. */
  async map(...moves: readonly ShardMapMove[]): Promise<void> {
    await this.show(this.view(moves));
  }

  /** A pass of the agent. */
  async update(): Promise<void> {
    this.moves.update();
    await settle();
    await settle();
  }

  /** Ends the session, and begins another where `recorded` is given. */
  async reconnect(recorded: readonly RecordedProgress[] | null): Promise<void> {
    this.#session = recorded === null ? null : this.#makeSession(recorded);
    await this.update();
  }

  async close(): Promise<void> {
    this.stop.abort(new Error('the test is over'));
    await this.#running;
  }

  #makeSession(recorded: readonly RecordedProgress[]): StagedSession {
    const slots = new FakeSlots();
    slots.recorded = [...recorded];
    slots.readEnd = async () => {
      await this.silence;
      if (this.server === null) {
        throw new Error('the server does not answer');
      }
      return this.server.applied;
    };
    return { slots };
  }
}
