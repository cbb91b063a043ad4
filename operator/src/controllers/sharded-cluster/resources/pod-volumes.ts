/** The volumes of a database pod, and what each container sees of them. */
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { AGENT_PATHS } from '../../../agent/pod-contract.ts';
import type { ContainerContract } from '../../../engines/container.ts';
import { accountProjections } from './accounts.ts';
import { settingsName } from './agent-settings.ts';
import { agentCertificateName, serverCertificateName } from './certificates.ts';

/** Volume with the data. */
export const DATA_VOLUME = 'data';

/** Where Node.js and our programs are put, for images that have neither. */
export const RUNTIME_PATH = '/opt/shardwright-runtime';

/** Where client libraries look for the token of the pod. */
export const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The shortest life that the API server grants. A kubelet renews a token after four fifths of it and never sooner: when
 * the ServiceAccount is deleted, the tokens of running pods are worth nothing until then, although it is made again at once,
 * and an agent that cannot read the ShardMap starts no server.
 */
const TOKEN_SECONDS = 600;

/** All volumes but that of the data, which the StatefulSet makes. */
export function podVolumes(cluster: string, shard: string): V1Volume[] {
  return [
    { name: 'runtime', emptyDir: {} },
    // The server's socket and rendered passwords: they must not reach a disk.
    { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    { name: 'tmp', emptyDir: {} },
    { name: 'settings', configMap: { name: settingsName(cluster) } },
    { name: 'accounts', projected: { sources: accountProjections(cluster).map((secret) => ({ secret })) } },
    { name: 'agent-tls', secret: { secretName: agentCertificateName(shard) } },
    { name: 'server-tls', secret: { secretName: serverCertificateName(shard) } },
    tokenVolume(),
  ];
}

/** What client libraries need to talk to the API server as the ServiceAccount of the pod. */
export function tokenVolume(): V1Volume {
  return {
    name: 'token',
    projected: {
      sources: [
        { serviceAccountToken: { path: 'token', expirationSeconds: TOKEN_SECONDS } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
}

/** What the container that brings the programs sees. */
export const RUNTIME_MOUNTS: V1VolumeMount[] = [{ name: 'runtime', mountPath: RUNTIME_PATH }];

/** What the server's container sees: no password, no token. Its hosts file is the agent's to fill. */
export function databaseMounts(container: ContainerContract): V1VolumeMount[] {
  return [...sharedMounts(container), { ...HOSTS_FILE, mountPath: '/etc/hosts', readOnly: true }];
}

/** A file that the container which brings the programs has made. */
const HOSTS_FILE = { name: 'runtime', subPath: 'hosts' };

function sharedMounts({ volumePath, memoryPath }: ContainerContract): V1VolumeMount[] {
  return [
    { name: 'runtime', mountPath: RUNTIME_PATH, readOnly: true },
    { name: DATA_VOLUME, mountPath: volumePath },
    { name: 'memory', mountPath: memoryPath },
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'server-tls', mountPath: AGENT_PATHS.serverTls, readOnly: true },
  ];
}

/** What the agent's container sees. */
export function agentMounts(container: ContainerContract): V1VolumeMount[] {
  return [
    ...sharedMounts(container),
    { ...HOSTS_FILE, mountPath: AGENT_PATHS.hosts },
    { name: 'settings', mountPath: AGENT_PATHS.settings, readOnly: true },
    { name: 'accounts', mountPath: AGENT_PATHS.accounts, readOnly: true },
    { name: 'agent-tls', mountPath: AGENT_PATHS.agentTls, readOnly: true },
    { name: 'token', mountPath: TOKEN_PATH, readOnly: true },
  ];
}
