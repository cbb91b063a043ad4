/** Workers that receive what they are sent when a test says so, and may die at any point. */
import { Socket } from 'node:net';
import type { ConnectionHandover, HandoverTarget } from '../connection-handover.ts';
import { HandedClients } from '../handed-clients.ts';

/** One process that clients are handed to: its side is the real one, the channel between them is not. */
export class FakeWorker implements HandoverTarget {
  readonly index: number;
  /** The primary process's handles of the clients that this worker serves. */
  readonly served: Socket[] = [];
  /** This worker's own handles, by the primary process's. */
  readonly handles = new Map<Socket, Socket>();
  readonly clients: HandedClients;
  readonly #handover: ConnectionHandover;
  readonly #toWorker: (() => void)[] = [];
  readonly #toPrimary: (() => void)[] = [];
  #dead = false;

  /** It has joined, and said nothing yet. */
  constructor(index: number, handover: ConnectionHandover) {
    this.index = index;
    this.#handover = handover;
    this.clients = new HandedClients({
      connections: () => this.served.length,
      tell: (message) => {
        this.#toPrimary.push(() =>
          message.type === 'taken'
            ? handover.taken(index, message.offer, message.connections)
            : handover.refused(index, message.offer),
        );
      },
    });
    void this.clients.open((socket) => {
      const client = [...this.handles].find(([, handle]) => handle === socket)?.[0];
      if (client !== undefined) {
        this.served.push(client);
      }
    });
    handover.join(index, this);
  }

  offer(offer: number, socket: Socket): void {
    this.#toWorker.push(() => {
      const handle = new Socket();
      this.handles.set(socket, handle);
      this.clients.offered(offer, handle);
    });
  }

  serve(offer: number): void {
    this.#toWorker.push(() => this.clients.serve(offer));
  }

  withdraw(offer: number): void {
    this.#toWorker.push(() => this.clients.withdrawn(offer));
  }

  /** Says that it can serve. */
  ready(): void {
    this.#handover.report(this.index, { isAble: true, connections: this.clients.connections });
  }

  /** Reads the next message that it was sent; false when there is none. */
  receive(): boolean {
    const next = this.#dead ? undefined : this.#toWorker.shift();
    next?.();
    return next !== undefined;
  }

  /** Lets the primary process read the next message of this worker; false when there is none. */
  answer(): boolean {
    const next = this.#dead ? undefined : this.#toPrimary.shift();
    next?.();
    return next !== undefined;
  }

  /** Reads and is read until nothing is under way. */
  talk(): void {
    while (this.receive() || this.answer());
  }

  /** It is gone, with everything that was under way to or from it. */
  die(): void {
    this.#dead = true;
    this.#handover.leave(this.index);
  }
}
