import { createHash } from 'node:crypto';
import { FIELD_MANAGER } from '../../api/v1alpha1/index.ts';
import type { ApiClient } from '../../runtime/client/api-client.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { isBeingDeleted, keyOf } from '../../runtime/objects.ts';
import type { DesiredObject } from './resources/desired-object.ts';

/**
 * Kinds of which an object can be made again as it was: all that is in one is desired, the passwords in a Secret
 * included, which are read before.
 */
const REPLACEABLE_KINDS: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Deployment',
  'PodDisruptionBudget',
  'Role',
  'RoleBinding',
  'Secret',
  'Service',
  'ServiceAccount',
]);

/**
 * Deletes an object that an edit has made impossible to change, such as an immutable ConfigMap or a budget with
 * two contradicting limits, so that it can be made again. Tells whether it did: nothing is deleted unless the API
 * server would accept what is desired under another name, since otherwise what is desired is at fault.
 */
export async function deleteUnchangeable(
  client: ApiClient,
  { type, object }: DesiredObject,
  live: KubernetesObject,
  signal: AbortSignal,
): Promise<boolean> {
  if (!REPLACEABLE_KINDS.has(type.kind) || isBeingDeleted(live)) {
    return false;
  }
  const trial = { ...object, metadata: { ...object.metadata, name: trialName(keyOf(live).name) } };
  await client.apply(type, trial, { fieldManager: FIELD_MANAGER, force: true, dryRun: true }, signal);
  return client.delete(type, keyOf(live), { uid: live.metadata?.uid }, signal);
}

/** A name that nobody else has, valid for every kind. */
function trialName(name: string): string {
  return `trial-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
