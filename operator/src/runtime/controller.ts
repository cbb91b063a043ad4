import { assertNever } from './assert-never.ts';
import type { Change } from './cache/change.ts';
import type { Informer } from './cache/informer.ts';
import { isApiError } from './client/api-error.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { errorFields } from './logger.ts';
import type { ControllerMetrics, ReconcileOutcome, RuntimeMetrics } from './metrics/metrics.ts';
import { noMetrics } from './metrics/metrics.ts';
import type { KubernetesObject, ObjectKey } from './objects.ts';
import { formatKey, parseKey } from './objects.ts';
import { createRateLimiter } from './queue/rate-limiter.ts';
import type { WorkQueue } from './queue/work-queue.ts';
import { createWorkQueue } from './queue/work-queue.ts';

/** How a reconcile ended when it did not throw. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'requeueAfter';
      readonly milliseconds: number;
      /** Why to look again, for the log. */
      readonly reason: string;
    };

/** Nothing more to do until something changes. */
export const done: ReconcileResult = Object.freeze({ kind: 'done' });

/** Look again after `milliseconds`, or sooner when something changes. */
export function requeueAfter(milliseconds: number, reason: string): ReconcileResult {
  return { kind: 'requeueAfter', milliseconds, reason };
}

/** Brings one object nearer to what it should be. Called with the key only: it reads the state itself. */
export interface Reconciler {
  /**
   * Never called twice at once for one key. A thrown `TerminalError` waits for the next change; an `ApiError`
   * `Conflict` is retried quietly; anything else is retried with growing delays.
   */
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult>;
}

/** Thrown by a reconciler when retrying is useless until the object changes. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code = 'Terminal';
}

export interface ControllerOptions {
  /** Names the controller in logs and metrics. */
  readonly name: string;
  readonly reconciler: Reconciler;
  /** Reconciles at a time. @default 1 */
  readonly concurrency?: number;
  /** Delays between attempts that fail grow to this, in milliseconds. @default that of the rate limiter */
  readonly longestRetryMilliseconds?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
  /** Uniform in [0, 1); jitters delays. @default Math.random */
  readonly random?: () => number;
}

/** Feeds keys of changed objects to a reconciler. */
export interface Controller {
  readonly name: string;
  /** Enqueues the keys `map` finds for every change of the informer's objects. Call before `run`. */
  watch<T extends KubernetesObject>(
    informer: Informer<T>,
    map: (object: T, change: Change<T>) => readonly ObjectKey[],
  ): void;
  /** Asks for a reconcile soon. */
  enqueue(key: ObjectKey): void;
  /** Asks for a reconcile after `milliseconds`. */
  enqueueAfter(key: ObjectKey, milliseconds: number): void;
  /**
   * Waits until the informers watched have synced, then reconciles until `stop` aborts; resolves once the
   * reconciles under way have ended. `abort` is the signal they get, for those who want to let them finish.
   * It defaults to `stop`.
   */
  run(stop: AbortSignal, abort?: AbortSignal): Promise<void>;
}

export function createController(options: ControllerOptions): Controller {
  return new QueueController(options);
}

class QueueController implements Controller {
  readonly name: string;
  readonly #reconciler: Reconciler;
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #queue: WorkQueue;
  readonly #whenSynced: ((signal: AbortSignal) => Promise<void>)[] = [];
  #active = 0;

  constructor(options: ControllerOptions) {
    const {
      name,
      reconciler,
      concurrency = 1,
      clock,
      logger,
      metrics = noMetrics,
      random = Math.random,
      longestRetryMilliseconds,
    } = options;
    this.name = name;
    this.#reconciler = reconciler;
    this.#concurrency = concurrency;
    this.#clock = clock;
    this.#logger = logger.child({ controller: name });
    this.#metrics = metrics.controller(name);
    this.#queue = createWorkQueue({
      clock,
      rateLimiter: createRateLimiter({
        clock,
        random,
        ...(longestRetryMilliseconds === undefined ? {} : { longestMilliseconds: longestRetryMilliseconds }),
      }),
      metrics: metrics.queue(name),
    });
  }

  watch<T extends KubernetesObject>(
    informer: Informer<T>,
    map: (object: T, change: Change<T>) => readonly ObjectKey[],
  ): void {
    this.#whenSynced.push((signal) => informer.whenSynced(signal));
    informer.onChange((change) => {
      for (const key of map(change.object, change)) {
        this.enqueue(key);
      }
    });
  }

  enqueue(key: ObjectKey): void {
    this.#queue.add(formatKey(key));
  }

  enqueueAfter(key: ObjectKey, milliseconds: number): void {
    this.#queue.addAfter(formatKey(key), milliseconds);
  }

  async run(stop: AbortSignal, abort: AbortSignal = stop): Promise<void> {
    try {
      await Promise.all(this.#whenSynced.map((whenSynced) => whenSynced(stop)));
    } catch (error) {
      if (stop.aborted) {
        return;
      }
      throw error;
    }
    this.#metrics.concurrency(this.#concurrency);
    this.#logger.info('controller starts', { concurrency: this.#concurrency });
    await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(stop, abort)));
    this.#queue.shutDown();
    this.#logger.info('controller has stopped');
  }

  async #work(stop: AbortSignal, abort: AbortSignal): Promise<void> {
    for (;;) {
      let key: string | undefined;
      try {
        key = await this.#queue.get(stop);
      } catch (error) {
        if (stop.aborted) {
          return;
        }
        throw error;
      }
      if (key === undefined) {
        return;
      }
      this.#metrics.activeWorkers((this.#active += 1));
      try {
        await this.#reconcile(key, abort);
      } finally {
        this.#metrics.activeWorkers((this.#active -= 1));
        this.#queue.done(key);
      }
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<void> {
    const started = this.#clock.monotonic();
    const finished = (outcome: ReconcileOutcome): void =>
      this.#metrics.reconciled(outcome, (this.#clock.monotonic() - started) / 1000);
    const logger = this.#logger.child({ key });
    try {
      const result = await this.#reconciler.reconcile(parseKey(key), signal);
      this.#queue.forget(key);
      switch (result.kind) {
        case 'done':
          finished('success');
          return;
        case 'requeueAfter':
          finished('requeue_after');
          logger.debug('will look again', { inMilliseconds: result.milliseconds, reason: result.reason });
          this.#queue.addAfter(key, result.milliseconds);
          return;
        default:
          assertNever(result);
      }
    } catch (error) {
      if (signal.aborted) {
        finished('requeue');
        logger.debug('reconcile was cut short', errorFields(error));
      } else if (error instanceof TerminalError) {
        finished('error');
        this.#metrics.terminalError();
        this.#queue.forget(key);
        logger.error('reconcile failed and waits for a change', errorFields(error));
      } else if (isApiError(error, 'Conflict')) {
        finished('requeue');
        logger.debug('what was read is out of date, trying again', errorFields(error));
        this.#queue.addRateLimited(key);
      } else {
        finished('error');
        logger.error('reconcile failed, trying again', errorFields(error));
        this.#queue.addRateLimited(key, isApiError(error) ? error.retryAfterMilliseconds : undefined);
      }
    }
  }
}
