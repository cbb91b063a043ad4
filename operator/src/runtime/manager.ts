import { aborted, withScope } from './abort.ts';
import type { Informer } from './cache/informer.ts';
import type { ApiClient } from './client/api-client.ts';
import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { HealthCheck } from './http/health.ts';
import type { HttpServerOptions, StatusServer } from './http/server.ts';
import { startStatusServer } from './http/server.ts';
import type { LeaderElectionOptions, LeaderElector } from './leader/elector.ts';
import { createLeaderElector } from './leader/elector.ts';
import type { Logger } from './logger.ts';
import { errorFields } from './logger.ts';
import type { RuntimeMetrics } from './metrics/metrics.ts';
import type { KubernetesObject } from './objects.ts';

export interface ManagerOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** Without it controllers start at once, which is safe for one replica only. */
  readonly leaderElection?: LeaderElectionOptions;
  /** Serves /metrics, /healthz and /readyz. */
  readonly http?: HttpServerOptions;
  /** How long reconciles under way may take to end after the signal. @default 20000 */
  readonly stopDeadlineMilliseconds?: number;
}

/** Something that runs until its signal aborts. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Owns the process's informers, controllers, election and HTTP server, and their order of start and stop. */
export interface Manager {
  /** Runs on every replica. */
  addInformer<T extends KubernetesObject>(informer: Informer<T>): void;
  /** Runs on the leader only. */
  addController(controller: Controller): void;
  /** `everywhere`: on every replica, after the caches have synced; otherwise on the leader only. */
  addRunnable(runnable: Runnable, options?: { readonly everywhere?: boolean }): void;
  addHealthCheck(name: string, check: HealthCheck): void;
  addReadinessCheck(name: string, check: HealthCheck): void;
  /** Port of the HTTP server once it listens. */
  httpPort(): number | undefined;
  /** Whether this process leads; without election, whether its controllers run. */
  isLeader(): boolean;
  /**
   * Starts: HTTP server, informers, election, controllers. Resolves after a graceful stop asked for by the
   * signal. Rejects with `LeadershipLostError` when the Lease was lost, or with what a part threw: the process
   * must then exit, since another may be leading. May be called once.
   */
  run(signal: AbortSignal): Promise<void>;
}

export function createManager(options: ManagerOptions): Manager {
  return new StagedManager(options);
}

const DEFAULT_STOP_DEADLINE_MILLISECONDS = 20_000;
/** What has not ended this long after it was aborted will not. */
const ABORT_DEADLINE_MILLISECONDS = 2000;
const RELEASE_DEADLINE_MILLISECONDS = 3000;

class StagedManager implements Manager {
  readonly #options: ManagerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #informers: Informer<KubernetesObject>[] = [];
  readonly #controllers: Controller[] = [];
  readonly #everywhere: Runnable[] = [];
  readonly #onLeader: Runnable[] = [];
  readonly #healthChecks = new Map<string, HealthCheck>([['ping', () => undefined]]);
  readonly #readinessChecks = new Map<string, HealthCheck>();
  #server: StatusServer | undefined;
  #leading = false;
  #stopping = false;
  #started = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#readinessChecks.set('caches', () => this.#checkCaches());
  }

  addInformer<T extends KubernetesObject>(informer: Informer<T>): void {
    this.#informers.push(informer);
  }

  addController(controller: Controller): void {
    this.#controllers.push(controller);
  }

  addRunnable(runnable: Runnable, { everywhere = false }: { readonly everywhere?: boolean } = {}): void {
    (everywhere ? this.#everywhere : this.#onLeader).push(runnable);
  }

  addHealthCheck(name: string, check: HealthCheck): void {
    this.#healthChecks.set(name, check);
  }

  addReadinessCheck(name: string, check: HealthCheck): void {
    this.#readinessChecks.set(name, check);
  }

  httpPort(): number | undefined {
    return this.#server?.port;
  }

  isLeader(): boolean {
    return this.#leading;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#started) {
      throw new TypeError('a manager runs once');
    }
    this.#started = true;
    const { http, clock, logger } = { ...this.#options };
    if (http !== undefined) {
      const healthChecks = this.#healthChecks;
      const readinessChecks = this.#readinessChecks;
      this.#server = await startStatusServer({ ...http, clock, logger, healthChecks, readinessChecks });
    }
    const stages = new Stages();
    try {
      await this.#runStages(stages, signal);
    } finally {
      stages.informers.abort(STOPPED);
      await this.#within(ABORT_DEADLINE_MILLISECONDS, stages.background);
      await this.#server?.close();
      this.#logger.info('manager has stopped');
    }
  }

  /**
   * Everything below the HTTP server. Ends when the signal asks for it or a part fails; a stage ends before those
   * it relies on, so that reconciles under way still see their caches and still hold the Lease.
   */
  async #runStages(stages: Stages, signal: AbortSignal): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    await withScope(signal, async (ending, scope) => {
      const fail = (error: unknown): void => {
        failure ??= { error };
        scope.abort(STOPPED);
      };
      for (const informer of this.#informers) {
        stages.background.push(informer.run(stages.informers.signal).catch(fail));
      }
      const elector = this.#createElector();
      const leading = this.#lead(stages, elector, ending, fail).catch(fail);
      await aborted(ending);
      this.#logger.info('stopping');
      this.#stopping = true;
      await leading;
      await this.#stop(stages, elector, failure !== undefined);
    });
    if (failure !== undefined) {
      this.#logger.error('manager failed', errorFields(failure.error));
      throw failure.error;
    }
  }

  /** Goes through the stages of a start as far as the signal lets it. */
  async #lead(
    stages: Stages,
    elector: LeaderElector | undefined,
    signal: AbortSignal,
    fail: (error: unknown) => void,
  ): Promise<void> {
    try {
      await Promise.all(this.#informers.map((informer) => informer.whenSynced(signal)));
      this.#logger.info('caches have synced');
      for (const runnable of this.#everywhere) {
        stages.background.push(runnable.run(stages.informers.signal).catch(fail));
      }
      await elector?.acquire(signal);
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      throw error;
    }
    if (elector !== undefined) {
      stages.background.push(elector.hold(stages.lease.signal).catch(fail));
    }
    this.#leading = true;
    for (const controller of this.#controllers) {
      stages.work.push(controller.run(stages.stop.signal, stages.abort.signal).catch(fail));
    }
    for (const runnable of this.#onLeader) {
      stages.work.push(runnable.run(stages.stop.signal).catch(fail));
    }
  }

  /**
   * Lets reconciles under way finish, in time; none when something failed, since the Lease may be lost. The Lease
   * is released only when nothing acts under it any more: otherwise it runs out by itself.
   */
  async #stop(stages: Stages, elector: LeaderElector | undefined, failed: boolean): Promise<void> {
    stages.stop.abort(STOPPED);
    const deadline = failed
      ? 0
      : (this.#options.stopDeadlineMilliseconds ?? DEFAULT_STOP_DEADLINE_MILLISECONDS);
    let ended = deadline > 0 && (await this.#within(deadline, stages.work));
    stages.abort.abort(STOPPED);
    ended ||= await this.#within(ABORT_DEADLINE_MILLISECONDS, stages.work);
    this.#leading = false;
    stages.lease.abort(STOPPED);
    if (!ended) {
      this.#logger.warn('some work did not end in time');
    } else if (elector?.isLeader() === true) {
      await this.#release(elector);
    }
  }

  async #release(elector: LeaderElector): Promise<void> {
    await withScope(new AbortController().signal, async (signal, scope) => {
      const timer = this.#clock.setTimer(RELEASE_DEADLINE_MILLISECONDS, () => scope.abort(STOPPED));
      try {
        await elector.release(signal);
      } finally {
        timer.cancel();
      }
    });
  }

  /** Whether all of `work` ended within the time. */
  async #within(milliseconds: number, work: readonly Promise<void>[]): Promise<boolean> {
    const timeUp = Promise.withResolvers<false>();
    const timer = this.#clock.setTimer(milliseconds, () => timeUp.resolve(false));
    const all = Promise.all(work).then(() => true);
    const ended = await Promise.race([all, timeUp.promise]);
    timer.cancel();
    return ended;
  }

  #createElector(): LeaderElector | undefined {
    const { client, clock, logger, leaderElection, metrics, random = Math.random } = this.#options;
    return leaderElection === undefined
      ? undefined
      : createLeaderElector({
          ...leaderElection,
          client,
          clock,
          logger,
          random,
          ...(metrics === undefined ? {} : { metrics }),
        });
  }

  #checkCaches(): void {
    if (this.#stopping) {
      throw new Error('stopping');
    }
    const missing = this.#informers.filter((informer) => !informer.hasSynced());
    if (missing.length > 0) {
      throw new Error(`not synced: ${missing.map((informer) => informer.type.plural).join(', ')}`);
    }
  }
}

const STOPPED = new Error('the manager stops');

/** What is told to end, in this order, and what was started. */
class Stages {
  /** Controllers take no more keys. */
  readonly stop = new AbortController();
  /** Reconciles under way are cut short. */
  readonly abort = new AbortController();
  /** The Lease is renewed no longer. */
  readonly lease = new AbortController();
  /** Caches and what runs everywhere. */
  readonly informers = new AbortController();
  readonly work: Promise<void>[] = [];
  readonly background: Promise<void>[] = [];
}
