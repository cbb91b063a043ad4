import type { ShardedCluster, ShardMap, ShardMapSpec } from '../../../api/v1alpha1/index.ts';
import { API_GROUP_VERSION, shardMapName } from '../../../api/v1alpha1/index.ts';
import { sameContent } from '../same-content.ts';
import { unownedMetadata } from './desired-object.ts';
import { clusterLabels } from './labels.ts';

/**
 * The ShardMap as it should be written: `spec` with our labels and no controller, everything else as it is in `live`,
 * whose resourceVersion makes the write conditional.
 */
export function shardMapObject(
  cluster: ShardedCluster,
  spec: ShardMapSpec,
  live: ShardMap | undefined,
): ShardMap {
  const { name } = cluster.metadata;
  const metadata = unownedMetadata(cluster, shardMapName(name), clusterLabels(name));
  const owners = (live?.metadata.ownerReferences ?? []).filter(({ controller }) => controller !== true);
  const { ownerReferences: _, ...liveMetadata } = live?.metadata ?? {};
  return {
    apiVersion: API_GROUP_VERSION,
    kind: 'ShardMap',
    metadata: {
      ...liveMetadata,
      ...metadata,
      labels: { ...live?.metadata.labels, ...metadata.labels },
      ...(owners.length === 0 ? {} : { ownerReferences: owners }),
    },
    spec,
  };
}

/** Whether writing `desired` would change `live`. */
export function shardMapDiffers(live: ShardMap, desired: ShardMap): boolean {
  return !sameContent(
    [live.spec, live.metadata.labels, live.metadata.ownerReferences ?? []],
    [desired.spec, desired.metadata.labels, desired.metadata.ownerReferences ?? []],
  );
}
