/** Names of the Secrets of certificates, and what each certificate says. */
import type { ShardedCluster } from '../../../api/v1alpha1/index.ts';
import {
  applicationServiceName,
  primaryServiceName,
  replicasServiceName,
  shardName,
} from '../../../api/v1alpha1/index.ts';
import type { WantedCertificate } from '../../../pki/decide-certificates.ts';
import { formatIdentity, type PeerRole } from '../../../pki/identity.ts';
import { memberServerNames, serviceServerNames } from '../../../pki/server-names.ts';

/** Secret with the authorities of a cluster and their keys. Mounted nowhere. */
export function authoritySecretName(cluster: string): string {
  return `${cluster}-ca`;
}

/** Secret with the certificate by which the operator talks to the agents of a cluster. */
export function operatorCertificateName(cluster: string): string {
  return `${cluster}-operator-tls`;
}

/** Secret with the certificate of the agents of a shard. */
export function agentCertificateName(shard: string): string {
  return `${shard}-agent-tls`;
}

/** Secret with the certificate of the servers of a shard. */
export function serverCertificateName(shard: string): string {
  return `${shard}-server-tls`;
}

/** Secret with the certificate that routers show to applications. */
export function routerCertificateName(cluster: string): string {
  return `${cluster}-router-tls`;
}

/** A certificate, and the shard whose pods show it; `undefined` for those of the operator and the routers. */
export interface ClusterCertificate extends WantedCertificate {
  readonly shard: number | undefined;
}

/** Every certificate of a cluster with these shards. */
export function wantedCertificates(
  cluster: ShardedCluster,
  shards: readonly number[],
): readonly ClusterCertificate[] {
  const { name, namespace } = cluster.metadata;
  const uri = (role: PeerRole): string => formatIdentity({ namespace, cluster: name, role });
  const operator: ClusterCertificate = {
    name: operatorCertificateName(name),
    shard: undefined,
    commonName: `${name} operator`,
    dnsNames: [],
    ipAddresses: [],
    uris: [uri('operator')],
    usages: ['client'],
  };
  return [
    operator,
    ...ofRouters(cluster),
    ...shards.flatMap((number) => ofShard(name, namespace, number, uri)),
  ];
}

/** No peer of anybody: a router knows servers by their certificates, and they know it by the users it logs in as. */
function ofRouters({ metadata: { name, namespace }, spec }: ShardedCluster): readonly ClusterCertificate[] {
  if (spec.keyspaces.length === 0) {
    return [];
  }
  return [
    {
      name: routerCertificateName(name),
      shard: undefined,
      commonName: `${name} router`,
      dnsNames: serviceServerNames(namespace, applicationServiceName(name)),
      ipAddresses: [],
      uris: [],
      usages: ['server'],
    },
  ];
}

function ofShard(
  cluster: string,
  namespace: string,
  number: number,
  uri: (role: PeerRole) => string,
): readonly ClusterCertificate[] {
  const shard = shardName(cluster, number);
  const address = { namespace, shard };
  const services = [primaryServiceName(cluster, number), replicasServiceName(cluster, number)];
  const both = { shard: number, ipAddresses: [], usages: ['server', 'client'] } as const;
  return [
    {
      ...both,
      name: agentCertificateName(shard),
      commonName: `${shard} agent`,
      dnsNames: memberServerNames(address, { services: [] }),
      uris: [uri('agent')],
    },
    {
      ...both,
      name: serverCertificateName(shard),
      commonName: shard,
      dnsNames: memberServerNames(address, { services }),
      uris: [uri('replication')],
    },
  ];
}
