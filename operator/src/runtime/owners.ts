import type { KubernetesObject, ObjectKey, OwnerReference, ResourceType } from './objects.ts';
import { apiVersionOf } from './objects.ts';

/**
 * The reference that makes `owner` the controller of another object: garbage collection deletes that object
 * with it, and nothing else may call itself its controller. Throws `TypeError` when the owner has no uid,
 * that is, when it was not read from the API server.
 */
export function controllerReference<T extends KubernetesObject>(
  type: ResourceType<T>,
  owner: T,
): OwnerReference {
  const { name, uid } = owner.metadata ?? {};
  if (name === undefined || uid === undefined) {
    throw new TypeError(`${type.kind} without name and uid cannot own anything`);
  }
  return {
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The reference to the object's controller, if it has one. */
export function controllerOf(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((reference) => reference.controller === true);
}

/** Whether `owner` itself, and not a former object of the same name, controls `object`. */
export function isControlledBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  const uid = owner.metadata?.uid;
  return uid !== undefined && controllerOf(object)?.uid === uid;
}

/**
 * Maps an object to the key of its controller when that is of the given type (any version of the group);
 * for `controller.watch(informer, ownerKeys(type))`.
 */
export function ownerKeys<T extends KubernetesObject>(
  type: ResourceType<T>,
): (object: KubernetesObject) => ObjectKey[] {
  return (object) => {
    const reference = controllerOf(object);
    if (reference?.kind !== type.kind || groupOf(reference.apiVersion) !== type.group) {
      return [];
    }
    const namespace = object.metadata?.namespace;
    return [
      type.namespaced && namespace !== undefined
        ? { namespace, name: reference.name }
        : { name: reference.name },
    ];
  };
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
