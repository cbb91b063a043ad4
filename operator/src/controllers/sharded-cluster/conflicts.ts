import type { ShardedCluster } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import type { Finding } from './finding.ts';
import type { Observed, ObservedObject } from './observe.ts';
import { describeOwner, ownershipOf, shardMapOwnership } from './ownership.ts';
import type { DesiredObject } from './resources/desired-object.ts';
import { nameOf, objectId } from './resources/desired-object.ts';

/** What exists under the names a plan needs, by `objectId`. */
export type ExistingObjects = ReadonlyMap<string, KubernetesObject>;

/** Reads under way at a time: a cluster of many shards asks for a thousand names when it is new. */
const PARALLEL_READS = 8;

/**
 * What exists under the names of `desired`: from the caches, or from the API server for names no cache knows.
 * The caches hold labelled objects only, and an apply would overwrite somebody's object that lacks the label.
 */
export async function findExisting(
  client: ApiClient,
  desired: readonly DesiredObject[],
  observed: Observed,
  signal: AbortSignal,
): Promise<ExistingObjects> {
  const existing = new Map<string, KubernetesObject>();
  const unknown: DesiredObject[] = [];
  for (const wanted of desired) {
    const id = objectId(wanted.type, nameOf(wanted));
    const cached = observed.objects.get(id)?.object;
    if (cached === undefined) {
      unknown.push(wanted);
    } else {
      existing.set(id, cached);
    }
  }
  async function readNext(): Promise<void> {
    for (let wanted = unknown.shift(); wanted !== undefined; wanted = unknown.shift()) {
      const { namespace } = wanted.object.metadata ?? {};
      const name = nameOf(wanted);
      const key = namespace === undefined ? { name } : { namespace, name };
      const found = await client.get(wanted.type, key, signal);
      if (found !== undefined) {
        existing.set(objectId(wanted.type, name), found);
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_READS }, readNext));
  return existing;
}

/** A finding for each desired object whose name is taken; it blocks whatever the object belongs to. */
export function findConflicts(
  cluster: ShardedCluster,
  desired: readonly DesiredObject[],
  existing: ExistingObjects,
): Finding[] {
  return desired.flatMap((wanted) => {
    const object = existing.get(objectId(wanted.type, nameOf(wanted)));
    if (object === undefined || ownershipOf(object, cluster) !== 'foreign') {
      return [];
    }
    return [conflictOver(`${wanted.type.kind} ${nameOf(wanted)}`, object, wanted)];
  });
}

/** The finding about an object that is in the way. */
export function conflictOver(
  what: string,
  object: KubernetesObject,
  { scope }: Pick<DesiredObject, 'scope'>,
): Finding {
  const blocked = scope === 'cluster' ? 'Nothing of the cluster' : `Nothing of shard ${scope}`;
  return {
    reason: 'ConflictingObject',
    blocks: scope,
    message:
      `The ${what} exists and belongs to ${describeOwner(object)}, so it is left alone. ${blocked} is changed until ` +
      `that is settled: delete or rename that object, or give the ShardedCluster another name.`,
  };
}

/** The finding about a ShardMap of the cluster's name that another object controls. */
export function shardMapConflict(cluster: ShardedCluster, observed: Observed): Finding | undefined {
  const { shardMap } = observed;
  if (shardMap === undefined || shardMapOwnership(shardMap, cluster) !== 'foreign') {
    return undefined;
  }
  return conflictOver(`ShardMap ${shardMap.metadata.name}`, shardMap, { scope: 'cluster' });
}

/**
 * An object that a deleted cluster of the same name still owns. Until garbage collection has removed it nothing
 * is created: it would be taken for the new cluster's, or be removed with the old one.
 */
export function formerObject(cluster: ShardedCluster, observed: Observed): ObservedObject | undefined {
  return [...observed.objects.values()].find(({ object }) => ownershipOf(object, cluster) === 'former');
}
