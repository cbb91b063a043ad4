import type { V1Pod } from '@kubernetes/client-node';
import type { Role, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { shardLabels } from './resources/labels.ts';

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
 * one that is given, or a Service would lead to two primaries in between. A pod that is being deleted counts: the
 * Service of the primary publishes it until it is gone.
 */
export function decideLabelChanges(
  cluster: string,
  map: ShardMapSpec,
  members: readonly V1Pod[],
): LabelChange[] {
  return members
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
