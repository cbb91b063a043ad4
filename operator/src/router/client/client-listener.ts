import { createServer, type Server, type Socket } from 'node:net';
import { abortableWait } from '../../runtime/abort.ts';
import { encodeEarlyError } from '../wire/server-error.ts';
import { framePayload } from '../wire/frame.ts';
import { ClientConnection, type ConnectionOptions } from './client-connection.ts';
import type { KillScope } from './client-error.ts';
import { tooManyConnections } from './connection-end.ts';
import { UserCounts } from './user-counts.ts';

/** How a listener behaves. */
export interface ListenerOptions extends Omit<ConnectionOptions, 'users'> {
  /** A number from 1 to 2^32 - 1 that no other living connection of this endpoint has. */
  readonly allocateConnectionId: () => number;
}

/** The kernel finds out about a client that vanished after this time of silence, and its own retries. */
const KEEP_ALIVE_MILLISECONDS = 60_000;

/** How long a client that was refused at the door may take to read why. */
const REFUSAL_MILLISECONDS = 2000;

/** Accepts clients and keeps their connections. */
export class ClientListener {
  readonly #options: ListenerOptions;
  readonly #users = new UserCounts();
  readonly #connections = new Map<number, ClientConnection>();
  readonly #server: Server;
  #lastLeft: (() => void) | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MILLISECONDS },
      (socket) => {
        this.#accept(socket);
      },
    );
  }

  /** Connections at present, logins included. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Listens, and resolves with the port. Port 0 is any free one. Rejects when that is impossible. */
  async listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen({ port, host }, resolve);
    await promise;
    this.#server.off('error', reject);
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
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
   * Stops listening, lets commands and transactions come to their end until `signal` aborts, and then ends what is left.
   * Resolves when the last connection is gone.
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#server.close();
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

  #accept(socket: Socket): void {
    const { limits, allocateConnectionId, observer } = this.#options;
    if (this.#connections.size >= limits.maxConnections) {
      observer.arrived();
      observer.refused('too-many-connections', null);
      refuse(socket);
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
}

function refuse(socket: Socket): void {
  const frames: Buffer[] = [];
  framePayload(encodeEarlyError(tooManyConnections()), 0, frames);
  const close = (): void => {
    socket.destroy();
  };
  socket.on('error', close).setTimeout(REFUSAL_MILLISECONDS, close).end(Buffer.concat(frames));
  socket.resume();
}
