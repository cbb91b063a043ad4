import type { V1PersistentVolumeClaim } from '@kubernetes/client-node';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { persistentVolumeClaims } from '../../runtime/resources.ts';
import { dataClaimName } from './member-names.ts';
import type { Observed } from './observe.ts';
import { shardLabels } from './resources/labels.ts';

/**
 * Puts back the labels of the volumes of all members that the map names: by them volumes are found when the cluster
 * is deleted. Claims that no cache shows are asked for by name, which costs nothing while all have their labels.
 * Fails with `Conflict` when a claim was replaced meanwhile.
 */
export async function labelVolumes(
  client: ApiClient,
  cluster: { readonly namespace: string; readonly name: string },
  map: ShardMapSpec,
  { volumeClaims, pods }: Pick<Observed, 'volumeClaims' | 'pods'>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = cluster;
  const known = new Map(volumeClaims.map((claim) => [keyOf(claim).name, claim]));
  const running = new Set(pods.map((pod) => keyOf(pod).name));
  for (const { number, primary, replicas } of map.shards) {
    const labels = shardLabels(name, number);
    for (const pod of [...(primary === null ? [] : [primary]), ...replicas]) {
      const claimName = dataClaimName(pod);
      const key = { namespace, name: claimName };
      const claim =
        known.get(claimName) ??
        (running.has(pod) ? await client.get(persistentVolumeClaims, key, signal) : undefined);
      if (claim !== undefined && !isBeingDeleted(claim) && lacks(claim, labels)) {
        const { uid } = claim.metadata ?? {};
        await client.mergePatch(persistentVolumeClaims, key, { metadata: { uid, labels } }, {}, signal);
      }
    }
  }
}

function lacks(claim: V1PersistentVolumeClaim, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).some(([key, value]) => claim.metadata?.labels?.[key] !== value);
}
