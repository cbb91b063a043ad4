/** What the primary process and its workers tell each other. */
import type { MetricObjectWithValues, MetricValue } from '@prometheus-io/client';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { KillScope } from '../client/client-error.ts';
import type { ClientProcess } from '../client/client-process.ts';

/** A client to be ended, wherever it is. */
export interface KillRequest {
  readonly connectionId: number;
  readonly scope: KillScope;
  readonly user: string;
}

/** What became of it. `unanswered`: its worker has been told, and has not done it yet. */
export type KillResult = 'killed' | 'unknown' | 'denied' | 'unanswered';

/**
 * A worker that is busy may take so long to end a client. A KILL that is answered with an error makes people look for the cause, so
 * it is worth waiting for; whoever sent it can leave at any time.
 */
export const KILL_MILLISECONDS = 30_000;

/** Figures of one process. */
export type WorkerFigures = readonly MetricObjectWithValues<MetricValue<string>>[];

/**
 * From the primary process to a worker. A client is handed over in three steps: `offer`, which comes with the socket; `taken` or
 * `refused`; and `serve` or `withdraw`. Until `serve` the client is the primary process's, which may offer it to another worker.
 */
export type MessageToWorker =
  | { readonly type: 'map'; readonly map: ShardMapSpec }
  | { readonly type: 'offer'; readonly offer: number }
  | { readonly type: 'serve'; readonly offer: number }
  | { readonly type: 'withdraw'; readonly offer: number }
  | { readonly type: 'measure'; readonly request: number }
  | { readonly type: 'kill'; readonly request: number; readonly kill: KillRequest }
  | { readonly type: 'killed'; readonly request: number; readonly result: KillResult }
  | { readonly type: 'list'; readonly request: number }
  | { readonly type: 'listed'; readonly request: number; readonly processes: readonly ClientProcess[] };

/** From a worker to the primary process. */
export type MessageFromWorker =
  /** `reason`: why it cannot serve; null when it can. `connections`: of clients, those that it has taken included. */
  | { readonly type: 'state'; readonly reason: string | null; readonly connections: number }
  | { readonly type: 'taken'; readonly offer: number; readonly connections: number }
  | { readonly type: 'refused'; readonly offer: number }
  | { readonly type: 'figures'; readonly request: number; readonly figures: WorkerFigures }
  | { readonly type: 'kill'; readonly request: number; readonly kill: KillRequest }
  | { readonly type: 'killed'; readonly request: number; readonly result: KillResult }
  /** Asks for the clients of all workers. */
  | { readonly type: 'list'; readonly request: number }
  | { readonly type: 'listed'; readonly request: number; readonly processes: readonly ClientProcess[] };

/** Which worker a connection belongs to: numbers are dealt out in turn. */
export function workerOf(connectionId: number, workers: number): number {
  return connectionId % workers;
}
