/** What the parts of this library report about themselves. One implementation: `createPrometheusMetrics`. */
export interface RuntimeMetrics {
  /** Metrics of the queue of the given name. */
  queue(name: string): QueueMetrics;
  /** Metrics of the controller of the given name. */
  controller(name: string): ControllerMetrics;
  /** Metrics of the cache of one kind of object, named by plural. */
  reflector(name: string): ReflectorMetrics;
  readonly client: ClientMetrics;
  /** Whether this process holds the lease of the given name. */
  leader(name: string, isLeader: boolean): void;
}

export interface QueueMetrics {
  depth(count: number): void;
  added(): void;
  retried(): void;
  /** Seconds from being due to being taken. */
  waited(seconds: number): void;
  /** Seconds from being taken to done. */
  worked(seconds: number): void;
  /** Called at scrape time: how many seconds each key in work has been so. */
  observeUnfinished(secondsOfEach: () => readonly number[]): void;
}

/** How a reconcile ended, in controller-runtime's words. */
export type ReconcileOutcome = 'success' | 'requeue_after' | 'requeue' | 'error';

export interface ControllerMetrics {
  concurrency(workers: number): void;
  activeWorkers(count: number): void;
  reconciled(outcome: ReconcileOutcome, seconds: number): void;
  terminalError(): void;
}

export interface ReflectorMetrics {
  listed(): void;
  watchStarted(): void;
  /** A watch ended, and why: `done`, or the code of an ApiError. */
  watchEnded(reason: string): void;
  /** An event that could not be understood. */
  malformed(): void;
  objects(count: number): void;
}

export interface ClientMetrics {
  /** `code` is the HTTP status, or `<error>` when no answer came. */
  requestFinished(method: string, code: string, seconds: number): void;
  connectionOpened(): void;
}

/** Counts nothing. */
export const noMetrics: RuntimeMetrics = {
  queue: () => ({ depth() {}, added() {}, retried() {}, waited() {}, worked() {}, observeUnfinished() {} }),
  controller: () => ({ concurrency() {}, activeWorkers() {}, reconciled() {}, terminalError() {} }),
  reflector: () => ({ listed() {}, watchStarted() {}, watchEnded() {}, malformed() {}, objects() {} }),
  client: { requestFinished() {}, connectionOpened() {} },
  leader() {},
};
