import type { ShardedCluster, ShardMap, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { shardMapName } from '../../api/v1alpha1/index.ts';
import type { Applied, Applier } from '../../runtime/apply.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isApiError } from '../../runtime/client/api-error.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import type { ExistingObjects } from './conflicts.ts';
import type { Observed, ObservedObject } from './observe.ts';
import { ownershipOf } from './ownership.ts';
import { deleteUnchangeable } from './recreate.ts';
import type { Refusals } from './refusals.ts';
import { shardMaps } from './resource-types.ts';
import type { DesiredObject } from './resources/desired-object.ts';
import { nameOf, objectId } from './resources/desired-object.ts';
import { shardNumberOf } from './resources/labels.ts';
import { shardMapDiffers, shardMapObject } from './resources/shard-map.ts';

/** What writing needs. */
export interface Writer {
  readonly client: ApiClient;
  readonly applier: Applier;
}

/** A write that took effect. */
export interface Written {
  readonly kind: string;
  readonly name: string;
  readonly how: 'created' | 'changed' | 'repaired' | 'deleted';
  readonly scope: DesiredObject['scope'];
}

/** Brings `desired` about, one after the other in the order given, and tells each write that took effect. */
export async function applyObjects(
  writer: Writer,
  desired: readonly DesiredObject[],
  existing: ExistingObjects,
  refusals: Refusals,
  onWritten: (written: Written) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const wanted of desired) {
    const { type, scope } = wanted;
    const name = nameOf(wanted);
    const live = existing.get(objectId(type, name));
    const applied = await refusals.attempt(`${type.kind} ${name}`, () =>
      applyObject(writer, wanted, live, signal),
    );
    if (applied?.changed === true) {
      const changed = applied.isRepair ? 'repaired' : 'changed';
      onWritten({ kind: type.kind, name, how: live === undefined ? 'created' : changed, scope });
    }
  }
}

async function applyObject(
  { client, applier }: Writer,
  wanted: DesiredObject,
  live: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<Pick<Applied<KubernetesObject>, 'changed' | 'isRepair'>> {
  const { type, object, creation } = wanted;
  if (live === undefined && creation === 'create') {
    const created = await client.create(type, object, signal);
    // So that the fields are known to be ours, as those of all other objects are.
    await applier.apply(type, object, created, signal);
    return { changed: true, isRepair: false };
  }
  try {
    return await applier.apply(type, object, live, signal);
  } catch (error) {
    if (live === undefined || !isApiError(error, 'Invalid')) {
      throw error;
    }
    if (!(await deleteUnchangeable(client, wanted, live, signal))) {
      throw error;
    }
    return { ...(await applier.apply(type, object, undefined, signal)), isRepair: true };
  }
}

/** Writes the map unless it is as it should be, on condition that nobody else has written it since it was read. */
export async function writeShardMap(
  { client }: Writer,
  cluster: ShardedCluster,
  spec: ShardMapSpec,
  live: ShardMap | undefined,
  onWritten: (written: Written) => void,
  signal: AbortSignal,
): Promise<ShardMap> {
  const desired = shardMapObject(cluster, spec, live);
  const written = {
    kind: shardMaps.kind,
    name: shardMapName(cluster.metadata.name),
    scope: 'cluster',
  } as const;
  if (live === undefined) {
    const created = await client.create(shardMaps, desired, signal);
    onWritten({ ...written, how: 'created' });
    return created;
  }
  if (!shardMapDiffers(live, desired)) {
    return live;
  }
  const replaced = await client.replace(shardMaps, desired, {}, signal);
  onWritten({ ...written, how: 'changed' });
  return replaced;
}

/** Kinds of which an object that is no longer desired holds no data, and goes. */
const DISPOSABLE_KINDS: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Deployment',
  'PodDisruptionBudget',
  'Role',
  'RoleBinding',
  'Service',
  'ServiceAccount',
]);

/** Objects of the cluster that hold no data and are not among `desired`. */
export function superfluousObjects(
  cluster: ShardedCluster,
  observed: Observed,
  desired: readonly DesiredObject[],
): ObservedObject[] {
  const wanted = new Set(desired.map((object) => objectId(object.type, nameOf(object))));
  return [...observed.objects]
    .filter(([id, { type }]) => DISPOSABLE_KINDS.has(type.kind) && !wanted.has(id))
    .map(([, found]) => found)
    .filter(({ object }) => !isBeingDeleted(object) && ownershipOf(object, cluster) === 'own');
}

/** Deletes objects, each only as the very object that was seen. */
export async function deleteObjects(
  { client }: Writer,
  objects: readonly ObservedObject[],
  refusals: Refusals,
  onWritten: (written: Written) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const { type, object } of objects) {
    const key = keyOf(object);
    const deleted = await refusals.attempt(`the deletion of ${type.kind} ${key.name}`, () =>
      client.delete(type, key, { uid: object.metadata?.uid }, signal),
    );
    if (deleted === true) {
      const scope = shardNumberOf(object.metadata?.labels) ?? 'cluster';
      onWritten({ kind: type.kind, name: key.name, how: 'deleted', scope });
    }
  }
}
