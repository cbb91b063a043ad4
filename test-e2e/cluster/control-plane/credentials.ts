import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, writeKeyPair } from './certificates.ts';
import type { CertificateAuthority, KeyPair } from './certificates.ts';
import { renderKubeconfig } from './kubeconfig.ts';

/** All keys, certificates and kubeconfigs of one control plane, in one folder of mode 0700. */
export interface Credentials {
  readonly folder: string;
  readonly authority: CertificateAuthority;
  /** The administrator's client certificate (group `system:masters`). */
  readonly admin: KeyPair;
  readonly adminKubeconfig: string;
}

/** What the certificates must say. */
export interface CredentialsRequest {
  readonly folder: string;
  /** The API server's address as its clients say it, such as `https://127.0.0.1:6443`. */
  readonly server: string;
  /** Addresses and names at which the API server is reached, besides those inside every cluster. */
  readonly addresses: readonly string[];
  /** The first address of the Service range: that of the Service `kubernetes`. */
  readonly serviceAddress: string;
  readonly clusterDomain: string;
}

/**
 * Makes a new authority and everything it signs: `api-server`, `etcd`, `admin`, `controller-manager`,
 * `scheduler`, `service-accounts` (the key that signs tokens), each as files in the folder.
 */
export async function createCredentials(request: CredentialsRequest): Promise<Credentials> {
  const { folder, server } = request;
  const authority = await createAuthority('shardwright development cluster');
  await writeKeyPair(folder, 'authority', authority);
  const serverNames = [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${request.clusterDomain}`,
  ];
  const apiServer = await authority.issue({
    commonName: 'kube-apiserver',
    organizations: ['system:masters'],
    dnsNames: serverNames,
    ipAddresses: [...new Set(['127.0.0.1', request.serviceAddress, ...request.addresses])],
  });
  await writeKeyPair(folder, 'api-server', apiServer);
  await writeKeyPair(
    folder,
    'etcd',
    await authority.issue({ commonName: 'etcd', dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] }),
  );
  await writeKeyPair(folder, 'service-accounts', await authority.issue({ commonName: 'service-accounts' }));
  const admin = await authority.issue({ commonName: 'admin', organizations: ['system:masters'] });
  const adminKubeconfig = join(folder, 'admin.kubeconfig');
  await writeFile(adminKubeconfig, renderKubeconfig({ server, authority, user: 'admin', pair: admin }), {
    mode: 0o600,
  });
  for (const component of ['kube-controller-manager', 'kube-scheduler', 'kube-proxy']) {
    await writeClientKubeconfig({ folder, server, authority }, component, `system:${component}`);
  }
  return { folder, authority, admin, adminKubeconfig };
}

/** Writes `NAME.kubeconfig` for a new client certificate with this user and these groups. */
export async function writeClientKubeconfig(
  credentials: { readonly folder: string; readonly server: string; readonly authority: CertificateAuthority },
  name: string,
  user: string,
  groups: readonly string[] = [],
): Promise<string> {
  const pair = await credentials.authority.issue({ commonName: user, organizations: groups });
  const path = join(credentials.folder, `${name}.kubeconfig`);
  const text = renderKubeconfig({ server: credentials.server, authority: credentials.authority, user, pair });
  await writeFile(path, text, { mode: 0o600 });
  return path;
}
