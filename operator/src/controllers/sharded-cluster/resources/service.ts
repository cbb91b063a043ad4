import type { V1Service } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { primaryServiceName, replicasServiceName, shardName } from '../../../api/v1alpha1/index.ts';
import type { ReadTarget } from '../../../core/instance-report.ts';
import { services } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { roleSelector, shardLabels, shardSelector } from './labels.ts';

/** Port of the database, on Services and in pods. */
export const DATABASE_PORT = 3306;

/** Name of the database's port. */
export const DATABASE_PORT_NAME = 'mysql';

const DATABASE_SERVICE_PORT = {
  name: DATABASE_PORT_NAME,
  port: DATABASE_PORT,
  targetPort: DATABASE_PORT_NAME,
  protocol: 'TCP',
};

/** What distinguishes the Services of a shard. */
interface ServiceDetails {
  readonly selector: Record<string, string>;
  readonly clusterIP?: 'None';
  readonly publishNotReadyAddresses?: true;
}

/** Gives every member of a shard its own DNS name, ready or not: members must find each other to become ready. */
export function headlessService(cluster: ShardedCluster, number: number): DesiredObject<V1Service> {
  const { name } = cluster.metadata;
  return service(cluster, number, shardName(name, number), {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: shardSelector(name, number),
  });
}

/**
 * Leads to the primary of a shard: that of the map, ready or not. Readiness is the agent's word on reads, and a
 * primary whose agent is away for a moment serves on.
 */
export function primaryService(cluster: ShardedCluster, number: number): DesiredObject<V1Service> {
  const { name } = cluster.metadata;
  return service(cluster, number, primaryServiceName(name, number), {
    publishNotReadyAddresses: true,
    selector: roleSelector(name, number, 'primary'),
  });
}

/** Leads to the replicas of a shard; to its primary while none is fit for reads. */
export function replicasService(
  cluster: ShardedCluster,
  number: number,
  target: ReadTarget,
): DesiredObject<V1Service> {
  const { name } = cluster.metadata;
  return service(cluster, number, replicasServiceName(name, number), {
    selector: roleSelector(name, number, target),
  });
}

function service(
  cluster: ShardedCluster,
  number: number,
  name: string,
  spec: ServiceDetails,
): DesiredObject<V1Service> {
  return {
    scope: number,
    type: services,
    creation: 'apply',
    object: {
      ...typeMeta(services),
      metadata: ownedMetadata(cluster, name, shardLabels(cluster.metadata.name, number)),
      spec: { type: 'ClusterIP', ports: [DATABASE_SERVICE_PORT], ...spec },
    },
  };
}
