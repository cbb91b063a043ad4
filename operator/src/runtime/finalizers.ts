import type { ApiClient } from './client/api-client.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { keyOf } from './objects.ts';

/** Whether the object is kept from vanishing by `finalizer`. */
export function hasFinalizer(object: KubernetesObject, finalizer: string): boolean {
  return object.metadata?.finalizers?.includes(finalizer) ?? false;
}

/**
 * Makes sure `finalizer` is on the object; sends nothing when it is. Fails with `Conflict` when the object
 * has changed since it was read, since the patch would undo another's change of the list.
 */
export async function addFinalizer<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<T> {
  if (hasFinalizer(object, finalizer)) {
    return object;
  }
  const finalizers = [...(object.metadata?.finalizers ?? []), finalizer];
  return patchFinalizers(client, type, object, finalizers, signal);
}

/**
 * Takes `finalizer` off; sends nothing when it is not there. The object may be gone afterwards. Fails with
 * `Conflict` when the object has changed since it was read and `NotFound` when it has vanished.
 */
export async function removeFinalizer<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  object: T,
  finalizer: string,
  signal: AbortSignal,
): Promise<T> {
  if (!hasFinalizer(object, finalizer)) {
    return object;
  }
  const finalizers = (object.metadata?.finalizers ?? []).filter((name) => name !== finalizer);
  return patchFinalizers(client, type, object, finalizers, signal);
}

async function patchFinalizers<T extends KubernetesObject>(
  client: ApiClient,
  type: ResourceType<T>,
  object: T,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<T> {
  const { uid, resourceVersion } = object.metadata ?? {};
  return client.mergePatch(
    type,
    keyOf(object),
    { metadata: { uid, resourceVersion, finalizers } },
    {},
    signal,
  );
}
