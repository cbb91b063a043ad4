/** What tests of decisions about rebalances decide by. */
import {
  parseShardRebalance,
  type ShardedClusterSpecInput,
  type ShardMapSpec,
  type ShardRebalance,
} from '../../../api/v1alpha1/index.ts';
import type { MeasuredShard, MoveView } from '../../../core/move-view.ts';
import { aMap } from '../../../movers/testing/move-observations.ts';
import { aCluster } from '../../sharded-cluster/testing/builders.ts';
import type { ClusterObservation } from '../observe.ts';

/** The time of every observation unless told. */
export const NOW = Date.UTC(2026, 0, 1, 12);

/** A ShardRebalance to three shards, made a minute ago. */
export function aRebalance(spec: object = {}, status: object = {}, metadata: object = {}): ShardRebalance {
  return parseShardRebalance({
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardRebalance',
    metadata: {
      name: 'demo-r1',
      namespace: 'test',
      uid: '01234567-89ab',
      generation: 2,
      creationTimestamp: '2026-01-01T11:59:00Z',
      ...metadata,
    },
    spec: {
      clusterName: 'demo',
      ...('moves' in spec || 'split' in spec ? {} : { scale: { shards: 3 } }),
      ...spec,
    },
    status,
  });
}

/** A shard at work that has measured nothing to speak of. */
export function aMeasuredShard(number: number, change: Partial<MeasuredShard> = {}): MeasuredShard {
  return {
    number,
    trouble: null,
    databases: [],
    freeBytes: null,
    longestTransactionSeconds: null,
    ...change,
  };
}

/** What is known of a move that copies. */
export function aView(change: Partial<MoveView> = {}): MoveView {
  return {
    stage: 'Copying',
    rowsDone: 0,
    rowsTotal: null,
    bytesDone: 0,
    bytesTotal: null,
    rowsPerSecond: 0,
    bytesPerSecond: 0,
    lagMilliseconds: null,
    pauseMilliseconds: null,
    soakEndsAt: null,
    held: null,
    failure: null,
    ...change,
  };
}

/** A cluster of three shards, of which the last has no slots. */
export function anObservation(
  change: Partial<Omit<ClusterObservation, 'cluster'>> & {
    readonly spec?: Partial<ShardedClusterSpecInput>;
    readonly views?: Readonly<Record<string, MoveView>>;
  } = {},
): ClusterObservation {
  const { spec, views = {}, ...rest } = change;
  const map: ShardMapSpec = rest.map ?? aMap();
  return {
    cluster: aCluster({ shards: 3, ...spec }),
    rebalances: [],
    shards: map.shards.map(({ number }) => aMeasuredShard(number)),
    viewOf: (id) => views[id],
    isWindowOpen: true,
    now: NOW,
    ...rest,
    map,
  };
}
