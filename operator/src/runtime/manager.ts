import type { Informer } from './cache/informer.ts';
import type { ApiClient } from './client/api-client.ts';
import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics/metrics.ts';
import type { KubernetesObject } from './objects.ts';

export interface LeaderElectionOptions {
  /** Where the Lease lives. */
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unique to this process; the pod's name plus something random. */
  readonly identity: string;
  /** How long a holder that fell silent is respected. @default 15000 */
  readonly leaseMilliseconds?: number;
  /** After this long without a successful renewal the holder gives up. @default 10000 */
  readonly renewDeadlineMilliseconds?: number;
  /** Pause between attempts. @default 2000 */
  readonly retryMilliseconds?: number;
}

export interface HttpServerOptions {
  /** @default '0.0.0.0' */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The metrics page; `createPrometheusMetrics` has one. */
  readonly metricsPage?: MetricsPage;
}

/** A page of metrics in some text format. */
export interface MetricsPage {
  readonly contentType: string;
  render(): Promise<string>;
}

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

/** A check: resolves when all is well, throws with the reason otherwise. */
export type HealthCheck = (signal: AbortSignal) => Promise<void> | void;

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
   * signal. Rejects with `LeadershipLostError` when the Lease was lost, or with what a runnable threw: the
   * process must then exit, since another may be leading.
   */
  run(signal: AbortSignal): Promise<void>;
}

export declare function createManager(options: ManagerOptions): Manager;
