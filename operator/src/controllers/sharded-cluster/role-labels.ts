import type { V1Pod } from '@kubernetes/client-node';
import type { Role, ShardedCluster, ShardMapShard, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { FIELD_MANAGER, LABELS } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { controllerOf } from '../../runtime/owners.ts';
import { pods } from '../../runtime/resources.ts';
import { ordinalOf } from './instances.ts';
import type { Observed } from './observe.ts';
import type { Refusals } from './refusals.ts';
import { typeMeta } from './resources/desired-object.ts';
import { shardLabels } from './resources/labels.ts';
import { DATA_VOLUME } from './resources/pod-volumes.ts';

/** What the map says of a pod. */
export interface Membership {
  readonly number: number;
  readonly role: Role;
}

/** A pod whose labels are wrong. */
export interface LabelChange {
  readonly pod: V1Pod;
  /** `undefined` for a pod that is no member, and so has no role. */
  readonly membership: Membership | undefined;
}

/** What correcting labels works with. */
export interface LabelInput {
  readonly client: ApiClient;
  readonly cluster: ShardedCluster;
  readonly observed: Observed;
  readonly map: ShardMapSpec;
  readonly refusals: Refusals;
}

/** The shard and role the map gives to a pod; `undefined` when the pod is no member of any shard. */
export function membershipOf(map: ShardMapSpec, pod: string): Membership | undefined {
  for (const { number, primary, replicas } of map.shards) {
    if (primary === pod) {
      return { number, role: 'primary' };
    }
    if (replicas.includes(pod)) {
      return { number, role: 'replica' };
    }
  }
  return undefined;
}

/** The labels by which Services, budgets, StatefulSets and this operator find a member. */
export function memberLabels(cluster: string, { number, role }: Membership): Record<string, string> {
  return { ...shardLabels(cluster, number), [LABELS.role]: role };
}

/**
 * Which labels must change so that the Services lead where the map says. A role that is taken away comes before
 * one that is given, or a Service would lead to two primaries in between.
 */
export function decideLabelChanges(
  cluster: string,
  map: ShardMapSpec,
  members: readonly V1Pod[],
): LabelChange[] {
  return members
    .filter((pod) => !isBeingDeleted(pod))
    .map((pod) => ({ pod, membership: membershipOf(map, pod.metadata?.name ?? '') }))
    .filter(({ pod, membership }) =>
      membership === undefined
        ? pod.metadata?.labels?.[LABELS.role] !== undefined
        : !hasLabels(pod, memberLabels(cluster, membership)),
    )
    .toSorted((a, b) => Number(a.membership?.role === 'primary') - Number(b.membership?.role === 'primary'));
}

/** Whether a pod has every one of the labels. */
export function hasLabels(pod: V1Pod, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([name, value]) => pod.metadata?.labels?.[name] === value);
}

/** Corrects the labels of all pods of a cluster, and returns the pods that were changed. */
export async function labelPods(input: LabelInput, signal: AbortSignal): Promise<readonly V1Pod[]> {
  const { client, cluster, observed, map, refusals } = input;
  const strays = await findStrays(input, signal);
  const { name } = cluster.metadata;
  const changes = decideLabelChanges(name, map, [...observed.pods, ...strays]);
  const relabelled: V1Pod[] = [];
  for (const [number, ofShard] of Map.groupBy(changes, ({ membership }) => membership?.number)) {
    // All of a shard or none: a role that could not be taken away is not given to another.
    await refusals.attempt(
      number === undefined ? 'the labels of pods' : `pods of shard ${number}`,
      async () => {
        for (const change of ofShard) {
          relabelled.push(await writeLabels(client, name, change, signal));
        }
      },
    );
  }
  return relabelled;
}

/**
 * Members that no cache shows though their StatefulSet should have made them: one that lost the label of the
 * cluster is let go by its StatefulSet, which cannot make another of that name.
 */
async function findStrays(
  { client, cluster, observed, map, refusals }: LabelInput,
  signal: AbortSignal,
): Promise<V1Pod[]> {
  const seen = new Set(observed.pods.map(({ metadata }) => metadata?.name ?? ''));
  const strays: V1Pod[] = [];
  for (const shard of map.shards) {
    const set = observed.statefulSets.find(({ metadata }) => metadata?.name === shard.name);
    const replicas = set?.spec?.replicas ?? 0;
    for (const name of membersOf(shard)) {
      const ordinal = ordinalOf(cluster.metadata.name, shard.number, name);
      if (seen.has(name) || ordinal === undefined || ordinal >= replicas) {
        continue;
      }
      const key = { namespace: cluster.metadata.namespace, name };
      const pod = await refusals.attempt(`Pod ${name}`, () => client.get(pods, key, signal));
      if (pod !== undefined && isMemberByNature(pod, shard.name)) {
        strays.push(pod);
      }
    }
  }
  return strays;
}

function membersOf({ primary, replicas }: ShardMapShard): string[] {
  return [...(primary === null ? [] : [primary]), ...replicas];
}

/** Whether a pod of a member's name is that member, labels aside: its StatefulSet's, or a user of its volume. */
function isMemberByNature(pod: V1Pod, shardName: string): boolean {
  const controller = controllerOf(pod);
  if (controller !== undefined) {
    return controller.kind === 'StatefulSet' && controller.name === shardName;
  }
  const claim = `${DATA_VOLUME}-${pod.metadata?.name ?? ''}`;
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
