import { createHash } from 'node:crypto';
import type { JsonMap } from './apply/json.ts';
import { canonicalText, toJson, withoutEmptyMetadata } from './apply/json.ts';
import { ownedFieldsEqual } from './apply/owned-equality.ts';
import { projectOnto } from './apply/projection.ts';
import { fieldsOwnedBy } from './cache/owned-fields.ts';
import type { ApiClient } from './client/api-client.ts';
import type { KubernetesObject, ResourceType } from './objects.ts';
import { apiVersionOf } from './objects.ts';

export interface ApplierOptions {
  readonly client: ApiClient;
  /** Name under which the API server records the fields set. */
  readonly fieldManager: string;
}

/** What an apply did. */
export interface Applied<T> {
  /** Whether a request was sent and had an effect. */
  readonly changed: boolean;
  /** The object as it now is: the server's answer, or `live` when nothing was sent. */
  readonly object: T;
}

/** Server-side apply that keeps quiet when there is nothing to do. */
export interface Applier {
  /**
   * Makes the live object agree with `desired` in every field `desired` sets, and removes fields that an
   * earlier apply set and this one does not. `live` is the object as last seen: as long as the fields we own
   * in it equal `desired`, nothing is sent. Fields of other managers are left alone, except that a field in
   * `desired` is taken over. Members of `desired` that are null or undefined count as absent. Throws `TypeError`
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

/** Objects remembered. The oldest go first; forgetting costs one request that changes nothing. */
const MEMORY_SIZE = 10_000;

/**
 * An object is left alone when either holds:
 * - what is desired is what this applier applied last, and the owned fields and their values are as the server
 *   answered then. This sees through defaults inside atomic values, dropped zero values and rewritten notations;
 * - the owned fields equal the desired ones, field by field, which needs no memory.
 */
export function createApplier({ client, fieldManager }: ApplierOptions): Applier {
  const memories = new Map<string, Memory>();

  const remember = (uid: string | undefined, memory: Memory): void => {
    if (uid === undefined) {
      return;
    }
    memories.delete(uid);
    memories.set(uid, memory);
    const [oldest] = memories.keys();
    if (memories.size > MEMORY_SIZE && oldest !== undefined) {
      memories.delete(oldest);
    }
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

  return {
    async apply(type, desired, live, signal) {
      const document = toJson({ ...desired, apiVersion: apiVersionOf(type), kind: type.kind });
      const wanted = withoutEmptyMetadata(document);
      if (type.kind === 'Secret' && type.group === '' && 'stringData' in wanted) {
        throw new TypeError('a Secret is applied with data, not stringData');
      }
      const desiredDigest = digest(canonicalText(wanted));
      if (live !== undefined && isUpToDate(live, wanted, desiredDigest)) {
        return { changed: false, object: live };
      }
      const body = wanted as KubernetesObject as typeof desired;
      const object = await client.apply(type, body, { fieldManager, force: true }, signal);
      remember(object.metadata?.uid, {
        desired: desiredDigest,
        outcome: outcomeDigest(object, fieldManager),
        seenBefore: live?.metadata?.resourceVersion,
      });
      return { changed: live?.metadata?.resourceVersion !== object.metadata?.resourceVersion, object };
    },
  };
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
