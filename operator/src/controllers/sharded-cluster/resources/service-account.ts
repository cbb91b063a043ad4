import type { V1ServiceAccount } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import { serviceAccounts } from '../../../runtime/resources.ts';
import type { DesiredObject } from './desired-object.ts';
import { ownedMetadata, typeMeta } from './desired-object.ts';
import { clusterLabels } from './labels.ts';

/** Name of the ServiceAccount of the database pods. */
export function databaseServiceAccountName(cluster: string): string {
  return `${cluster}-database`;
}

/** The identity of the database pods. Its token is given to their agents alone. */
export function databaseServiceAccount(cluster: ShardedCluster): DesiredObject<V1ServiceAccount> {
  const { name } = cluster.metadata;
  return {
    scope: 'cluster',
    type: serviceAccounts,
    creation: 'apply',
    object: {
      ...typeMeta(serviceAccounts),
      metadata: ownedMetadata(cluster, databaseServiceAccountName(name), clusterLabels(name)),
      automountServiceAccountToken: false,
    },
  };
}
