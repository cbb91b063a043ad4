/** Statements that every shard has to run, one shard after the other. */
import type { TextRow } from '../collecting-sink.ts';
import { CollectingSink } from '../collecting-sink.ts';
import { ClientError } from '../../client/client-error.ts';
import type { ServerError } from '../../backend/backend-error.ts';
import { locate, noShard } from '../../topology/topology.ts';
import { clientError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { PRIMARY_WRITE } from '../own-access.ts';

/** Runs statements as the client's user on the primary of each shard, the one with the lowest number first. */
export class EveryShard {
  readonly #execution: Execution;
  readonly #signal: AbortSignal;

  constructor(execution: Execution, signal: AbortSignal) {
    this.#execution = execution;
    this.#signal = signal;
  }

  /**
   * Runs on each shard what `plan` says, in order. Errors with the numbers in `alreadyDone` do not count where other shards
   * have none. Resolves with the shards that answered so. Throws ClientError: the server's own where no shard has changed.
   */
  async run(
    plan: (shard: number) => readonly string[] | Promise<readonly string[]>,
    alreadyDone: readonly number[],
  ): Promise<readonly number[]> {
    const numbers = [...this.#execution.topology().shards.keys()].toSorted((one, other) => one - other);
    const done: number[] = [];
    const behind: number[] = [];
    let last: ServerError | undefined;
    for (const shard of numbers) {
      const error = await this.#runOn(shard, done, plan);
      if (error === undefined) {
        done.push(shard);
      } else if (alreadyDone.includes(error.errno)) {
        behind.push(shard);
        last = error;
      } else {
        throw partly(error, shard, done);
      }
    }
    if (done.length === 0 && last !== undefined) {
      throw new ClientError(last.errno, last.sqlState, last.message);
    }
    return behind;
  }

  /** Rows that a shard answers with. Throws ClientError with the server's own error. */
  async read(shard: number, statement: string): Promise<readonly TextRow[]> {
    const sink = await this.#query(shard, statement);
    if (sink.failure !== undefined) {
      const { errno, sqlState, message } = sink.failure.error;
      throw new ClientError(errno, sqlState, message);
    }
    return sink.results.at(-1)?.rows ?? [];
  }

  async #runOn(
    shard: number,
    done: readonly number[],
    plan: (shard: number) => readonly string[] | Promise<readonly string[]>,
  ): Promise<ServerError | undefined> {
    try {
      for (const statement of await plan(shard)) {
        const { failure } = await this.#query(shard, statement);
        if (failure !== undefined) {
          return failure.error;
        }
      }
      return undefined;
    } catch (error) {
      if (error instanceof ClientError && done.length > 0) {
        throw partly(error, shard, done);
      }
      throw error;
    }
  }

  async #query(shard: number, statement: string): Promise<CollectingSink> {
    const { sink } = await this.#execution.onShard(
      {
        locate: (topology) => locate(topology, { kind: 'anywhere', shard }, noShard),
        access: PRIMARY_WRITE,
        consistency: 'Strong',
        transactional: false,
        sink: () => new CollectingSink(),
        send: (connection, receiver, surroundings, limit) =>
          connection.query(Buffer.from(statement), receiver, surroundings, limit),
      },
      this.#signal,
    );
    return sink;
  }
}

function partly(error: ServerError | ClientError, shard: number, done: readonly number[]): ClientError {
  if (done.length === 0) {
    return new ClientError(error.errno, error.sqlState, error.message);
  }
  return clientError(
    'unknown',
    `Shard ${done.join(', ')} has the change, and shard ${shard} answered ${error.errno}: ${error.message}. ` +
      'Remove the cause and send the same statement again',
  );
}
