/** Gives clients to workers, and loses none with a worker that dies. */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ClientError } from '../client/client-error.ts';
import { noWorker, shuttingDown, tooManyConnections } from '../client/connection-end.ts';
import { chooseWorker, type WorkerLoad } from './choose-worker.ts';

/** How a worker is told of clients. Each may be without effect: the worker may be gone. */
export interface HandoverTarget {
  /** A client to be taken; this process keeps its own handle of the socket. */
  offer(offer: number, socket: Socket): void;
  /** The client of an offer that was taken is the worker's from now on. */
  serve(offer: number): void;
  /** The client of an offer is somebody else's. */
  withdraw(offer: number): void;
}

export interface HandoverOptions {
  /** Clients of all workers, and those that wait for one. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells a client why it is not let in, and closes its connection. */
  readonly refuse: (socket: Socket, error: ClientError) => void;
}

/** A client waits so long for a worker: less than the 10 seconds that several drivers take by default for connecting. */
const WAIT_MILLISECONDS = 8000;
/** A worker that has not answered for so long is passed over where another is there. */
const ANSWER_MILLISECONDS = 1000;

interface WaitingClient {
  readonly socket: Socket;
  readonly deadline: Timer;
  /** The offer under way. */
  offer: number | null;
}

interface Offer {
  readonly client: WaitingClient;
  readonly index: number;
  timer: Timer;
}

interface KnownWorker extends WorkerLoad {
  readonly target: HandoverTarget;
  isAble: boolean;
  isStalled: boolean;
  connections: number;
  offers: number;
  lastChoice: number;
}

/**
 * A client belongs to this process until a worker has taken it and was told to serve it; only then does this process close its own
 * handle. Nobody writes to the client before, so it can be offered to another worker as often as need be.
 */
export class ConnectionHandover {
  readonly #options: HandoverOptions;
  readonly #workers = new Map<number, KnownWorker>();
  readonly #offers = new Map<number, Offer>();
  #waiting: WaitingClient[] = [];
  #lastOffer = 0;
  #closed = false;

  constructor(options: HandoverOptions) {
    this.#options = options;
  }

  /** A worker was started. It gets nobody before it is able. */
  join(index: number, target: HandoverTarget): void {
    this.#workers.set(index, {
      index,
      target,
      isAble: false,
      isStalled: false,
      connections: 0,
      offers: 0,
      lastChoice: 0,
    });
  }

  /** A worker is gone: what it was offered is offered to others. */
  leave(index: number): void {
    this.#workers.delete(index);
    const unanswered = [...this.#offers].filter(([, offer]) => offer.index === index);
    if (unanswered.length > 0) {
      const { logger } = this.#options;
      logger.warn('clients are given to another worker', { index, clients: unanswered.length });
      this.#waiting.unshift(...unanswered.map(([number]) => this.#settle(number).client));
    }
    this.#dispatch();
  }

  /** What a worker says of itself. */
  report(
    index: number,
    { isAble, connections }: { readonly isAble: boolean; readonly connections: number },
  ): void {
    const worker = this.#workers.get(index);
    if (worker !== undefined) {
      Object.assign(worker, { isAble, connections, isStalled: false });
      this.#dispatch();
    }
  }

  /** A client has come. */
  arrived(socket: Socket): void {
    const { maxConnections, clock, refuse } = this.#options;
    if (this.#closed) {
      refuse(socket, shuttingDown());
      return;
    }
    const served = [...this.#workers.values()].reduce((sum, { connections }) => sum + connections, 0);
    if (served + this.#offers.size + this.#waiting.length >= maxConnections) {
      refuse(socket, tooManyConnections());
      return;
    }
    const client: WaitingClient = {
      socket,
      deadline: clock.setTimer(WAIT_MILLISECONDS, () => this.#giveUp(client)),
      offer: null,
    };
    this.#waiting.push(client);
    this.#dispatch();
  }

  /** A worker has taken the client of an offer; `connections` are all that it has, this one included. */
  taken(index: number, number: number, connections: number): void {
    const worker = this.#workers.get(index);
    if (worker === undefined) {
      return;
    }
    Object.assign(worker, { connections, isStalled: false });
    if (this.#offers.get(number)?.index === index) {
      const { client } = this.#settle(number);
      client.deadline.cancel();
      worker.target.serve(number);
      client.socket.destroy();
    } else {
      worker.target.withdraw(number);
    }
    this.#dispatch();
  }

  /** A worker does not take the client of an offer: it has begun to end. */
  refused(index: number, number: number): void {
    const worker = this.#workers.get(index);
    if (worker !== undefined) {
      worker.isAble = false;
    }
    if (this.#offers.get(number)?.index === index) {
      this.#waiting.unshift(this.#settle(number).client);
      this.#dispatch();
    }
  }

  /** No further clients: whoever was not taken yet is told to connect again. */
  close(): void {
    this.#closed = true;
    const left = [...this.#waiting, ...[...this.#offers.values()].map(({ client }) => client)];
    left.forEach((client) => this.#refuse(client, shuttingDown()));
  }

  #dispatch(): void {
    for (;;) {
      const chosen = chooseWorker([...this.#workers.values()]);
      const worker = chosen === null ? undefined : this.#workers.get(chosen.index);
      const client = worker === undefined ? undefined : this.#waiting.shift();
      if (worker === undefined || client === undefined) {
        return;
      }
      this.#offer(client, worker);
    }
  }

  #offer(client: WaitingClient, worker: KnownWorker): void {
    this.#lastOffer += 1;
    const number = this.#lastOffer;
    worker.offers += 1;
    worker.lastChoice = number;
    client.offer = number;
    this.#offers.set(number, { client, index: worker.index, timer: this.#expectAnswer(number) });
    worker.target.offer(number, client.socket);
  }

  #expectAnswer(number: number): Timer {
    return this.#options.clock.setTimer(ANSWER_MILLISECONDS, () => this.#unanswered(number));
  }

  /** Passes over a worker that does not answer, if there is a better one; else there is no use in it. */
  #unanswered(number: number): void {
    const offer = this.#offers.get(number);
    const worker = offer === undefined ? undefined : this.#workers.get(offer.index);
    if (offer === undefined || worker === undefined) {
      return;
    }
    worker.isStalled = true;
    if (chooseWorker([...this.#workers.values()].filter(({ isStalled }) => !isStalled)) === null) {
      offer.timer = this.#expectAnswer(number);
      return;
    }
    this.#options.logger.warn('a worker does not answer, a client is given to another', {
      index: worker.index,
    });
    const { client } = this.#settle(number);
    worker.target.withdraw(number);
    this.#waiting.unshift(client);
    this.#dispatch();
  }

  /** An offer is over. */
  #settle(number: number): Offer {
    const offer = this.#offers.get(number);
    if (offer === undefined) {
      throw new Error(`there is no offer ${number}`);
    }
    this.#offers.delete(number);
    offer.timer.cancel();
    offer.client.offer = null;
    const worker = this.#workers.get(offer.index);
    if (worker !== undefined) {
      worker.offers -= 1;
    }
    return offer;
  }

  #giveUp(client: WaitingClient): void {
    this.#options.logger.error('a client was sent away, since no worker took it in time');
    this.#refuse(client, noWorker());
    this.#dispatch();
  }

  #refuse(client: WaitingClient, error: ClientError): void {
    client.deadline.cancel();
    this.#waiting = this.#waiting.filter((other) => other !== client);
    if (client.offer !== null) {
      const number = client.offer;
      const { index } = this.#settle(number);
      this.#workers.get(index)?.target.withdraw(number);
    }
    this.#options.refuse(client.socket, error);
  }
}
