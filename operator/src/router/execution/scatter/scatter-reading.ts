import { locate, noShard } from '../../topology/topology.ts';
import { KilledError } from '../../client/client-error.ts';
import type { Arrangement, RowSource } from '../../merge/merge-input.ts';
import type { RouteOf } from '../../routing/route.ts';
import { NO_DIAGNOSTICS } from '../../session/diagnostics.ts';
import type { TransactionState } from '../../session/transaction-state.ts';
import type { ServerFailure } from '../server-message.ts';
import { transactionLost } from '../decide-attempt.ts';
import { ERRORS } from '../errors.ts';
import type { Execution } from '../execution.ts';
import type { Statement } from '../statement.ts';
import { editedText } from '../statement-text.ts';
import { type Lane, planReading, type ReadingPlan } from './plan-reading.ts';
import { type RowRoom, RowStream } from './row-stream.ts';
import { LEAVE_MILLISECONDS, SCATTER_CAPS, STREAM_WINDOW_BYTES } from './scatter-caps.ts';
import { StreamSink } from './stream-sink.ts';

/** The slots of one statement being read: each as fast as its rows are merged. */
export class ScatterReading {
  readonly #execution: Execution;
  readonly #statement: Statement;
  readonly #route: RouteOf<'scatter'>;
  readonly #plan: ReadingPlan;
  /** By part; the same for all where rows are mixed. */
  readonly #streams: readonly RowStream[];
  readonly #transaction: TransactionState;
  readonly #limit = new AbortController();
  readonly #ended: Promise<void>;
  #stopping: Promise<void> | undefined;
  /** By part: the first is told, whichever came first. */
  readonly #failures = new Map<number, ServerFailure>();
  #thrown: { readonly error: unknown } | undefined;
  /** Of all answers. */
  warnings = 0;

  /** Begins to read. {@link end} must be called, whatever becomes of the merge. */
  constructor(execution: Execution, statement: Statement, route: RouteOf<'scatter'>, signal: AbortSignal) {
    this.#execution = execution;
    this.#statement = statement;
    this.#route = route;
    this.#transaction = execution.session.transaction;
    const topology = execution.topology();
    const { streamPermits } = execution.environment;
    this.#plan = planReading({
      rows: route.plan.rows,
      shards: route.parts.map(
        ({ slot }) =>
          locate(topology, { kind: 'slot', keyspace: route.keyspace, slot }, noShard)?.shard ?? -1,
      ),
      inTransaction: this.#transaction.kind === 'open',
      take: (shard, wanted) => streamPermits.take(shard, wanted),
    });
    this.#streams = this.#makeStreams();
    const onAbort = (): void => this.#limit.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
    }
    this.#ended = this.#readAll(() => signal.removeEventListener('abort', onAbort));
  }

  get arrangement(): Arrangement {
    return this.#plan.arrangement;
  }

  get sources(): readonly RowSource[] {
    return [...new Set(this.#streams)];
  }

  /**
   * Nothing of it is wanted any more: waits a moment for what is under way, cuts off the rest, and resolves with the error of
   * a server that the client is to be told, if there is one. No connection is left in the middle of an answer. Throws what else
   * went wrong before it was called, and ClientError 1213 where the transaction was lost.
   */
  async end(): Promise<ServerFailure | undefined> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
    const { session } = this.#execution;
    if (this.#thrown !== undefined) {
      throw this.#thrown.error;
    }
    const first = [...this.#failures.keys()].toSorted((one, other) => one - other)[0];
    if (first !== undefined) {
      return this.#failures.get(first);
    }
    if (this.#transaction.kind === 'open' && session.transaction !== this.#transaction) {
      throw transactionLost('the reading of several slots could not be ended', undefined);
    }
    return undefined;
  }

  async #stop(): Promise<void> {
    for (const stream of this.#streams) {
      stream.discard();
    }
    // In a transaction that is KILL QUERY; what is outside of one ends with its connection.
    const timer = this.#execution.environment.clock.setTimer(LEAVE_MILLISECONDS, () =>
      this.#limit.abort(new KilledError('query')),
    );
    await this.#ended;
    timer.cancel();
  }

  /** Never rejects. */
  async #readAll(whenDone: () => void): Promise<void> {
    const { lanes, permits } = this.#plan;
    await Promise.all(lanes.map((lane) => this.#runLane(lane)));
    whenDone();
    for (const [shard, count] of permits) {
      this.#execution.environment.streamPermits.giveBack(shard, count);
    }
    this.#streams[0]?.end();
  }

  #makeStreams(): readonly RowStream[] {
    const { arrangement, lanes } = this.#plan;
    const onFailure = (error: Error): void => this.#failStreams(error);
    const window = STREAM_WINDOW_BYTES;
    if (arrangement === 'mixed') {
      const mixed = new RowStream({ window }, onFailure);
      return this.#route.parts.map(() => mixed);
    }
    const room: RowRoom = { bytes: SCATTER_CAPS.keptBytes };
    const last = new Set(lanes.flatMap(({ parts, streams }) => (streams ? parts.slice(-1) : [])));
    return this.#route.parts.map(
      (_part, index) => new RowStream(last.has(index) ? { window } : { room }, onFailure),
    );
  }

  #failStreams(error: Error): void {
    for (const stream of this.#streams) {
      stream.fail(error);
    }
  }

  /** Reads the parts of a lane one after the other. Never rejects. */
  async #runLane({ parts }: Lane): Promise<void> {
    for (const part of parts) {
      if (this.#stopping !== undefined || this.#failures.size > 0 || this.#thrown !== undefined) {
        return;
      }
      try {
        await this.#readPart(part);
      } catch (error) {
        this.#threw(error);
        return;
      }
    }
  }

  async #readPart(part: number): Promise<void> {
    const { keyspace, parts, access } = this.#route;
    const stream = this.#streams[part];
    const slotPart = parts[part];
    if (stream === undefined || slotPart === undefined) {
      throw new RangeError(`the statement has no part ${part}`);
    }
    const { slot, edits } = slotPart;
    const execution = this.#execution;
    const text = editedText(this.#statement, edits);
    let attempt: StreamSink | undefined;
    const { sink } = await execution.onShard(
      {
        locate: (topology) => locate(topology, { kind: 'slot', keyspace, slot }, noShard),
        access,
        consistency: execution.consistency(keyspace),
        transactional: true,
        sink: () => {
          if (attempt !== undefined) {
            stream.retract(attempt);
          }
          attempt = new StreamSink(stream, this.#statement.answer.capabilities);
          return attempt;
        },
        send: (connection, receiver, surroundings, limit) =>
          connection.query(text, receiver, surroundings, limit),
      },
      this.#limit.signal,
    );
    this.warnings += sink.warnings;
    if (sink.failure !== undefined) {
      this.#failed(part, sink.failure);
    } else if (this.#plan.arrangement === 'bySlot') {
      stream.end();
    }
  }

  #failed(part: number, failure: ServerFailure): void {
    if (this.#stopping !== undefined && !this.#endsTransaction(failure)) {
      // What ended the statement is no matter of the client: the result is complete.
      this.#execution.session.diagnostics = NO_DIAGNOSTICS;
      return;
    }
    this.#failures.set(part, failure);
    this.#failStreams(new Error(`a slot has answered with error ${failure.error.errno}`));
  }

  /** Whether the server's error concerns what comes after the statement. */
  #endsTransaction({ error: { errno } }: ServerFailure): boolean {
    return this.#transaction.kind === 'open' && errno === ERRORS.transactionLost[0];
  }

  #threw(error: unknown): void {
    if (this.#stopping === undefined) {
      this.#thrown ??= { error };
      this.#failStreams(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
