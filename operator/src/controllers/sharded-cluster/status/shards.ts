import type { V1Pod } from '@kubernetes/client-node';
import type { InstanceStatus, ShardMapSpec, ShardStatus } from '../../../api/v1alpha1/index.ts';
import { isBeingDeleted } from '../../../runtime/objects.ts';

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

/** Pods of instances that are not healthy. */
export function unhealthyPods(shards: readonly ShardStatus[]): string[] {
  return shards.flatMap(({ instances = [] }) =>
    instances.filter(({ healthy }) => !healthy).map(({ pod }) => pod),
  );
}
