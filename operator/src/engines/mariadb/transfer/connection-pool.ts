import { EngineError } from '../../engine-error.ts';
import type { Connection } from '../connection.ts';

/**
 * Connections for work that needs one to itself for a moment, and at once: they are kept for the next. All end with the
 * session's own connection, and none is opened after it, for another run of the server would answer.
 */
export class ConnectionPool {
  readonly #open: (signal: AbortSignal) => Promise<Connection>;
  readonly #idle = new Set<Connection>();
  readonly #all = new Set<Connection>();
  #ended: Error | undefined;

  constructor(control: Connection, open: (signal: AbortSignal) => Promise<Connection>) {
    this.#open = open;
    void control.ended.then((reason) => this.#end(reason));
  }

  /** Runs work on a connection that nobody else uses meanwhile. After work that failed it is not used again. */
  async use<T>(signal: AbortSignal, work: (connection: Connection) => Promise<T>): Promise<T> {
    const [idle] = this.#idle;
    const connection = idle ?? (await this.#connect(signal));
    this.#idle.delete(connection);
    try {
      const result = await work(connection);
      if (this.#all.has(connection)) {
        this.#idle.add(connection);
      }
      return result;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const connection = this.#ended === undefined ? await this.#open(signal) : undefined;
    if (connection === undefined || this.#ended !== undefined) {
      connection?.close();
      throw new EngineError('Unreachable', 'the session has ended', { cause: this.#ended });
    }
    this.#all.add(connection);
    void connection.ended.then(() => this.#forget(connection));
    return connection;
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    this.#idle.delete(connection);
  }

  #end(reason: Error): void {
    this.#ended = reason;
    for (const connection of this.#all) {
      this.#forget(connection);
      connection.close();
    }
  }
}
