import type { V1PersistentVolumeClaim, V1StatefulSet } from '@kubernetes/client-node';
import type { EventReason, ShardedCluster } from '../../api/v1alpha1/index.ts';
import { CLEANUP_FINALIZER, EVENT_REASONS, LABELS } from '../../api/v1alpha1/index.ts';
import type { ReconcileResult } from '../../runtime/controller.ts';
import { done, requeueAfter } from '../../runtime/controller.ts';
import type { EventRecorder } from '../../runtime/events/recorder.ts';
import { hasFinalizer, removeFinalizer } from '../../runtime/finalizers.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { persistentVolumeClaims, secrets, statefulSets } from '../../runtime/resources.ts';
import type { Writer } from './apply.ts';
import { writeShardMap } from './apply.ts';
import type { Observed } from './observe.ts';
import { ownershipOf } from './ownership.ts';
import { shardedClusters } from './resource-types.ts';

/** How long volumes may take to be released from StatefulSets before it is done by force. */
const RELEASE_DEADLINE_MILLISECONDS = 30_000;

const RELEASE_POLL_MILLISECONDS = 1000;

/** Volumes listed at a time. */
const PAGE_SIZE = 500;

/** What a deletion works with. */
export interface Finalization {
  readonly writer: Writer;
  readonly recorder: EventRecorder;
  readonly cluster: ShardedCluster;
  readonly observed: Observed;
  /** Wall-clock time in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Treats the volumes of a deleted cluster as its policy says and lets the cluster go. What is left is removed by
 * garbage collection.
 *
 * `Retain`: volumes, Secrets and the ShardMap are freed of every owner, so that a new cluster of the same name
 * finds its data, its passwords and who was the primary. So does a deletion with `--cascade=orphan`, whatever
 * the policy.
 */
export async function finalizeCluster(work: Finalization, signal: AbortSignal): Promise<ReconcileResult> {
  const { cluster, writer } = work;
  const keep = cluster.spec.deletionPolicy === 'Retain' || hasFinalizer(cluster, 'orphan');
  if (keep) {
    const wait = await retainData(work, signal);
    if (wait !== undefined) {
      return wait;
    }
  } else {
    await deleteData(work, signal);
  }
  tell(work, keep ? 'VolumesRetained' : 'VolumesDeleted');
  await removeFinalizer(writer.client, shardedClusters, cluster, CLEANUP_FINALIZER, signal);
  return done;
}

/** Resolves with what to wait for, or `undefined` once everything that is to stay has no owner. */
async function retainData(
  { cluster, observed, writer, now }: Finalization,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const retained: ShardedCluster = { ...cluster, spec: { ...cluster.spec, deletionPolicy: 'Retain' } };
  await releaseSecrets(cluster, observed, writer, signal);
  const { shardMap } = observed;
  if (shardMap !== undefined && ownershipOf(shardMap, cluster) === 'own') {
    await writeShardMap(writer, retained, shardMap.spec, shardMap, () => {}, signal);
  }
  for (const set of observed.statefulSets) {
    if (set.spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete' && !isBeingDeleted(set)) {
      const policy = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain' } };
      await writer.client.mergePatch(statefulSets, keyOf(set), { spec: policy }, {}, signal);
    }
  }
  const owned = observed.volumeClaims.filter((claim) => claimOwners(claim).length > 0);
  if (owned.length === 0) {
    return undefined;
  }
  const since = now - Date.parse(cluster.metadata.deletionTimestamp ?? '');
  if (since < RELEASE_DEADLINE_MILLISECONDS && observed.statefulSets.some((set) => !isBeingDeleted(set))) {
    return requeueAfter(RELEASE_POLL_MILLISECONDS, 'volumes are being released from their StatefulSets');
  }
  for (const claim of owned) {
    const { ownerReferences = [], resourceVersion } = claim.metadata ?? {};
    const others = ownerReferences.filter((reference) => !claimOwners(claim).includes(reference));
    const metadata = { resourceVersion, ownerReferences: others };
    await writer.client.mergePatch(persistentVolumeClaims, keyOf(claim), { metadata }, {}, signal);
  }
  return undefined;
}

async function releaseSecrets(
  cluster: ShardedCluster,
  observed: Observed,
  { client }: Writer,
  signal: AbortSignal,
): Promise<void> {
  for (const secret of [observed.applicationSecret, observed.adminSecret]) {
    if (secret !== undefined && ownershipOf(secret, cluster) === 'own') {
      const { resourceVersion } = secret.metadata ?? {};
      const ownerReferences = (secret.metadata?.ownerReferences ?? []).filter(
        ({ uid }) => uid !== cluster.metadata.uid,
      );
      await client.mergePatch(
        secrets,
        keyOf(secret),
        { metadata: { resourceVersion, ownerReferences } },
        {},
        signal,
      );
    }
  }
}

function claimOwners(claim: V1PersistentVolumeClaim) {
  return (claim.metadata?.ownerReferences ?? []).filter(
    ({ kind }) => kind === 'StatefulSet' || kind === 'Pod',
  );
}

/** StatefulSets first, or they would make new volumes for their pods. */
async function deleteData({ cluster, writer }: Finalization, signal: AbortSignal): Promise<void> {
  const { namespace, name } = cluster.metadata;
  const labelSelector = `${LABELS.cluster}=${name}`;
  const { client } = writer;
  for (const type of [statefulSets, persistentVolumeClaims]) {
    let continueToken: string | undefined;
    do {
      // A cache may not have seen the last volume yet, and nobody would look again.
      const page = await client.list<V1StatefulSet | V1PersistentVolumeClaim>(
        type,
        { namespace, labelSelector, limit: PAGE_SIZE, continueToken },
        signal,
      );
      for (const object of page.items.filter((item) => !isBeingDeleted(item))) {
        await client.delete(type, keyOf(object), { uid: object.metadata?.uid }, signal);
      }
      continueToken = page.continueToken;
    } while (continueToken !== undefined);
  }
}

function tell({ cluster, recorder }: Finalization, reason: EventReason): void {
  const { type, meaning } = EVENT_REASONS[reason];
  recorder.event(cluster, { type, reason, action: 'Delete', note: meaning });
}
