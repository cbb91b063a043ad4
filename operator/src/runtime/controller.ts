import type { Change } from './cache/change.ts';
import type { Informer } from './cache/informer.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './metrics/metrics.ts';
import type { KubernetesObject, ObjectKey } from './objects.ts';

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
   * Waits until the informers watched have synced, then reconciles until the signal aborts; resolves once the
   * reconciles under way have ended. They get a signal that aborts at the same time.
   */
  run(signal: AbortSignal): Promise<void>;
}

export declare function createController(options: ControllerOptions): Controller;
