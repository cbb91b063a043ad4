import type { KubernetesObject, ManagedFieldsEntry } from '../objects.ts';

/** A set of fields as the API server writes it: keys `f:`, `k:`, `v:`, `i:` and `.`, each with a set below. */
export interface FieldsV1 {
  readonly [key: string]: FieldsV1;
}

/** What one field manager owns of an object through server-side apply. */
export interface OwnedFields {
  readonly apiVersion: string | undefined;
  readonly fields: FieldsV1;
}

/** The sets kept apart, as text: a tree of small objects takes several times the memory. */
interface KeptFields {
  readonly manager: string;
  readonly bySubresource: ReadonlyMap<
    string,
    { readonly apiVersion: string | undefined; readonly json: string }
  >;
}

const kept = new WeakMap<KubernetesObject, KeptFields>();

/**
 * The object without its managedFields, which often outweigh the rest; what `fieldManager` applied stays
 * reachable through {@link fieldsOwnedBy} for as long as this very object is in use.
 */
export function withoutManagedFields<T extends KubernetesObject>(object: T, fieldManager?: string): T {
  const { managedFields, ...metadata } = object.metadata ?? {};
  const slim = { ...object, metadata };
  if (fieldManager !== undefined) {
    const entries = (managedFields ?? []).filter((entry) => isAppliedBy(entry, fieldManager));
    kept.set(slim, {
      manager: fieldManager,
      bySubresource: new Map(
        entries.map((entry) => [
          entry.subresource ?? '',
          { apiVersion: entry.apiVersion, json: JSON.stringify(entry.fieldsV1 ?? {}) },
        ]),
      ),
    });
  }
  return slim;
}

/**
 * The fields `fieldManager` owns of the object or its subresource through apply; `undefined` when it owns none or
 * when that is not known, as for a copy of a cached object.
 */
export function fieldsOwnedBy(
  object: KubernetesObject,
  fieldManager: string,
  subresource = '',
): OwnedFields | undefined {
  const entry = object.metadata?.managedFields?.find(
    (candidate) => isAppliedBy(candidate, fieldManager) && (candidate.subresource ?? '') === subresource,
  );
  if (entry?.fieldsV1 !== undefined) {
    return { apiVersion: entry.apiVersion, fields: entry.fieldsV1 as FieldsV1 };
  }
  const remembered = kept.get(object);
  const text = remembered?.manager === fieldManager ? remembered.bySubresource.get(subresource) : undefined;
  return text === undefined
    ? undefined
    : { apiVersion: text.apiVersion, fields: JSON.parse(text.json) as FieldsV1 };
}

function isAppliedBy(entry: ManagedFieldsEntry, fieldManager: string): boolean {
  return entry.manager === fieldManager && entry.operation === 'Apply';
}
