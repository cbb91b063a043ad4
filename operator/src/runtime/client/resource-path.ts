import type { KubernetesObject, ObjectKey, ResourceType } from '../objects.ts';

/** Parameters of a query; those without a value are left out. */
export type QueryParameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** Path of all objects of a type, or of those in one namespace. */
export function collectionPath(type: ResourceType<KubernetesObject>, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  if (namespace === undefined) {
    return `${root}/${type.plural}`;
  }
  if (!type.namespaced) {
    throw new TypeError(`${type.kind} is not in a namespace, but ${namespace} was given`);
  }
  return `${root}/namespaces/${pathSegment(namespace)}/${type.plural}`;
}

/** Path of one object. Throws `TypeError` when the key does not suit the type. */
export function objectPath(
  type: ResourceType<KubernetesObject>,
  key: ObjectKey,
  subresource?: string,
): string {
  if (type.namespaced && key.namespace === undefined) {
    throw new TypeError(`${type.kind} ${key.name} needs a namespace`);
  }
  const path = `${collectionPath(type, key.namespace)}/${pathSegment(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Appends the parameters that have a value. */
export function withQuery(path: string, parameters: QueryParameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A name as one segment of a path. Refuses what would leave the segment, instead of asking for another object. */
function pathSegment(name: string): string {
  if (name === '' || name === '.' || name === '..') {
    throw new TypeError(`${JSON.stringify(name)} is not the name of an object`);
  }
  return encodeURIComponent(name);
}
