/** The primary process of a router with several workers: it follows the map, and serves nobody itself. */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { Registry } from '@prometheus-io/client';
import { assertNever } from '../../runtime/assert-never.ts';
import type { Clock } from '../../runtime/clock.ts';
import { errorFields, type Logger } from '../../runtime/logger.ts';
import type { MapSource } from '../topology/map-source.ts';
import { PendingRequests } from './pending-requests.ts';
import {
  type KillResult,
  type MessageFromWorker,
  type MessageToWorker,
  type WorkerFigures,
  workerOf,
} from './worker-messages.ts';

/** By this a worker knows which one it is. */
export const WORKER_INDEX_VARIABLE = 'SHARDWRIGHT_ROUTER_WORKER';

export interface WorkerProcessesOptions {
  readonly source: MapSource;
  readonly workers: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RESTART_MILLISECONDS = 500;
const ANSWER_MILLISECONDS = 2000;

/** Workers as processes. */
export class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #workers = new Map<number, Worker>();
  /** Why a worker cannot serve; null for one that can. */
  readonly #states = new Map<number, string | null>();
  readonly #figures: PendingRequests<WorkerFigures>;
  readonly #kills: PendingRequests<KillResult>;

  constructor(options: WorkerProcessesOptions) {
    this.#options = options;
    this.#figures = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
    this.#kills = new PendingRequests(options.clock, ANSWER_MILLISECONDS);
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
        this.#figures.ask((request) => send(worker, { type: 'measure', request }), []),
      ),
    );
    return Registry.aggregate(figures.map((each) => [...each])).metrics();
  }

  /** Runs until the signal aborts and the workers have ended in good order. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, workers } = this.#options;
    const stop = source.onChange((map) => {
      for (const worker of this.#workers.values()) {
        send(worker, { type: 'map', map });
      }
    });
    const following = new AbortController();
    const keeping = Array.from({ length: workers }, (_worker, index) => this.#keep(index, signal));
    const followed = source.run(following.signal);
    try {
      await Promise.all(keeping);
    } finally {
      stop();
      following.abort(new Error('the workers have ended'));
      await followed;
    }
  }

  /** Starts a worker again and again until the signal aborts. */
  async #keep(index: number, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      const worker = cluster.fork({ [WORKER_INDEX_VARIABLE]: String(index) });
      this.#workers.set(index, worker);
      this.#states.set(index, '');
      worker.on('message', (message: MessageFromWorker) => this.#receive(index, worker, message));
      worker.on('error', (error) => logger.warn('a worker cannot be told', { index, ...errorFields(error) }));
      const terminate = (): void => {
        worker.process.kill('SIGTERM');
      };
      signal.addEventListener('abort', terminate, { once: true });
      const [code, by]: unknown[] = await once(worker, 'exit');
      signal.removeEventListener('abort', terminate);
      this.#workers.delete(index);
      this.#states.delete(index);
      if (!signal.aborted) {
        logger.error('a worker has ended, another is started', { index, code, signal: by });
        await clock.sleep(RESTART_MILLISECONDS, signal).catch(() => {});
      }
    }
  }

  #receive(index: number, worker: Worker, message: MessageFromWorker): void {
    switch (message.type) {
      case 'state': {
        this.#states.set(index, message.reason);
        const map = this.#options.source.current();
        if (map !== undefined && message.reason !== null) {
          send(worker, { type: 'map', map });
        }
        return;
      }
      case 'figures':
        this.#figures.answer(message.request, message.figures);
        return;
      case 'kill':
        void this.#kill(message).then((result) =>
          send(worker, { type: 'killed', request: message.request, result }),
        );
        return;
      case 'killed':
        this.#kills.answer(message.request, message.result);
        return;
      default:
        assertNever(message);
    }
  }

  /** Asks the worker that the connection belongs to. */
  async #kill({ kill }: Extract<MessageFromWorker, { readonly type: 'kill' }>): Promise<KillResult> {
    const owner = this.#workers.get(workerOf(kill.connectionId, this.#options.workers));
    return owner === undefined
      ? 'unknown'
      : this.#kills.ask((request) => send(owner, { type: 'kill', request, kill }), 'unknown');
  }
}

function send(worker: Worker, message: MessageToWorker): void {
  if (worker.isConnected()) {
    worker.send(message);
  }
}
