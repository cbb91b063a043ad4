/** Objects for the tests of this controller. */
import type { V1Pod } from '@kubernetes/client-node';
import type {
  Condition,
  ShardedCluster,
  ShardedClusterSpecInput,
  ShardedClusterStatus,
  ShardMapShard,
  ShardStatus,
} from '../../../api/v1alpha1/index.ts';
import { parseShardedCluster } from '../../../api/v1alpha1/index.ts';
import { shardLabels } from '../resources/labels.ts';

/** A stored cluster `demo` in the namespace `test`, two shards unless told otherwise. */
export function aCluster(
  spec: Partial<ShardedClusterSpecInput> = {},
  status?: ShardedClusterStatus,
): ShardedCluster {
  return parseShardedCluster({
    apiVersion: 'shardwright.io/v1alpha1',
    kind: 'ShardedCluster',
    metadata: { name: 'demo', namespace: 'test', uid: 'uid-of-demo', generation: 1 },
    spec: { shards: 2, ...spec },
    ...(status === undefined ? {} : { status }),
  });
}

/** An entry of the map, of three instances with the first as primary. */
export function aShard(number: number, change: Partial<ShardMapShard> = {}): ShardMapShard {
  const name = `demo-shard-${number}`;
  return {
    number,
    name,
    epoch: 1,
    primary: `${name}-0`,
    replicas: [`${name}-1`, `${name}-2`],
    ackers: [],
    initialised: false,
    acknowledgement: 'OneReplica',
    ...change,
  };
}

/** The status of a shard of three instances, all healthy but those named. */
export function aShardStatus(number: number, unhealthy: readonly string[] = []): ShardStatus {
  const { name, primary, replicas, epoch } = aShard(number);
  const instances = [primary ?? '', ...replicas].map((pod) => ({
    pod,
    role: pod === primary ? ('primary' as const) : ('replica' as const),
    healthy: !unhealthy.includes(pod),
    lagSeconds: null,
    lagBytes: null,
  }));
  return {
    name,
    primary,
    epoch,
    readyInstances: 3 - unhealthy.length,
    maxLagSeconds: null,
    instances,
  };
}

/** A pod of the cluster `demo`. */
export function aPod(
  name: string,
  options: { ready?: boolean; labels?: Record<string, string> } = {},
): V1Pod {
  const number = Number(/-shard-(\d+)-/.exec(name)?.[1] ?? 0);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'test',
      uid: `uid-of-${name}`,
      labels: { ...shardLabels('demo', number), ...options.labels },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          name: `demo-shard-${number}`,
          uid: 'set',
          controller: true,
        },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: (options.ready ?? true) ? 'True' : 'False' }] },
  };
}

/** A condition as stored. */
export function aCondition(
  type: string,
  status: Condition['status'],
  reason: string,
  lastTransitionTime = '2025-01-01T00:00:00Z',
): Condition {
  return { type, status, reason, message: '', lastTransitionTime };
}
