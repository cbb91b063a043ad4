import type { V1ServiceAccount } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import type { DesiredObject } from './desired-object.ts';
import { clusterLabels } from './labels.ts';
import { readerServiceAccount, type ShardMapReader } from './shard-map-reader.ts';

/** Name of the ServiceAccount of the database pods. */
export function databaseServiceAccountName(cluster: string): string {
  return `${cluster}-database`;
}

/** The database pods as readers of the ShardMap. */
export function databaseReader({ metadata: { name } }: ShardedCluster): ShardMapReader {
  return { name: databaseServiceAccountName(name), labels: clusterLabels(name) };
}

/** The identity of the database pods. Its token is given to their agents alone. */
export function databaseServiceAccount(cluster: ShardedCluster): DesiredObject<V1ServiceAccount> {
  return readerServiceAccount(cluster, databaseReader(cluster));
}
