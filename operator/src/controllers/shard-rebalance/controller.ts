/** Puts the controller of ShardRebalances together. */
import type { ShardedCluster, ShardMap, ShardRebalance } from '../../api/v1alpha1/index.ts';
import type { MoveViews } from '../../core/move-view.ts';
import type { Informer } from '../../runtime/cache/informer.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type Controller, createController } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { RuntimeMetrics } from '../../runtime/metrics/metrics.ts';
import { keyOf } from '../../runtime/objects.ts';
import { RebalanceReconciler } from './reconciler.ts';

/** What failed is tried again at least so often. */
const LONGEST_RETRY_MILLISECONDS = 30_000;

/** What the controller needs. */
export interface ShardRebalanceControllerOptions {
  readonly client: ApiClient;
  readonly clusters: Informer<ShardedCluster>;
  readonly shardMaps: Informer<ShardMap>;
  readonly rebalances: Informer<ShardRebalance>;
  readonly views: MoveViews;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
  /** Uniform in [0, 1); jitters delays. @default Math.random */
  readonly random?: () => number;
}

/** Makes the controller; nothing runs yet. Its keys are those of clusters. */
export function createShardRebalanceController(options: ShardRebalanceControllerOptions): Controller {
  const { clusters, shardMaps, rebalances, clock, logger, metrics, random } = options;
  const controller = createController({
    clock,
    logger,
    ...(metrics === undefined ? {} : { metrics }),
    ...(random === undefined ? {} : { random }),
    name: 'shard-rebalance',
    longestRetryMilliseconds: LONGEST_RETRY_MILLISECONDS,
    reconciler: new RebalanceReconciler({
      ...options,
      logger: logger.child({ controller: 'shard-rebalance' }),
    }),
  });
  controller.watch(clusters, (cluster) => [keyOf(cluster)]);
  controller.watch(shardMaps, (map) => [keyOf(map)]);
  controller.watch(rebalances, ({ metadata: { namespace }, spec }) => [
    { namespace, name: spec.clusterName },
  ]);
  return controller;
}
