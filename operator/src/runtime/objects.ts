/**
 * What every Kubernetes object has in common, and how a resource is named to the API server.
 *
 * Objects travel as the plain JSON the API server speaks. The classes of `@kubernetes/client-node` fit
 * structurally and serve as types, with two cautions: timestamps arrive as RFC 3339 strings even where those
 * types say `Date`, and the few properties those types rename (`_from`, `_default`, `_continue`) keep their
 * wire names.
 */

/** A reference from an object to the object that owns it. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** One field manager's record of the fields it set, as the API server keeps it. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: object;
  readonly subresource?: string;
}

/** Metadata of an object. Every field is optional, since drafts and partial objects lack most of them. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque: compare for equality, never order. */
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339 on the wire; `Date` is accepted for the sake of client-node's types. */
  readonly creationTimestamp?: string | Date;
  /** Set once deletion was asked for; the object stays until its finalizers are gone. */
  readonly deletionTimestamp?: string | Date;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** The part of an object this library relies on. */
export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

/** How a kind of object is addressed; carries the object's type to every call that takes it. */
export interface ResourceType<T extends KubernetesObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Plural name as it stands in URLs, lower case. */
  readonly plural: string;
  /** Whether objects live in a namespace. */
  readonly namespaced: boolean;
  /** Never set; ties the object's type to the resource for inference. */
  readonly objectType?: T;
}

/** Names one object of a known type. `namespace` is absent for cluster-scoped objects. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

/** Declares a resource, frozen. */
export function defineResource<T extends KubernetesObject>(
  resource: Omit<ResourceType<T>, 'objectType'>,
): ResourceType<T> {
  return Object.freeze({ ...resource });
}

/** `group/version`, or only the version for the core group. */
export function apiVersionOf(type: ResourceType<KubernetesObject>): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The key of an object that was read from the API server. Throws `TypeError` when it has no name. */
export function keyOf(object: KubernetesObject): ObjectKey {
  const { name, namespace } = object.metadata ?? {};
  if (name === undefined || name === '') {
    throw new TypeError(`${object.kind ?? 'object'} without metadata.name has no key`);
  }
  return namespace === undefined || namespace === '' ? { name } : { namespace, name };
}

/** `namespace/name`, or `name` for a cluster-scoped object. Neither part can contain a slash. */
export function formatKey(key: ObjectKey): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** Inverse of {@link formatKey}. */
export function parseKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** Whether deletion of the object was asked for. */
export function isBeingDeleted(object: KubernetesObject): boolean {
  return object.metadata?.deletionTimestamp !== undefined;
}
