/** Names of the objects a ShardedCluster owns. Users and tools rely on them: they never change. */

/**
 * Longest name of a ShardedCluster, in characters. The tightest derived name is the label
 * `controller-revision-hash` that the StatefulSet controller puts on pods, `<cluster>-shard-<n>-<hash>`, with
 * a hash of up to 10 characters and 63 characters for a label's value. Four digits are kept for the number,
 * and one character to spare.
 */
export const MAX_CLUSTER_NAME_LENGTH = 40;

/** StatefulSet and headless Service of shard `number`. */
export function shardName(cluster: string, number: number): string {
  return `${cluster}-shard-${number}`;
}

/** Pod `ordinal` of shard `number`. */
export function podName(cluster: string, number: number, ordinal: number): string {
  return `${shardName(cluster, number)}-${ordinal}`;
}

/** Service in front of a shard's primary. */
export function primaryServiceName(cluster: string, number: number): string {
  return `${shardName(cluster, number)}-primary`;
}

/** Service in front of a shard's replicas. */
export function replicasServiceName(cluster: string, number: number): string {
  return `${shardName(cluster, number)}-replicas`;
}

/** Service of the routers: the address applications use. */
export function applicationServiceName(cluster: string): string {
  return cluster;
}

/** Deployment, Secret, budget and identity of the routers. */
export function routerName(cluster: string): string {
  return `${cluster}-router`;
}

/** Secret with the application's credentials: `username password host port uri`. */
export function applicationSecretName(cluster: string): string {
  return `${cluster}-app`;
}

/** Secret with the administrator's credentials. */
export function adminSecretName(cluster: string): string {
  return `${cluster}-admin`;
}

/** ShardMap of the cluster. */
export function shardMapName(cluster: string): string {
  return cluster;
}
