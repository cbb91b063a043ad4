import { aborted, withScope } from '../abort.ts';
import type { Json, JsonMap } from '../apply/json.ts';
import { canonicalText, isMap, toJson } from '../apply/json.ts';
import type { FieldsV1 } from '../cache/owned-fields.ts';
import { fieldsOwnedBy } from '../cache/owned-fields.ts';
import type {
  ApiClient,
  ApplyOptions,
  DeleteOptions,
  ListOptions,
  ListPage,
  MergePatchOptions,
  ReplaceOptions,
  WatchEvent,
  WatchOptions,
} from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesObject, ManagedFieldsEntry, ObjectKey, ResourceType } from '../objects.ts';
import { apiVersionOf, formatKey, keyOf } from '../objects.ts';
import { fieldsOf, mergeApplied, unchangedFields } from './field-ownership.ts';
import { mergePatchJson } from './merge-patch.ts';
import { isSelected } from './selectors.ts';
import { WatchHub } from './watch-hub.ts';

/** A request the fake has received. */
export interface RecordedRequest {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'replace' | 'apply' | 'mergePatch' | 'delete';
  readonly kind: string;
  /** `namespace/name`, for requests about one object. */
  readonly key?: string | undefined;
}

/**
 * An API server in memory, for unit tests: resourceVersions, conflicts, finalizers, paging, watches, compaction,
 * merge patch and a simple server-side apply. Schemas, defaults, admission and other controllers are absent.
 */
export class FakeApiServer implements ApiClient {
  /** Every request, oldest first. */
  readonly requests: RecordedRequest[] = [];
  /** Called before each request; what it throws the request fails with. */
  beforeRequest: ((request: RecordedRequest) => void | Promise<void>) | undefined;
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, KubernetesObject>>();
  readonly #hub = new WatchHub();
  readonly #pages = new Map<
    string,
    { readonly items: readonly KubernetesObject[]; readonly revision: number }
  >();
  #revision = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of open watches. */
  get openWatches(): number {
    return this.#hub.size;
  }

  /** Forgets the past: watches from before fail with `Gone`, and so do continue tokens. */
  compact(): void {
    this.#hub.compact(this.#revision);
    this.#pages.clear();
  }

  /** Sends a bookmark to every watch. */
  sendBookmarks(): void {
    this.#hub.bookmark(String(this.#revision));
  }

  /** Ends every watch: in order, or with the error given. */
  endWatches(error?: ApiError): void {
    this.#hub.end(error);
  }

  async get<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    await this.#begin('get', type, formatKey(key), signal);
    const object = this.#collection(type).get(formatKey(key));
    return object === undefined ? undefined : (structuredClone(object) as T);
  }

  async list<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListPage<T>> {
    await this.#begin('list', type, undefined, signal);
    const { continueToken, limit = Infinity } = options;
    const started = continueToken === undefined ? undefined : this.#pages.get(continueToken);
    if (continueToken !== undefined && started === undefined) {
      throw new ApiError('Gone', 410, 'the provided continue parameter is too old');
    }
    const { items, revision } = started ?? {
      items: [...this.#collection(type).values()].filter((object) => isSelected(object, options)),
      revision: this.#revision,
    };
    const rest = items.slice(limit);
    const nextToken = rest.length === 0 ? undefined : `${revision}-${rest.length}-${type.plural}`;
    if (nextToken !== undefined) {
      this.#pages.set(nextToken, { items: rest, revision });
    }
    return {
      items: structuredClone(items.slice(0, limit)) as T[],
      resourceVersion: String(revision),
      continueToken: nextToken,
    };
  }

  async *watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>> {
    await this.#begin('watch', type, undefined, signal);
    const events = this.#hub.watch(resourceOf(type), options, Number(options.resourceVersion), signal);
    yield* events as AsyncGenerator<WatchEvent<T>>;
  }

  async create<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#begin('create', type, formatKey(keyOf(object)), signal);
    this.#requireNamespace(type, keyOf(object));
    if (this.#collection(type).has(formatKey(keyOf(object)))) {
      throw new ApiError('AlreadyExists', 409, `${type.plural} "${keyOf(object).name}" already exists`);
    }
    return this.#store(type, undefined, this.#fresh(type, object));
  }

  async replace<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options: ReplaceOptions,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#begin('replace', type, formatKey(keyOf(object)), signal);
    const live = this.#require(type, keyOf(object));
    return this.#update(type, live, asMap(object), options.subresource);
  }

  async apply<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#begin('apply', type, formatKey(keyOf(object)), signal);
    this.#requireNamespace(type, keyOf(object));
    const live = this.#collection(type).get(formatKey(keyOf(object))) as T | undefined;
    if (object.metadata?.uid !== undefined && object.metadata.uid !== live?.metadata?.uid) {
      throw new ApiError('Conflict', 409, `${type.plural} "${keyOf(object).name}": uid mismatch`);
    }
    const desired = toJson({ ...object, apiVersion: apiVersionOf(type), kind: type.kind });
    const base: KubernetesObject = live ?? this.#fresh(type, { metadata: keyOf(object) } as T);
    const before = fieldsOwnedBy(base, options.fieldManager, options.subresource)?.fields ?? {};
    const merged = mergeApplied(asMap(base), desired, before) as JsonMap;
    const owned = recordedFields(desired);
    const managedFields = [
      ...othersOwning(base, merged, options),
      {
        manager: options.fieldManager,
        operation: 'Apply',
        apiVersion: apiVersionOf(type),
        fieldsType: 'FieldsV1',
        fieldsV1: owned,
        ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
      },
    ];
    const next = withMetadata(merged, {
      managedFields: managedFields as unknown as Json,
    }) as KubernetesObject as T;
    if (options.dryRun === true) {
      return next;
    }
    if (live === undefined) {
      return this.#store(type, undefined, next);
    }
    return canonicalText(asMap(live)) === canonicalText(asMap(next))
      ? structuredClone(live)
      : this.#store(type, live, next);
  }

  async mergePatch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: unknown,
    options: MergePatchOptions,
    signal: AbortSignal,
  ): Promise<T> {
    await this.#begin('mergePatch', type, formatKey(key), signal);
    const live = this.#require(type, key);
    const patched = mergePatchJson(asMap(live), JSON.parse(JSON.stringify(patch)) as Json);
    return this.#update(type, live, patched as JsonMap, options.subresource);
  }

  async delete(
    type: ResourceType<KubernetesObject>,
    key: ObjectKey,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<boolean> {
    await this.#begin('delete', type, formatKey(key), signal);
    const live = this.#collection(type).get(formatKey(key));
    if (live === undefined) {
      return false;
    }
    const { uid, resourceVersion } = live.metadata ?? {};
    if (
      (options.uid !== undefined && options.uid !== uid) ||
      (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    ) {
      throw new ApiError('Conflict', 409, 'the precondition of the deletion does not hold');
    }
    if ((live.metadata?.finalizers ?? []).length === 0) {
      this.#remove(type, live);
    } else if (live.metadata?.deletionTimestamp === undefined) {
      this.#store(type, live, withMetadata(asMap(live), { deletionTimestamp: this.#timestamp() }));
    }
    return true;
  }

  async #begin(
    verb: RecordedRequest['verb'],
    type: ResourceType<KubernetesObject>,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const request: RecordedRequest = { verb, kind: type.kind, key };
    this.requests.push(request);
    await unlessAborted(this.beforeRequest?.(request), signal);
  }

  #collection(type: ResourceType<KubernetesObject>): Map<string, KubernetesObject> {
    const resource = resourceOf(type);
    const objects = this.#objects.get(resource) ?? new Map<string, KubernetesObject>();
    this.#objects.set(resource, objects);
    return objects;
  }

  #require<T extends KubernetesObject>(type: ResourceType<T>, key: ObjectKey): T {
    const live = this.#collection(type).get(formatKey(key));
    if (live === undefined) {
      const details = { name: key.name };
      throw new ApiError('NotFound', 404, `${type.plural} "${key.name}" not found`, { details });
    }
    return live as T;
  }

  #requireNamespace(type: ResourceType<KubernetesObject>, key: ObjectKey): void {
    if (type.namespaced !== (key.namespace !== undefined)) {
      throw new TypeError(`${type.kind} ${key.name}: namespace missing or out of place`);
    }
  }

  #fresh<T extends KubernetesObject>(type: ResourceType<T>, object: T): T {
    return withMetadata(
      { ...asMap(object), apiVersion: apiVersionOf(type), kind: type.kind },
      { uid: crypto.randomUUID(), creationTimestamp: this.#timestamp(), generation: 1 },
    ) as KubernetesObject as T;
  }

  /** Writes by replace and patch: conditional on the resourceVersion, and to the part the subresource covers. */
  #update<T extends KubernetesObject>(
    type: ResourceType<T>,
    live: T,
    wanted: JsonMap,
    subresource: 'status' | 'scale' | undefined,
  ): T {
    const metadata = isMap(wanted['metadata']) ? wanted['metadata'] : {};
    const current = asMap(live);
    for (const field of ['resourceVersion', 'uid'] as const) {
      if (metadata[field] !== undefined && metadata[field] !== live.metadata?.[field]) {
        throw new ApiError(
          'Conflict',
          409,
          `${type.plural} "${keyOf(live).name}": the object has been modified`,
        );
      }
    }
    const kept = subresource === undefined ? pick(current, 'status') : current;
    const written =
      subresource === undefined ? wanted : pick(wanted, subresource === 'scale' ? 'spec' : 'status');
    const { uid, creationTimestamp, generation, deletionTimestamp, resourceVersion, managedFields } = asMap(
      live.metadata ?? {},
    );
    const server = withoutUndefined({
      uid,
      creationTimestamp,
      generation,
      deletionTimestamp,
      resourceVersion,
      managedFields,
    });
    const merged = withMetadata({ ...written, ...(subresource === undefined ? kept : {}) }, server);
    const next = subresource === undefined ? merged : { ...kept, ...written };
    if (canonicalText(next) === canonicalText(current)) {
      return structuredClone(live);
    }
    const owners = appliersOwning(live, next);
    const stored = withMetadata(next, {
      managedFields: owners as unknown as Json,
    }) as KubernetesObject as T;
    const isFinished = deletionTimestamp !== undefined && (stored.metadata?.finalizers ?? []).length === 0;
    return isFinished ? this.#remove(type, stored) : this.#store(type, live, stored);
  }

  #store<T extends KubernetesObject>(type: ResourceType<T>, before: T | undefined, object: T): T {
    this.#revision += 1;
    const changesSpec =
      before !== undefined && canonicalText(specOf(asMap(before))) !== canonicalText(specOf(asMap(object)));
    const generation = (before?.metadata?.generation ?? 0) + (before === undefined || changesSpec ? 1 : 0);
    const stored = withMetadata(asMap(object), {
      resourceVersion: String(this.#revision),
      generation,
    }) as KubernetesObject as T;
    this.#collection(type).set(formatKey(keyOf(stored)), stored);
    this.#hub.record({ revision: this.#revision, resource: resourceOf(type), before, after: stored });
    return structuredClone(stored);
  }

  #remove<T extends KubernetesObject>(type: ResourceType<T>, object: T): T {
    this.#revision += 1;
    this.#collection(type).delete(formatKey(keyOf(object)));
    this.#hub.record({
      revision: this.#revision,
      resource: resourceOf(type),
      before: object,
      after: undefined,
    });
    return structuredClone(object);
  }

  #timestamp(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

/** Waits for what may hang, as long as the caller does. */
async function unlessAborted(work: void | Promise<void>, signal: AbortSignal): Promise<void> {
  if (work !== undefined) {
    await withScope(signal, (scope) => Promise.race([work, aborted(scope)]));
  }
  signal.throwIfAborted();
}

function resourceOf(type: ResourceType<KubernetesObject>): string {
  return `${type.group}/${type.plural}`;
}

/** The document as it is stored: a null stays, as where a schema says that the field is nullable. */
function asMap(object: object): JsonMap {
  return JSON.parse(JSON.stringify(object)) as JsonMap;
}

function withMetadata(object: JsonMap, extra: JsonMap): JsonMap {
  const metadata = isMap(object['metadata']) ? object['metadata'] : {};
  return { ...object, metadata: { ...metadata, ...extra } };
}

function withoutUndefined(members: Readonly<Record<string, Json | undefined>>): JsonMap {
  const present = Object.entries(members).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(present);
}

function pick(object: JsonMap, name: string): JsonMap {
  return withoutUndefined({ [name]: object[name] });
}

/** What a generation counts changes of. */
function specOf(object: JsonMap): JsonMap {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

/** The fields of an applied document that are recorded: not what every apply must name. */
function recordedFields(desired: JsonMap): FieldsV1 {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = desired;
  const { name: _name, namespace: _namespace, ...described } = isMap(metadata) ? metadata : {};
  return fieldsOf(Object.keys(described).length === 0 ? rest : { ...rest, metadata: described });
}

/** What appliers still own after a write by somebody else. */
function appliersOwning(before: KubernetesObject, after: JsonMap): readonly ManagedFieldsEntry[] {
  return (before.metadata?.managedFields ?? []).flatMap((entry) => {
    const fields = unchangedFields((entry.fieldsV1 ?? {}) as FieldsV1, asMap(before), after);
    return fields === undefined ? [] : [{ ...entry, fieldsV1: fields }];
  });
}

/** What other appliers still own after an apply; conflicts fail unless forced. */
function othersOwning(
  before: KubernetesObject,
  after: JsonMap,
  { fieldManager, force, subresource }: ApplyOptions,
): readonly ManagedFieldsEntry[] {
  const all = before.metadata?.managedFields ?? [];
  const others = all.filter((entry) => entry.manager !== fieldManager || entry.subresource !== subresource);
  const remaining = appliersOwning(
    { ...before, metadata: { ...before.metadata, managedFields: others } },
    after,
  );
  if (!force && canonicalText(others as unknown as Json) !== canonicalText(remaining as unknown as Json)) {
    throw new ApiError('Conflict', 409, 'apply conflicts with another field manager');
  }
  return remaining;
}
