import type { V1Pod } from '@kubernetes/client-node';
import type { Role, ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { FIELD_MANAGER, LABELS } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import { pods } from '../../runtime/resources.ts';
import { typeMeta } from './resources/desired-object.ts';

/** A pod whose role label is wrong. */
export interface RoleChange {
  readonly pod: V1Pod;
  /** `undefined` for a pod that has no role. */
  readonly role: Role | undefined;
}

/** The role the map gives to a pod; `undefined` when the pod is no member of any shard. */
export function roleOf(map: ShardMapSpec, pod: string): Role | undefined {
  for (const { primary, replicas } of map.shards) {
    if (primary === pod) {
      return 'primary';
    }
    if (replicas.includes(pod)) {
      return 'replica';
    }
  }
  return undefined;
}

/**
 * Which labels must change so that the Services lead where the map says. A label that is taken away comes before
 * one that is given, or a Service would lead to two primaries in between.
 */
export function decideRoleChanges(map: ShardMapSpec, members: readonly V1Pod[]): RoleChange[] {
  return members
    .filter((pod) => !isBeingDeleted(pod))
    .map((pod) => ({ pod, role: roleOf(map, pod.metadata?.name ?? '') }))
    .filter(({ pod, role }) => pod.metadata?.labels?.[LABELS.role] !== role)
    .toSorted((a, b) => Number(a.role === 'primary') - Number(b.role === 'primary'));
}

/** Writes role labels. Fails with `Conflict` or `NotFound` when a pod has gone or been replaced. */
export async function writeRoleLabels(
  client: ApiClient,
  changes: readonly RoleChange[],
  signal: AbortSignal,
): Promise<void> {
  for (const { pod, role } of changes) {
    // Without the uid, an apply to a pod that has just gone would try to create one.
    const { uid } = pod.metadata ?? {};
    const key = keyOf(pod);
    if (role === undefined) {
      // An apply would leave a label alone that somebody else has set.
      await client.mergePatch(pods, key, { metadata: { uid, labels: { [LABELS.role]: null } } }, {}, signal);
      continue;
    }
    const metadata = { ...key, ...(uid === undefined ? {} : { uid }), labels: { [LABELS.role]: role } };
    const options = { fieldManager: FIELD_MANAGER, force: true };
    await client.apply(pods, { ...typeMeta(pods), metadata }, options, signal);
  }
}
