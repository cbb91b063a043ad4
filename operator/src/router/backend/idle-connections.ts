import type { Clock } from '../../runtime/clock.ts';
import type { BackendConnection, Surroundings } from './backend-connection.ts';

/** A connection that nobody uses. */
export interface IdleConnection {
  readonly connection: BackendConnection;
  readonly key: string;
  /** Monotonic time at which it was given back. */
  readonly since: number;
}

/** Connections that nobody uses, the last used last. Those that stay so for too long are closed. */
export class IdleConnections {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #close: (connection: BackendConnection) => void;
  readonly #idle: IdleConnection[] = [];
  /** One timer at a time is set, for the oldest. */
  #isTimerSet = false;

  /** `milliseconds`: how long one stays, before `close` is called. */
  constructor(clock: Clock, milliseconds: number, close: (connection: BackendConnection) => void) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#close = close;
  }

  get length(): number {
    return this.#idle.length;
  }

  /** `since`: monotonic time, which is now. */
  add(connection: BackendConnection, key: string, since: number): void {
    this.#idle.push({ connection, key, since });
    this.#closeLater();
  }

  /**
   * Takes one of this key: the last used that is in the wanted surroundings already, else the last used of all. The others
   * stay idle until they are closed.
   */
  take(key: string, { database, variables }: Surroundings): IdleConnection | undefined {
    let place = -1;
    for (let at = this.#idle.length - 1; at >= 0; at -= 1) {
      const idle = this.#idle[at] as IdleConnection;
      if (idle.key !== key) {
        continue;
      }
      if (place === -1) {
        place = at;
      }
      const { connection } = idle;
      if (
        (database === undefined || connection.database === database) &&
        (variables === undefined || connection.variables.key === variables.key)
      ) {
        place = at;
        break;
      }
    }
    if (place === -1) {
      return undefined;
    }
    // The last one nearly always: to cut an element out makes an array of it.
    return place === this.#idle.length - 1 ? this.#idle.pop() : this.#idle.splice(place, 1)[0];
  }

  /** Takes the one that was not used for the longest time. */
  takeOldest(): IdleConnection | undefined {
    return this.#idle.shift();
  }

  remove(connection: BackendConnection): void {
    const place = this.#idle.findIndex((idle) => idle.connection === connection);
    if (place !== -1) {
      this.#idle.splice(place, 1);
    }
  }

  #closeLater(): void {
    const [oldest] = this.#idle;
    if (this.#isTimerSet || oldest === undefined) {
      return;
    }
    this.#isTimerSet = true;
    this.#clock.setTimer(oldest.since + this.#milliseconds - this.#clock.monotonic(), () => {
      this.#isTimerSet = false;
      const due = this.#clock.monotonic() - this.#milliseconds;
      for (let next = this.#idle[0]; next !== undefined && next.since <= due; next = this.#idle[0]) {
        this.#idle.shift();
        this.#close(next.connection);
      }
      this.#closeLater();
    });
  }
}
