import type { V1Pod } from '@kubernetes/client-node';
import type {
  InstanceStatus,
  ShardedCluster,
  ShardMapSpec,
  ShardStatus,
} from '../../../api/v1alpha1/index.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';
import { effectiveInstances, ordinalOf } from '../instances.ts';

/** Whether a pod takes traffic. */
export function isReady(pod: V1Pod): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && !isBeingDeleted(pod);
}

/** The state of every shard of the map, from its pods. */
export function shardStatuses(map: ShardMapSpec, pods: readonly V1Pod[]): ShardStatus[] {
  const ready = new Set(pods.filter(isReady).map(({ metadata }) => metadata?.name ?? ''));
  return map.shards.map(({ name, epoch, primary, replicas }) => {
    const instances: InstanceStatus[] = [
      ...(primary === null ? [] : [{ pod: primary, role: 'primary' as const, healthy: ready.has(primary) }]),
      ...replicas.map((pod) => ({ pod, role: 'replica' as const, healthy: ready.has(pod) })),
    ];
    const readyInstances = instances.filter(({ healthy }) => healthy).length;
    return { name, primary, epoch, readyInstances, instances };
  });
}

/** Whether the shard's primary is there and healthy. */
export function hasPrimary({ primary, instances = [] }: ShardStatus): boolean {
  return instances.some(({ pod, healthy }) => pod === primary && healthy);
}

/** Pods of instances that are not healthy, those that are on their way out left aside. */
export function unhealthyPods(
  shards: readonly ShardStatus[],
  leaving: ReadonlySet<string> = new Set(),
): string[] {
  return shards.flatMap(({ instances = [] }) =>
    instances.filter(({ pod, healthy }) => !healthy && !leaving.has(pod)).map(({ pod }) => pod),
  );
}

/**
 * Members that are no longer asked for and still on record. They stay in the status, from which a lost map is
 * restored, but nobody waits for them.
 */
export function leavingPods({ metadata, spec }: ShardedCluster, shards: readonly ShardStatus[]): Set<string> {
  const leaving = new Set<string>();
  for (const { name, primary = null, instances = [] } of shards) {
    const number = numberOfShard(name);
    const members = instances.map(({ pod }) => pod);
    const kept = effectiveInstances(metadata.name, spec.instances, { number, primary, replicas: members });
    for (const pod of members) {
      if ((ordinalOf(metadata.name, number, pod) ?? 0) >= kept) {
        leaving.add(pod);
      }
    }
  }
  return leaving;
}

/** The number at the end of a shard's name. */
export function numberOfShard(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}
