import type { KubernetesObject, ManagedFieldsEntry } from '../objects.ts';
import type { FieldsV1 } from './owned-fields.ts';

/** Field managers that are part of Kubernetes: what they set is no edit. */
const CONTROLLERS: ReadonlySet<string> = new Set([
  'kube-controller-manager',
  'cloud-controller-manager',
  'kube-scheduler',
  'kubelet',
]);

/** Never foreign: anybody may annotate, templates included, where `kubectl rollout restart` does. */
const ANNOTATIONS = 'f:annotations';

const NONE: FieldsV1 = Object.freeze({});

/** As text, and only where there are any, which is hardly ever. */
const kept = new WeakMap<KubernetesObject, { readonly manager: string; readonly json: string }>();

/** Keeps the foreign fields of `object` reachable from `slim`, its copy without managedFields. */
export function keepForeignFields(slim: KubernetesObject, object: KubernetesObject, manager: string): void {
  const fields = foreignFieldsOf(object, manager);
  if (Object.keys(fields).length > 0) {
    kept.set(slim, { manager, json: JSON.stringify(fields) });
  }
}

/**
 * Fields that others than `manager` added to an object, metadata and status aside: an empty set below a field
 * means all of it. Only what a manager set is recorded, so neither defaults nor allocated values are among them; nor
 * what came through a sub-resource, from a controller of Kubernetes, or from a webhook during writes of `manager`,
 * which is recorded under its name.
 */
export function foreignFieldsOf(object: KubernetesObject, manager: string): FieldsV1 {
  const entries = object.metadata?.managedFields;
  if (entries === undefined) {
    const remembered = kept.get(object);
    return remembered?.manager === manager ? (JSON.parse(remembered.json) as FieldsV1) : NONE;
  }
  const ours = union(entries.filter((entry) => entry.manager === manager && isWhole(entry)));
  const theirs = union(
    entries.filter(
      (entry) => entry.manager !== manager && isWhole(entry) && !CONTROLLERS.has(entry.manager ?? ''),
    ),
  );
  const { 'f:metadata': _metadata, 'f:status': _status, ...fields } = theirs;
  return difference(fields, ours);
}

function isWhole({ subresource = '' }: ManagedFieldsEntry): boolean {
  return subresource === '';
}

function union(entries: readonly ManagedFieldsEntry[]): FieldsV1 {
  return entries.reduce<FieldsV1>((all, { fieldsV1 = {} }) => merge(all, fieldsV1 as FieldsV1), NONE);
}

function merge(first: FieldsV1, second: FieldsV1): FieldsV1 {
  const merged: Record<string, FieldsV1> = { ...first };
  for (const [key, below] of Object.entries(second)) {
    merged[key] = merge(first[key] ?? NONE, below);
  }
  return merged;
}

/** What is in `theirs` and not in `ours`; a field of which nothing is ours counts as a whole. */
function difference(theirs: FieldsV1, ours: FieldsV1): FieldsV1 {
  const rest: Record<string, FieldsV1> = {};
  for (const [key, below] of Object.entries(theirs)) {
    if (key === '.' || key === ANNOTATIONS) {
      continue;
    }
    const own = ours[key];
    const deeper = difference(below, own ?? NONE);
    const isLeaf = Object.keys(below).every((name) => name === '.');
    if (own === undefined && (isLeaf || Object.keys(deeper).length > 0)) {
      rest[key] = NONE;
    } else if (Object.keys(deeper).length > 0) {
      rest[key] = deeper;
    }
  }
  return rest;
}
