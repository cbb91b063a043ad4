import { createHash } from 'node:crypto';
import type { JsonMap } from './apply/json.ts';
import { canonicalText, toJson, withoutEmptyMetadata } from './apply/json.ts';
import { ownedFieldsEqual } from './apply/owned-equality.ts';
import { projectOnto } from './apply/projection.ts';
import { overlay, patchBetween, withoutFields } from './apply/removal.ts';
import { foreignFieldsOf } from './cache/foreign-fields.ts';
import type { FieldsV1 } from './cache/owned-fields.ts';
import { fieldsOwnedBy } from './cache/owned-fields.ts';
import type { ApiClient } from './client/api-client.ts';
import { isApiError } from './client/api-error.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { apiVersionOf, keyOf } from './objects.ts';

export interface ApplierOptions {
  readonly client: ApiClient;
  /** Name under which the API server records the fields set. */
  readonly fieldManager: string;
  /**
   * Top-level fields, such as `spec`, in which nobody else may add anything: what another field manager set there is
   * removed. Annotations are left alone, and so is what Kubernetes itself sets. @default none
   */
  readonly exclusive?: readonly string[];
}

/** What an apply did. */
export interface Applied<T> {
  /** Whether a request was sent and had an effect. */
  readonly changed: boolean;
  /** Whether it was changed back to what this applier has found or made it before: nothing else is desired now. */
  readonly isRepair: boolean;
  /** The object as it now is: the server's answer, or `live` when nothing was sent. */
  readonly object: T;
}

/** Server-side apply that keeps quiet when there is nothing to do. */
export interface Applier {
  /**
   * Makes the live object agree with `desired` in every field `desired` sets, and removes fields that an
   * earlier apply set and this one does not. `live` is the object as last seen: as long as the fields we own
   * in it equal `desired`, nothing is sent. A field in `desired` is taken over from other managers; further fields of
   * theirs are removed where they are excluded, and left alone elsewhere. Their removal fails with `Conflict` when
   * `live` is out of date. Members of `desired` that are null or undefined count as absent. Throws `TypeError`
   * for a Secret with `stringData`, which cannot be compared; write `data`.
   */
  apply<T extends KubernetesObject>(
    type: ResourceType<T>,
    desired: T,
    live: T | undefined,
    signal: AbortSignal,
  ): Promise<Applied<T>>;
}

/** What is remembered of the last apply to an object. */
interface Memory {
  /** Of what was desired. */
  readonly desired: string;
  /** Of the fields owned and their values, as the server answered. */
  readonly outcome: string | undefined;
  /** The state of the object that was seen before, which a lagging cache may show again. */
  readonly seenBefore: string | undefined;
}

/** What is remembered of the last removal of what others added. */
interface Removal {
  /** The state it was removed from, which a lagging cache may show again. */
  readonly resourceVersion: string | undefined;
  /** Of what came back; `undefined` when nothing did. */
  readonly text: string | undefined;
}

/** Objects remembered. The oldest go first; forgetting costs one request that changes nothing. */
const MEMORY_SIZE = 10_000;

/**
 * An object is left alone when either holds:
 * - what is desired is what this applier applied last, and the owned fields and their values are as the server
 *   answered then. This sees through defaults inside atomic values, dropped zero values and rewritten notations;
 * - the owned fields equal the desired ones, field by field, which needs no memory.
 */
export function createApplier({ client, fieldManager, exclusive = [] }: ApplierOptions): Applier {
  const memories = new Map<string, Memory>();
  const removals = new Map<string, Removal>();

  const remember = (uid: string | undefined, memory: Memory): void => {
    if (uid === undefined) {
      return;
    }
    put(memories, uid, memory);
  };

  const isUpToDate = (live: KubernetesObject, desired: JsonMap, desiredDigest: string): boolean => {
    const { uid, resourceVersion } = live.metadata ?? {};
    const memory = uid === undefined ? undefined : memories.get(uid);
    if (memory?.desired === desiredDigest) {
      const isSeenAgain = resourceVersion !== undefined && memory.seenBefore === resourceVersion;
      const outcome = outcomeDigest(live, fieldManager);
      if (isSeenAgain || (outcome !== undefined && outcome === memory.outcome)) {
        return true;
      }
    }
    const owned = fieldsOwnedBy(live, fieldManager);
    return (
      owned !== undefined &&
      owned.apiVersion === desired['apiVersion'] &&
      ownedFieldsEqual(owned.fields, desired, toJson(live))
    );
  };

  const intruding = (object: KubernetesObject): FieldsV1 => {
    const foreign = foreignFieldsOf(object, fieldManager);
    const keys = exclusive.map((name) => `f:${name}`);
    return Object.fromEntries(Object.entries(foreign).filter(([key]) => keys.includes(key)));
  };

  /**
   * The merge patch that removes what others added and sets what is in `wanted`, on condition that nothing has
   * changed; `undefined` when others added nothing.
   */
  const removalOf = (object: KubernetesObject, wanted: JsonMap = {}): JsonMap | undefined => {
    const fields = intruding(object);
    if (Object.keys(fields).length === 0) {
      return undefined;
    }
    const { uid, resourceVersion } = object.metadata ?? {};
    const json = toJson(object);
    const patch = patchBetween(json, overlay(withoutFields(json, fields) as JsonMap, wanted));
    if (uid === undefined || resourceVersion === undefined || Object.keys(patch).length === 0) {
      return undefined;
    }
    return { ...patch, metadata: { uid, resourceVersion } };
  };

  /** Removes what others added, once: what comes back by itself, as a default or by a webhook, is left. */
  const removeForeign = async <T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    signal: AbortSignal,
  ): Promise<T> => {
    const { uid = '', resourceVersion } = object.metadata ?? {};
    const patch = removalOf(object);
    if (patch === undefined) {
      return object;
    }
    const text = digest(canonicalText({ ...patch, metadata: {} }));
    const removal = removals.get(uid);
    if (removal?.text === text || removal?.resourceVersion === resourceVersion) {
      return object;
    }
    let cleaned = object;
    try {
      cleaned = await client.mergePatch(type, keyOf(object), patch, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'Invalid')) {
        throw error;
      }
    }
    const left = removalOf(cleaned);
    const leftText = left === undefined ? undefined : digest(canonicalText({ ...left, metadata: {} }));
    put(removals, uid, { resourceVersion, text: leftText });
    return cleaned;
  };

  /** What others added may contradict what is desired, so that only both together are valid. */
  const applyForced = async <T extends KubernetesObject>(
    type: ResourceType<T>,
    body: T,
    live: T | undefined,
    signal: AbortSignal,
  ): Promise<T> => {
    const options = { fieldManager, force: true };
    try {
      return await client.apply(type, body, options, signal);
    } catch (error) {
      const wanted = Object.entries(toJson(body)).filter(([name]) => exclusive.includes(name));
      const patch = live === undefined ? undefined : removalOf(live, Object.fromEntries(wanted));
      if (live === undefined || patch === undefined || !isApiError(error, 'Invalid')) {
        throw error;
      }
      await client.mergePatch(type, keyOf(live), patch, {}, signal);
      return client.apply(type, body, options, signal);
    }
  };

  return {
    async apply(type, desired, live, signal) {
      const document = toJson({ ...desired, apiVersion: apiVersionOf(type), kind: type.kind });
      const wanted = withoutEmptyMetadata(document);
      if (type.kind === 'Secret' && type.group === '' && 'stringData' in wanted) {
        throw new TypeError('a Secret is applied with data, not stringData');
      }
      const desiredDigest = digest(canonicalText(wanted));
      const isRepair = memories.get(live?.metadata?.uid ?? '')?.desired === desiredDigest;
      let applied = live;
      if (live === undefined || !isUpToDate(live, wanted, desiredDigest)) {
        const body = wanted as KubernetesObject as typeof desired;
        applied = await applyForced(type, body, live, signal);
      }
      if (applied === undefined) {
        throw new TypeError('an apply has no outcome');
      }
      const object = await removeForeign(type, applied, signal);
      if (object !== live || !isRepair) {
        remember(object.metadata?.uid, {
          desired: desiredDigest,
          outcome: outcomeDigest(object, fieldManager),
          seenBefore: object === live ? undefined : live?.metadata?.resourceVersion,
        });
      }
      const changed = live?.metadata?.resourceVersion !== object.metadata?.resourceVersion;
      return { changed, isRepair: changed && isRepair, object };
    },
  };
}

/** Puts a value last, and forgets the oldest beyond what is kept. */
function put<T>(values: Map<string, T>, key: string, value: T): void {
  values.delete(key);
  values.set(key, value);
  const [oldest] = values.keys();
  if (values.size > MEMORY_SIZE && oldest !== undefined) {
    values.delete(oldest);
  }
}

/** Equal for states of an object in which we own the same fields with the same values. */
function outcomeDigest(object: KubernetesObject, fieldManager: string): string | undefined {
  const owned = fieldsOwnedBy(object, fieldManager);
  if (owned === undefined) {
    return undefined;
  }
  return digest(`${owned.apiVersion} ${canonicalText(projectOnto(owned.fields, toJson(object)))}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
