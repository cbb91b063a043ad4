import type { Socket } from 'node:net';
import { abortableWait } from '../../runtime/abort.ts';
import { ClientConnection, type ConnectionOptions } from './client-connection.ts';
import type { KillScope } from './client-error.ts';
import type { ClientProcess } from './client-process.ts';
import { shuttingDown, tooManyConnections } from './connection-end.ts';
import { refuseConnection } from './refuse-connection.ts';
import { UserCounts } from './user-counts.ts';

/** How connections behave, and what they are called. */
export interface ConnectionsOptions extends Omit<ConnectionOptions, 'users'> {
  /** A number from 1 to 2^32 - 1 that no other living connection of this endpoint has. */
  readonly allocateConnectionId: () => number;
}

/** The clients of one process, from their arrival to their end. */
export class ClientConnections {
  readonly #options: ConnectionsOptions;
  readonly #users = new UserCounts();
  readonly #connections = new Map<number, ClientConnection>();
  #ending = false;
  #lastLeft: (() => void) | null = null;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Connections at present, logins included. */
  get size(): number {
    return this.#connections.size;
  }

  /** A client has come: it is greeted, or told why not. */
  accept(socket: Socket): void {
    const { limits, allocateConnectionId, observer } = this.#options;
    const refusal = this.#ending
      ? ({ reason: 'shutdown', words: shuttingDown() } as const)
      : this.#connections.size >= limits.maxConnections
        ? ({ reason: 'too-many-connections', words: tooManyConnections() } as const)
        : null;
    if (refusal !== null) {
      observer.arrived();
      observer.refused(refusal.reason, null);
      refuseConnection(socket, refusal.words);
      return;
    }
    const id = allocateConnectionId();
    const connection = new ClientConnection(socket, id, socket.remoteAddress ?? '', {
      ...this.#options,
      users: this.#users,
    });
    this.#connections.set(id, connection);
    void connection.run().finally(() => {
      this.#connections.delete(id);
      if (this.#connections.size === 0) this.#lastLeft?.();
    });
  }

  /** Those that have logged in. */
  processes(): readonly ClientProcess[] {
    return [...this.#connections.values()].flatMap((connection) => connection.process() ?? []);
  }

  /** Ends a command or a connection. False when nobody has this id here. Whether it may be done is the caller's to know. */
  kill(connectionId: number, scope: KillScope): boolean {
    const connection = this.#connections.get(connectionId);
    connection?.kill(scope);
    return connection !== undefined;
  }

  /** The user of a connection; null when nobody has this id here, or has not logged in. */
  userOf(connectionId: number): string | null {
    return this.#connections.get(connectionId)?.user ?? null;
  }

  /**
   * Refuses whoever still comes, lets commands and transactions come to their end until `signal` aborts, and then ends what is
   * left. Resolves when the last connection is gone.
   */
  async end(signal: AbortSignal): Promise<void> {
    this.#ending = true;
    for (const connection of this.#connections.values()) connection.drain();
    if (this.#connections.size > 0 && !signal.aborted) {
      const wait = abortableWait<void>(signal);
      this.#lastLeft = () => {
        wait.resolve();
      };
      await wait.promise.catch(() => {});
    }
    if (this.#connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastLeft = resolve;
    for (const connection of this.#connections.values()) connection.shutDown();
    await promise;
  }
}
