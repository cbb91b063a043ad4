import { join } from 'node:path';
import { coreDnsManifests, storageClassManifest } from '../addons/manifests.ts';
import type { ClusterApi } from '../api/client.ts';
import { ClusterError } from '../failure.ts';
import { waitFor } from '../machine/wait.ts';
import { clusterDomain } from './control-plane.ts';
import { listDaemons, logTail, runningDaemon } from './daemon.ts';
import { isNodeReady } from './health.ts';
import { clusterLayout } from './layout.ts';
import type { NodeLayout } from './layout.ts';
import { coreDnsImageTag } from './system-images.ts';

const readyTimeoutMilliseconds = 240_000;

/** Applies the StorageClass and the name server. */
export async function applyAddons(api: ClusterApi, dnsAddress: string): Promise<void> {
  const manifests = [storageClassManifest(), ...coreDnsManifests(coreDnsImageTag, dnsAddress, clusterDomain)];
  for (const manifest of manifests) {
    // The first moments after a start still refuse some requests, until roles are in place.
    await waitFor(
      `${manifest.path} to be applied`,
      async () => api.apply(manifest.path, manifest.object).then(() => true),
      {
        timeoutMilliseconds: 60_000,
      },
    );
  }
}

/** Waits until the API server answers; fails at once when it or etcd has ended. */
export async function untilApiServerReady(api: ClusterApi): Promise<void> {
  await waitFor(
    'the API server to become ready',
    async () => {
      for (const daemon of await listDaemons()) {
        if (
          ['etcd', 'kube-apiserver'].includes(daemon.name) &&
          (await runningDaemon(daemon.name)) === undefined
        ) {
          throw new ClusterError('NotFound', `${daemon.name} ended:\n${logTail(daemon.name)}`);
        }
      }
      return api.get('/api/v1/namespaces/kube-system');
    },
    {
      timeoutMilliseconds: 180_000,
      remedy: `Its log is ${join(clusterLayout.logsFolder, 'kube-apiserver.log')}.`,
    },
  );
}

/** Waits for all nodes; of those in `starting` only what they report after `startedAt` counts. */
export async function untilNodesReady(
  api: ClusterApi,
  nodes: readonly NodeLayout[],
  starting: ReadonlySet<string>,
  startedAt: number,
  detail: (text: string) => void,
): Promise<void> {
  await waitFor(
    'all nodes to become Ready',
    async () => {
      const missing: string[] = [];
      for (const { name } of nodes) {
        const time = starting.has(name) ? startedAt : 0;
        if (!(await isNodeReady(api, name, { kind: 'started', time }))) {
          missing.push(name);
        }
      }
      detail(`waiting for ${missing.join(', ')}`);
      return missing.length === 0 ? true : undefined;
    },
    { timeoutMilliseconds: readyTimeoutMilliseconds, remedy: `The logs are in ${clusterLayout.logsFolder}.` },
  );
}

/** Waits until one name server answers. */
export async function untilNameServiceReady(api: ClusterApi): Promise<void> {
  await waitFor(
    'CoreDNS to become available',
    async () => {
      const path = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
      const deployment = await api.get<{ status?: { readyReplicas?: number } }>(path);
      return (deployment?.status?.readyReplicas ?? 0) >= 1 ? true : undefined;
    },
    { timeoutMilliseconds: readyTimeoutMilliseconds, remedy: 'Look at `kubectl -n kube-system get pods`.' },
  );
}
