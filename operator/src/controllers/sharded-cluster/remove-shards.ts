/** Removes what is left of shards that have gone from the map. */
import type { V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedCluster } from '../../api/v1alpha1/index.ts';
import { shardMapName } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isBeingDeleted, keyOf, type KubernetesObject } from '../../runtime/objects.ts';
import { persistentVolumeClaims, secrets, statefulSets } from '../../runtime/resources.ts';
import type { Written } from './apply.ts';
import { isDrained } from './leaving-shards.ts';
import { shardOfDataClaim } from './member-names.ts';
import type { Observed } from './observe.ts';
import { ownershipOf } from './ownership.ts';
import type { Refusals } from './refusals.ts';
import { shardMaps } from './resource-types.ts';
import { shardNumberOf } from './resources/labels.ts';

/** What removing works with. */
export interface Removal {
  readonly client: ApiClient;
  readonly cluster: ShardedCluster;
  readonly observed: Pick<Observed, 'statefulSets' | 'pods' | 'volumeClaims' | 'objects'>;
  readonly refusals: Refusals;
  readonly onWritten: (written: Written) => void;
}

/**
 * Deletes the StatefulSets and certificates of shards beyond `spec.shards` that the map no longer has, and, where
 * `deletionPolicy` says so, their volumes once their pods have gone. The map is read from the API server before: a cache that is behind may not know
 * of a shard that is full.
 */
export async function removeShards(removal: Removal, signal: AbortSignal): Promise<void> {
  const { client, cluster } = removal;
  const sets = removableSets(removal);
  const certificates = removableCertificates(removal);
  const claims = removableClaims(removal);
  if (sets.length + certificates.length + claims.length === 0) {
    return;
  }
  const { namespace, name } = cluster.metadata;
  const map = await client.get(shardMaps, { namespace, name: shardMapName(name) }, signal);
  if (map === undefined) {
    return;
  }
  const isGone = (number: number): boolean =>
    isDrained(map.spec, number) && !map.spec.shards.some((shard) => shard.number === number);
  for (const { number, set } of sets.filter((each) => isGone(each.number))) {
    await remove(removal, number, statefulSets.kind, keyOf(set).name, () =>
      client.delete(statefulSets, keyOf(set), { uid: set.metadata?.uid }, signal),
    );
  }
  for (const { number, secret } of certificates.filter((each) => isGone(each.number))) {
    await remove(removal, number, secrets.kind, keyOf(secret).name, () =>
      client.delete(secrets, keyOf(secret), { uid: secret.metadata?.uid }, signal),
    );
  }
  for (const { number, claim } of claims.filter((each) => isGone(each.number))) {
    await remove(removal, number, persistentVolumeClaims.kind, keyOf(claim).name, () =>
      client.delete(persistentVolumeClaims, keyOf(claim), { uid: claim.metadata?.uid }, signal),
    );
  }
}

function removableSets({ cluster, observed }: Removal): { number: number; set: V1StatefulSet }[] {
  return observed.statefulSets.flatMap((set) => {
    const number = leavingShardOf(set, cluster);
    return number === undefined ? [] : [{ number, set }];
  });
}

function removableCertificates({
  cluster,
  observed,
}: Removal): { number: number; secret: KubernetesObject }[] {
  return [...observed.objects.values()].flatMap(({ type, object: secret }) => {
    const number = type.kind === secrets.kind ? leavingShardOf(secret, cluster) : undefined;
    return number === undefined ? [] : [{ number, secret }];
  });
}

/** The shard that an object of ours belongs to, where that is one too many. */
function leavingShardOf(object: KubernetesObject, cluster: ShardedCluster): number | undefined {
  const number = shardNumberOf(object.metadata?.labels);
  const isOurs = ownershipOf(object, cluster) === 'own' && !isBeingDeleted(object);
  return isOurs && number !== undefined && number >= cluster.spec.shards ? number : undefined;
}

/** Of shards without StatefulSet and pods: nothing uses them, and nothing makes them anew. */
function removableClaims({
  cluster,
  observed: { statefulSets: sets, pods, volumeClaims },
}: Removal): { number: number; claim: V1PersistentVolumeClaim }[] {
  if (cluster.spec.deletionPolicy !== 'Delete') {
    return [];
  }
  const used = new Set([...sets, ...pods].map(({ metadata }) => shardNumberOf(metadata?.labels)));
  return volumeClaims.flatMap((claim) => {
    const number = shardOfDataClaim(cluster.metadata.name, keyOf(claim).name);
    return number === undefined || number < cluster.spec.shards || used.has(number) || isBeingDeleted(claim)
      ? []
      : [{ number, claim }];
  });
}

async function remove(
  { refusals, onWritten }: Removal,
  number: number,
  kind: string,
  name: string,
  deletion: () => Promise<boolean>,
): Promise<void> {
  const deleted = await refusals.attempt(`the deletion of ${kind} ${name}`, deletion);
  if (deleted === true) {
    onWritten({ kind, name, how: 'deleted', scope: number });
  }
}
