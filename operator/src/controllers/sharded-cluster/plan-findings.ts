import type { ShardedCluster, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { sameQuantity } from '../../runtime/apply/quantity.ts';
import type { Finding } from './finding.ts';
import { effectiveInstances } from './instances.ts';
import type { Observed } from './observe.ts';
import { volumeSizeOf } from './resources/stateful-set.ts';

/** One wish of the spec that may not be grantable: `undefined` when it is. */
type Check = (cluster: ShardedCluster, map: ShardMapSpec, observed: Observed) => Finding | undefined;

const CHECKS: readonly Check[] = [shardsAreNotRemoved, primariesAreNotRemoved, volumesKeepTheirSize];

/** What the spec asks for and does not get, most important first. Everything else goes on. */
export function findingsOf(cluster: ShardedCluster, map: ShardMapSpec, observed: Observed): Finding[] {
  return CHECKS.map((check) => check(cluster, map, observed)).filter((finding) => finding !== undefined);
}

function shardsAreNotRemoved(cluster: ShardedCluster, map: ShardMapSpec): Finding | undefined {
  const existing = map.shards.length;
  const { shards } = cluster.spec;
  // With keyspaces it is known what is on each shard: a rebalance empties those that leave.
  if (shards >= existing || (map.keyspaces ?? []).length > 0) {
    return undefined;
  }
  return {
    reason: 'ScalingInNotSupported',
    message:
      `spec.shards is ${shards}, but ${existing} shards exist and hold data, and without keyspaces nobody knows ` +
      `where else it should be. All of them are kept. Set spec.shards back to ${existing}.`,
  };
}

function primariesAreNotRemoved(cluster: ShardedCluster, map: ShardMapSpec): Finding | undefined {
  const { instances } = cluster.spec;
  const held = map.shards.find(
    (shard) => effectiveInstances(cluster.metadata.name, instances, shard) > instances,
  );
  if (held === undefined) {
    return undefined;
  }
  const kept = effectiveInstances(cluster.metadata.name, instances, held);
  const why =
    held.primary === null
      ? 'has no primary at the moment, and any member may become it'
      : `has ${held.primary} as its primary`;
  return {
    reason: 'PrimaryWouldBeRemoved',
    message:
      `spec.instances is ${instances}, but ${held.name} ${why}, so it keeps ${kept} instances. ` +
      `Set spec.instances to ${kept} or more, or make an instance with a lower number the primary first.`,
  };
}

function volumesKeepTheirSize(
  cluster: ShardedCluster,
  _: ShardMapSpec,
  observed: Observed,
): Finding | undefined {
  const { size } = cluster.spec.storage;
  const smaller = observed.statefulSets.find((set) => {
    const actual = volumeSizeOf(set);
    return actual !== undefined && !sameQuantity(actual, size);
  });
  if (smaller === undefined) {
    return undefined;
  }
  const actual = volumeSizeOf(smaller) ?? '';
  return {
    reason: 'StorageNotGrown',
    message:
      `spec.storage.size is ${size}, but the volumes of ${smaller.metadata?.name ?? ''} were made with ${actual} and ` +
      `keep that size: growing volumes is not supported yet. With deletionPolicy Retain the volumes stay: delete the ` +
      `ShardedCluster and create it again with spec.storage.size ${actual}.`,
  };
}
