import { EngineError } from '../engine-error.ts';
import type { Connection } from './connection.ts';

/**
 * A second connection beside a session's main one, for work that may time out without ending the session: it is
 * opened when first needed and again after it was lost, but never after the main one has ended, for then another
 * run of the server would answer.
 */
export class Reconnecting {
  readonly #main: Connection;
  readonly #open: (signal: AbortSignal) => Promise<Connection>;
  #mainEnded: Error | undefined;
  #present: Promise<Connection> | undefined;
  #id: number | undefined;

  constructor(main: Connection, open: (signal: AbortSignal) => Promise<Connection>) {
    this.#main = main;
    this.#open = open;
    void main.ended.then((reason) => (this.#mainEnded = reason));
  }

  /** The server's number of the present connection; none while there is none. */
  get ids(): readonly number[] {
    return this.#id === undefined ? [] : [this.#id];
  }

  /** The connection, opened if need be. EngineError `Unreachable` once the main one has ended. */
  async connection(signal: AbortSignal): Promise<Connection> {
    this.#present ??= this.#connect(signal);
    const connection = await this.#present;
    if (this.#mainEnded !== undefined) {
      connection.close();
      throw this.#ended(this.#mainEnded);
    }
    return connection;
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    try {
      if (this.#mainEnded !== undefined) {
        throw this.#ended(this.#mainEnded);
      }
      const connection = await this.#open(signal);
      void this.#main.ended.then(() => connection.close());
      this.#id = connection.id;
      void connection.ended.then(() => this.#forget());
      return connection;
    } catch (error) {
      this.#present = undefined;
      throw error;
    }
  }

  #forget(): void {
    this.#present = undefined;
    this.#id = undefined;
  }

  #ended(cause: Error): EngineError {
    return new EngineError('Unreachable', 'the session has ended', { cause });
  }
}
