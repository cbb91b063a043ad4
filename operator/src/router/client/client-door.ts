import { createServer, type Server, type Socket } from 'node:net';

/** Where clients connect. */
export interface DoorAddress {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
}

/** The kernel finds out about a client that vanished after this time of silence, and its own retries. */
const KEEP_ALIVE_MILLISECONDS = 60_000;

/** Accepts TCP connections of clients. */
export class ClientDoor {
  readonly #server: Server;

  /** `unread`: nothing is read from a connection, so that another process can be given it as it came. */
  constructor(accept: (socket: Socket) => void, { unread }: { readonly unread: boolean }) {
    this.#server = createServer(
      {
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MILLISECONDS,
        pauseOnConnect: unread,
      },
      accept,
    );
  }

  /** Listens, and resolves with the port. Rejects when that is impossible. */
  async open({ host, port }: DoorAddress): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject).listen({ port, host }, resolve);
    await promise;
    this.#server.off('error', reject);
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Stops listening; connections that were accepted are not touched. */
  close(): void {
    this.#server.close();
  }
}
