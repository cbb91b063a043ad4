import type { V1Pod, V1StatefulSet } from '@kubernetes/client-node';
import type { ShardMap, ShardMapShard, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { FIELD_MANAGER, LABELS } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isApiError } from '../../runtime/client/api-error.ts';
import type { ObjectKey } from '../../runtime/objects.ts';
import { formatKey, keyOf } from '../../runtime/objects.ts';
import { controllerOf } from '../../runtime/owners.ts';
import { pods } from '../../runtime/resources.ts';
import type { ClusterCaches } from './caches.ts';
import { objectsOfCluster } from './caches.ts';
import { ordinalOf } from './instances.ts';
import { dataClaimName } from './member-names.ts';
import { typeMeta } from './resources/desired-object.ts';
import { shardNumberOf } from './resources/labels.ts';
import type { LabelChange } from './role-labels.ts';
import { decideLabelChanges, memberLabels } from './role-labels.ts';

/** What labels are written with, and decided by. */
export interface RoleLabellerOptions {
  readonly client: ApiClient;
  readonly caches: Pick<ClusterCaches, 'shardMaps' | 'statefulSets' | 'pods'>;
}

/** A namespaced object, by name. */
type ClusterName = Required<ObjectKey>;

/**
 * Keeps the labels of pods as the map says: they lead the traffic. Whoever asks for it, the work on one shard is done
 * one at a time, by the newest map there is: a decision by an older one could give a former primary its role back.
 */
export class RoleLabeller {
  readonly #client: ApiClient;
  readonly #caches: RoleLabellerOptions['caches'];
  /** The last in the queue of each shard; it never rejects. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor({ client, caches }: RoleLabellerOptions) {
    this.#client = client;
    this.#caches = caches;
  }

  /**
   * Corrects the labels of all pods of a shard, and returns those that were changed. `known` is a map that the caches
   * may not have seen yet. Stops at the first refusal, with its `ApiError`: a role that could not be taken away is not
   * given to another.
   */
  async label(
    cluster: ClusterName,
    number: number,
    known: ShardMapSpec,
    signal: AbortSignal,
  ): Promise<readonly V1Pod[]> {
    const id = `${formatKey(cluster)}/${number}`;
    const before = this.#queues.get(id);
    const { promise: turn, resolve: endTurn } = Promise.withResolvers<void>();
    this.#queues.set(id, turn);
    await before;
    try {
      return await this.#label(cluster, number, known, signal);
    } finally {
      endTurn();
      if (this.#queues.get(id) === turn) {
        this.#queues.delete(id);
      }
    }
  }

  async #label(
    cluster: ClusterName,
    number: number,
    known: ShardMapSpec,
    signal: AbortSignal,
  ): Promise<readonly V1Pod[]> {
    const map = this.#newest(cluster, known);
    const shard = map.shards.find((candidate) => candidate.number === number);
    const relabelled: V1Pod[] = [];
    if (shard === undefined) {
      return relabelled;
    }
    const seen = objectsOfCluster(this.#caches.pods, cluster).filter(
      ({ metadata }) =>
        shardNumberOf(metadata?.labels) === number ||
        ordinalOf(cluster.name, number, metadata?.name ?? '') !== undefined,
    );
    for (const change of decideLabelChanges(cluster.name, map, seen)) {
      relabelled.push(...(await this.#write(cluster.name, change, signal)));
    }
    // Nothing leads to a pod without the label of its cluster: these can wait until the traffic is right.
    const strays = await this.#findStrays(cluster, shard, seen, signal);
    for (const change of decideLabelChanges(cluster.name, map, strays)) {
      relabelled.push(...(await this.#write(cluster.name, change, signal)));
    }
    return relabelled;
  }

  #newest(cluster: ClusterName, known: ShardMapSpec): ShardMapSpec {
    const cached: ShardMap | undefined = this.#caches.shardMaps.get(cluster);
    return cached !== undefined && cached.spec.revision > known.revision ? cached.spec : known;
  }

  /**
   * Members that no cache shows though their StatefulSet should have made them: one that lost the label of the
   * cluster is let go by its StatefulSet, which cannot make another of that name.
   */
  async #findStrays(
    cluster: ClusterName,
    shard: ShardMapShard,
    seen: readonly V1Pod[],
    signal: AbortSignal,
  ): Promise<V1Pod[]> {
    const names = new Set(seen.map(({ metadata }) => metadata?.name ?? ''));
    const { namespace } = cluster;
    const set: V1StatefulSet | undefined = this.#caches.statefulSets.get({ namespace, name: shard.name });
    const replicas = set?.spec?.replicas ?? 0;
    const strays: V1Pod[] = [];
    for (const name of [...(shard.primary === null ? [] : [shard.primary]), ...shard.replicas]) {
      const ordinal = ordinalOf(cluster.name, shard.number, name);
      if (names.has(name) || ordinal === undefined || ordinal >= replicas) {
        continue;
      }
      const pod = await this.#client.get(pods, { namespace, name }, signal);
      if (pod !== undefined && isMemberByNature(pod, shard.name)) {
        strays.push(pod);
      }
    }
    return strays;
  }

  /** The pod as it then is; nothing when it is gone, and with it its labels. */
  async #write(cluster: string, change: LabelChange, signal: AbortSignal): Promise<readonly V1Pod[]> {
    try {
      return [await writeLabels(this.#client, cluster, change, signal)];
    } catch (error) {
      if (isApiError(error, 'NotFound')) {
        return [];
      }
      if (isApiError(error, 'Conflict')) {
        const now = await this.#client.get(pods, keyOf(change.pod), signal);
        // Made anew it has no role yet, and no cache shows it with one.
        if (
          now?.metadata?.uid !== change.pod.metadata?.uid &&
          now?.metadata?.labels?.[LABELS.role] === undefined
        ) {
          return [];
        }
      }
      throw error;
    }
  }
}

/** Whether a pod of a member's name is that member, labels aside: its StatefulSet's, or a user of its volume. */
function isMemberByNature(pod: V1Pod, shardName: string): boolean {
  const controller = controllerOf(pod);
  if (controller !== undefined) {
    return controller.kind === 'StatefulSet' && controller.name === shardName;
  }
  const claim = dataClaimName(pod.metadata?.name ?? '');
  return pod.spec?.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === claim) ?? false;
}

/** Fails with `Conflict` or `NotFound` when the pod has gone or been replaced. */
async function writeLabels(
  client: ApiClient,
  cluster: string,
  { pod, membership }: LabelChange,
  signal: AbortSignal,
): Promise<V1Pod> {
  // Without the uid, an apply to a pod that has just gone would try to create one.
  const { uid } = pod.metadata ?? {};
  const key = keyOf(pod);
  if (membership === undefined) {
    // An apply would leave a label alone that somebody else has set.
    return client.mergePatch(pods, key, { metadata: { uid, labels: { [LABELS.role]: null } } }, {}, signal);
  }
  const labels = memberLabels(cluster, membership);
  const metadata = { ...key, ...(uid === undefined ? {} : { uid }), labels };
  const options = { fieldManager: FIELD_MANAGER, force: true };
  return client.apply<V1Pod>(pods, { ...typeMeta(pods), metadata }, options, signal);
}
