/** The primary process of a router with several workers: it follows the map, and serves nobody itself. */
import { Registry } from '@prometheus-io/client';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import { aborted } from '../../runtime/abort.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { MapSource } from '../topology/map-source.ts';
import type { ClientProcess } from '../client/client-process.ts';
import { refuseConnection } from '../client/refuse-connection.ts';
import { ConnectionHandover, type HandoverTarget } from './connection-handover.ts';
import type { Entrance } from './entrance.ts';
import { PendingRequests } from './pending-requests.ts';
import {
  KILL_MILLISECONDS,
  type KillResult,
  type MessageFromWorker,
  type WorkerFigures,
  workerOf,
} from './worker-messages.ts';
import type { StartWorker, WorkerProcess } from './worker-process.ts';

export interface WorkerProcessesOptions {
  readonly source: MapSource;
  readonly workers: number;
  /** Clients of all workers. */
  readonly maxConnections: number;
  /** Where clients come from, unread. */
  readonly entrance: Entrance;
  readonly start: StartWorker;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RESTART_MILLISECONDS = 500;
const ANSWER_MILLISECONDS = 2000;

/** Workers as processes. */
export class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #workers = new Map<number, WorkerProcess>();
  /** Why a worker cannot serve; null for one that can. */
  readonly #states = new Map<number, string | null>();
  readonly #figures: PendingRequests<WorkerFigures>;
  readonly #kills: PendingRequests<KillResult>;
  readonly #lists: PendingRequests<readonly ClientProcess[]>;
  readonly #handover: ConnectionHandover;

  constructor(options: WorkerProcessesOptions) {
    this.#options = options;
    this.#figures = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
    this.#kills = new PendingRequests(options.clock, KILL_MILLISECONDS);
    this.#lists = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
    const { maxConnections, clock, logger } = options;
    this.#handover = new ConnectionHandover({ maxConnections, clock, logger, refuse: refuseConnection });
  }

  /** Throws while no worker can serve: the others' connections go on, and new ones go to those that can. */
  assertReady(): void {
    const reasons = [...this.#states.values()];
    if (!reasons.includes(null)) {
      throw new Error(reasons.find((reason) => reason !== null && reason !== '') ?? 'no worker is up yet');
    }
  }

  /** The figures of all workers, added up, as a page for Prometheus. */
  async renderMetrics(): Promise<string> {
    const figures = await Promise.all(
      [...this.#workers.values()].map((worker) =>
        this.#figures.ask((request) => worker.send({ type: 'measure', request }), []),
      ),
    );
    return Registry.aggregate(figures.map((each) => [...each])).metrics();
  }

  /** Runs until the signal aborts, no client comes any more, and the workers have ended in good order. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, workers, entrance } = this.#options;
    const stop = source.onChange((map) => {
      for (const worker of this.#workers.values()) {
        worker.send({ type: 'map', map });
      }
    });
    const following = new AbortController();
    const ending = new AbortController();
    const keeping = Promise.all(
      Array.from({ length: workers }, (_worker, index) => this.#keep(index, ending.signal)),
    );
    const followed = source.run(following.signal);
    try {
      await entrance.open((socket) => this.#handover.arrived(socket));
      await Promise.race([aborted(signal), keeping]);
      await entrance.close();
    } finally {
      this.#handover.close();
      ending.abort(new Error('the router ends'));
      await keeping;
      stop();
      following.abort(new Error('the workers have ended'));
      await followed;
    }
  }

  /** Starts a worker again and again until the signal aborts. */
  async #keep(index: number, signal: AbortSignal): Promise<void> {
    const { clock, logger, start } = this.#options;
    while (!signal.aborted) {
      const worker = start(index, (error) =>
        logger.warn('a worker cannot be told', { index, ...errorFields(error) }),
      );
      this.#workers.set(index, worker);
      this.#states.set(index, '');
      this.#handover.join(index, targetOf(worker));
      worker.onMessage((message) => this.#receive(index, worker, message));
      const terminate = (): void => worker.terminate();
      signal.addEventListener('abort', terminate, { once: true });
      const end = await worker.ended;
      signal.removeEventListener('abort', terminate);
      this.#workers.delete(index);
      this.#states.delete(index);
      this.#handover.leave(index);
      // Its clients have ended with it.
      this.#kills.ended(worker, 'unknown');
      if (!signal.aborted) {
        logger.error('a worker has ended, another is started', { index, ...end });
        await clock.sleep(RESTART_MILLISECONDS, signal).catch(() => {});
      }
    }
  }

  #receive(index: number, worker: WorkerProcess, message: MessageFromWorker): void {
    // What one that has ended had said before may still arrive.
    if (this.#workers.get(index) !== worker) {
      return;
    }
    switch (message.type) {
      case 'state': {
        const { reason, connections } = message;
        this.#states.set(index, reason);
        this.#handover.report(index, { isAble: reason === null, connections });
        const map = this.#options.source.current();
        if (map !== undefined && reason !== null) {
          worker.send({ type: 'map', map });
        }
        return;
      }
      case 'taken':
        this.#handover.taken(index, message.offer, message.connections);
        return;
      case 'refused':
        this.#handover.refused(index, message.offer);
        return;
      case 'figures':
        this.#figures.answer(message.request, message.figures);
        return;
      case 'kill':
        void this.#kill(message).then((result) =>
          worker.send({ type: 'killed', request: message.request, result }),
        );
        return;
      case 'killed':
        this.#kills.answer(message.request, message.result);
        return;
      case 'list':
        void this.#processes().then((processes) =>
          worker.send({ type: 'listed', request: message.request, processes }),
        );
        return;
      case 'listed':
        this.#lists.answer(message.request, message.processes);
        return;
      default:
        assertNever(message);
    }
  }

  /** Clients of all workers that answer in time. */
  async #processes(): Promise<readonly ClientProcess[]> {
    const lists = await Promise.all(
      [...this.#workers.values()].map((worker) =>
        this.#lists.ask((request) => worker.send({ type: 'list', request }), []),
      ),
    );
    return lists.flat();
  }

  /** Asks the worker that the connection belongs to. */
  async #kill({ kill }: Extract<MessageFromWorker, { readonly type: 'kill' }>): Promise<KillResult> {
    const owner = this.#workers.get(workerOf(kill.connectionId, this.#options.workers));
    return owner === undefined
      ? 'unknown'
      : this.#kills.ask((request) => owner.send({ type: 'kill', request, kill }), 'unanswered', owner);
  }
}

function targetOf(worker: WorkerProcess): HandoverTarget {
  return {
    offer: (offer, socket) => worker.send({ type: 'offer', offer }, socket),
    serve: (offer) => worker.send({ type: 'serve', offer }),
    withdraw: (offer) => worker.send({ type: 'withdraw', offer }),
  };
}
