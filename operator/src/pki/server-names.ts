/** The names under which the servers of a cluster are reached, and so the names in their certificates. */

/** One shard's headless Service, which gives every pod its name. */
export interface ShardAddress {
  readonly namespace: string;
  /** Name of the shard, of its StatefulSet and of its headless Service. */
  readonly shard: string;
}

/** The name of one pod, `<pod>.<shard>.<namespace>.svc`: what a client of its agent or server must verify. */
export function podServerName({ namespace, shard }: ShardAddress, pod: string): string {
  return `${pod}.${shard}.${namespace}.svc`;
}

/** DNS domain of a Kubernetes cluster that was not given another. */
const CLUSTER_DOMAIN = 'cluster.local';

/** The names of a Service, from the shortest on, and `localhost` for whoever forwards a port to it. */
export function serviceServerNames(namespace: string, service: string): string[] {
  const suffixes = [namespace, `${namespace}.svc`, `${namespace}.svc.${CLUSTER_DOMAIN}`];
  return [service, ...suffixes.map((suffix) => `${service}.${suffix}`), 'localhost'];
}

/**
 * The names for the certificate that all members of a shard show. Pods are covered by wildcards under their
 * headless Service, so that a change of `instances` reissues nothing. A wildcard needs two labels after it,
 * or OpenSSL and Node.js ignore it; within the namespace use the longer names.
 */
export function memberServerNames(
  address: ShardAddress,
  options: {
    /** Services that lead to the members, such as `<shard>-primary`. */
    readonly services: readonly string[];
    /** DNS domain of the Kubernetes cluster. @default 'cluster.local' */
    readonly clusterDomain?: string;
  },
): string[] {
  const { namespace, shard } = address;
  const { services, clusterDomain = CLUSTER_DOMAIN } = options;
  const suffixes = [namespace, `${namespace}.svc`, `${namespace}.svc.${clusterDomain}`];
  return [
    ...suffixes.map((suffix) => `*.${shard}.${suffix}`),
    ...[shard, ...services].flatMap((service) => [
      service,
      ...suffixes.map((suffix) => `${service}.${suffix}`),
    ]),
    'localhost',
  ];
}
