/** One shard of three members. */
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import {
  type ClusterProcesses,
  type ClusterProcessesOptions,
  createClusterProcesses,
  shardOf,
} from './cluster-processes.ts';
import type { MemberProcesses } from './member-processes.ts';

export { APPLICATION_USER, CLUSTER, NAMESPACE, REPLICATION_USER } from './cluster-processes.ts';

export const SHARD = shardOf(0);

/** Three members that do not run yet. */
export interface ShardProcesses extends Omit<ClusterProcesses, 'shards'> {
  readonly members: readonly [MemberProcesses, MemberProcesses, MemberProcesses];
}

/** Makes a shard whose agents read the API server through `kubeconfigPath`. */
export async function createShardProcesses(
  packaged: PackagedMariadb,
  kubeconfigPath: string,
  options: ClusterProcessesOptions = {},
): Promise<ShardProcesses> {
  const { shards, ...rest } = await createClusterProcesses(packaged, kubeconfigPath, [3], options);
  const [first, second, third] = shards[0] ?? [];
  if (first === undefined || second === undefined || third === undefined) {
    throw new TypeError('a shard has three members');
  }
  return { ...rest, members: [first, second, third] };
}
