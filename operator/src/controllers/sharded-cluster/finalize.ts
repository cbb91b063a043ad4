import type { V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node';
import type { EventReason, ShardedCluster } from '../../api/v1alpha1/index.ts';
import {
  adminSecretName,
  ANNOTATIONS,
  applicationSecretName,
  CLEANUP_FINALIZER,
  EVENT_REASONS,
  LABELS,
  routerName,
  shardMapName,
} from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isApiError } from '../../runtime/client/api-error.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import { hasFinalizer, removeFinalizer } from '../../runtime/finalizers.ts';
import type { KubernetesObject, ResourceType } from '../../runtime/objects.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { persistentVolumeClaims, secrets, serviceAccounts, statefulSets } from '../../runtime/resources.ts';
import { listAll } from './list-all.ts';
import { shardOfDataClaim, shardOfStatefulSet } from './member-names.ts';
import { ownershipOf, shardMapOwnership } from './ownership.ts';
import { shardedClusters, shardMaps } from './resource-types.ts';
import { internalSecretName } from './resources/accounts.ts';
import { authoritySecretName } from './resources/certificates.ts';
import { databaseServiceAccountName } from './resources/service-account.ts';

/** What a deletion works with. */
export interface Finalization {
  readonly client: ApiClient;
  readonly recorder: EventRecorder;
  readonly cluster: ShardedCluster;
}

/**
 * Treats the data of a deleted cluster as its policy says and lets the cluster go. What the cluster owns is removed
 * by garbage collection; volumes, Secrets and the ShardMap it never owns, so that they stay unless they are deleted
 * here. They stay under `Retain`, and after a deletion with `--cascade=orphan` whatever the policy.
 *
 * The decision is recorded on the cluster before anything is deleted: that write fails when what is known of the
 * cluster is out of date, and a decision to keep holds in every later pass.
 */
export async function finalizeCluster(work: Finalization, signal: AbortSignal): Promise<void> {
  const { client, cluster } = work;
  const sets = await statefulSetsOf(work, signal);
  const keep = await isToBeKept(work, sets, signal);
  try {
    const decided = await record(client, cluster, keep ? 'Retain' : 'Delete', signal);
    if (!keep) {
      await deleteData(work, sets, signal);
    }
    await removeFinalizer(client, shardedClusters, decided, CLEANUP_FINALIZER, signal);
  } catch (error) {
    if (isApiError(error, 'NotFound')) {
      // Somebody else has taken the finalizer off.
      return;
    }
    throw error;
  }
  tell(work, keep ? 'VolumesRetained' : 'VolumesDeleted');
}

/**
 * Whether a person wants the data kept. The finalizer `orphan` may be gone before it is seen here; but garbage
 * collection takes it off only after it has freed everything of its owner, and that shows.
 */
async function isToBeKept(
  { client, cluster }: Finalization,
  sets: ReadonlyMap<number, V1StatefulSet>,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, namespace, annotations } = cluster.metadata;
  if (
    cluster.spec.deletionPolicy !== 'Delete' ||
    hasFinalizer(cluster, 'orphan') ||
    annotations?.[ANNOTATIONS.deletion] === 'Retain'
  ) {
    return true;
  }
  const key = { namespace, name: databaseServiceAccountName(name) };
  const account = await client.get(serviceAccounts, key, signal);
  const owned = [...sets.values(), ...(account === undefined ? [] : [account])];
  return owned.some((object) => ownershipOf(object, cluster) === 'adoptable');
}

function record(
  client: ApiClient,
  cluster: ShardedCluster,
  decision: ShardedCluster['spec']['deletionPolicy'],
  signal: AbortSignal,
): Promise<ShardedCluster> {
  const { uid, resourceVersion } = cluster.metadata;
  const metadata = { uid, resourceVersion, annotations: { [ANNOTATIONS.deletion]: decision } };
  return client.mergePatch(shardedClusters, keyOf(cluster), { metadata }, {}, signal);
}

/** The StatefulSets under the names of the shards, whoever owns them, by number. Not from a cache: it may be behind. */
async function statefulSetsOf(
  { client, cluster }: Finalization,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, V1StatefulSet>> {
  const { name, namespace } = cluster.metadata;
  const found = new Map<number, V1StatefulSet>();
  for (const set of await listAll(client, statefulSets, { namespace }, signal)) {
    const number = shardOfStatefulSet(name, keyOf(set).name);
    if (number !== undefined) {
      found.set(number, set);
    }
  }
  return found;
}

/** StatefulSets first, or they would make new volumes for their pods; then what only those volumes needed. */
async function deleteData(
  { client, cluster }: Finalization,
  sets: ReadonlyMap<number, V1StatefulSet>,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace } = cluster.metadata;
  for (const set of sets.values()) {
    if (ownershipOf(set, cluster) === 'own') {
      await remove(client, statefulSets, set, signal);
    }
  }
  const labelSelector = `${LABELS.cluster}=${name}`;
  const claims = await listAll(client, persistentVolumeClaims, { namespace, labelSelector }, signal);
  for (const claim of claims.filter((candidate) => isData(cluster, candidate, sets))) {
    await remove(client, persistentVolumeClaims, claim, signal);
  }
  for (const secretName of [
    applicationSecretName(name),
    adminSecretName(name),
    internalSecretName(name),
    routerName(name),
    authoritySecretName(name),
  ]) {
    const secret = await client.get(secrets, { namespace, name: secretName }, signal);
    if (secret !== undefined && ['own', 'adoptable'].includes(ownershipOf(secret, cluster))) {
      await remove(client, secrets, secret, signal);
    }
  }
  const map = await client.get(shardMaps, { namespace, name: shardMapName(name) }, signal);
  if (map !== undefined && ['own', 'adoptable'].includes(shardMapOwnership(map, cluster))) {
    await remove(client, shardMaps, map, signal);
  }
}

/** A volume of a shard of this cluster, unless somebody else's StatefulSet of that name uses it. */
function isData(
  cluster: ShardedCluster,
  claim: V1PersistentVolumeClaim,
  sets: ReadonlyMap<number, V1StatefulSet>,
): boolean {
  const number = shardOfDataClaim(cluster.metadata.name, keyOf(claim).name);
  const set = number === undefined ? undefined : sets.get(number);
  return number !== undefined && (set === undefined || ownershipOf(set, cluster) === 'own');
}

async function remove<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  if (!isBeingDeleted(object)) {
    await client.delete(type, keyOf(object), { uid: object.metadata?.uid }, signal);
  }
}

function tell({ cluster, recorder }: Finalization, reason: EventReason): void {
  const { type, meaning } = EVENT_REASONS[reason];
  recorder.event(cluster, { type, reason, action: 'Delete', note: meaning });
}
