/** What the primary process and its workers tell each other. */
import type { MetricObjectWithValues, MetricValue } from '@prometheus-io/client';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { KillScope } from '../client/client-error.ts';

/** A client to be ended, wherever it is. */
export interface KillRequest {
  readonly connectionId: number;
  readonly scope: KillScope;
  readonly user: string;
}

/** What became of it. */
export type KillResult = 'killed' | 'unknown' | 'denied';

/** Figures of one process. */
export type WorkerFigures = readonly MetricObjectWithValues<MetricValue<string>>[];

/** From the primary process to a worker. */
export type MessageToWorker =
  | { readonly type: 'map'; readonly map: ShardMapSpec }
  | { readonly type: 'measure'; readonly request: number }
  | { readonly type: 'kill'; readonly request: number; readonly kill: KillRequest }
  | { readonly type: 'killed'; readonly request: number; readonly result: KillResult };

/** From a worker to the primary process. */
export type MessageFromWorker =
  /** `reason`: why it cannot serve; null when it can. */
  | { readonly type: 'state'; readonly reason: string | null }
  | { readonly type: 'figures'; readonly request: number; readonly figures: WorkerFigures }
  | { readonly type: 'kill'; readonly request: number; readonly kill: KillRequest }
  | { readonly type: 'killed'; readonly request: number; readonly result: KillResult };

/** Which worker a connection belongs to: numbers are dealt out in turn. */
export function workerOf(connectionId: number, workers: number): number {
  return connectionId % workers;
}
