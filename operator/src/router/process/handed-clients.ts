import type { Socket } from 'node:net';
import type { Entrance } from './entrance.ts';
import type { MessageFromWorker } from './worker-messages.ts';

export interface HandedClientsOptions {
  readonly tell: (message: Extract<MessageFromWorker, { readonly type: 'taken' | 'refused' }>) => void;
  /** Clients that were taken in before. */
  readonly connections: () => number;
}

/** A worker's entrance: the primary process offers clients, and says which of them are to be served. */
export class HandedClients implements Entrance {
  readonly #options: HandedClientsOptions;
  readonly #taken = new Map<number, Socket>();
  #accept: ((socket: Socket) => void) | null = null;
  #closed = false;

  constructor(options: HandedClientsOptions) {
    this.#options = options;
  }

  /** Clients that this worker has: those that it may yet be told to serve included. */
  get connections(): number {
    return this.#options.connections() + this.#taken.size;
  }

  async open(accept: (socket: Socket) => void): Promise<void> {
    this.#accept = accept;
  }

  /** Offers are refused from now on; a client that was taken before is still accepted. */
  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Nothing is written to the client of an offer, or it could be offered to nobody else. */
  offered(offer: number, socket: Socket | undefined): void {
    // Without its socket, which happens when this process may open no more files, the primary process gets no answer, and goes on.
    if (socket === undefined) {
      return;
    }
    if (this.#closed || this.#accept === null) {
      socket.destroy();
      this.#options.tell({ type: 'refused', offer });
      return;
    }
    // What goes wrong with it meanwhile is found by whoever reads from it.
    socket.on('error', () => {});
    this.#taken.set(offer, socket);
    this.#options.tell({ type: 'taken', offer, connections: this.connections });
  }

  /** The client of an offer is this worker's. */
  serve(offer: number): void {
    const socket = this.#taken.get(offer);
    this.#taken.delete(offer);
    if (socket !== undefined && !socket.destroyed) {
      this.#accept?.(socket);
    }
  }

  /** The client of an offer is somebody else's: closing this handle leaves its connection open. */
  withdrawn(offer: number): void {
    this.#taken.get(offer)?.destroy();
    this.#taken.delete(offer);
  }
}
