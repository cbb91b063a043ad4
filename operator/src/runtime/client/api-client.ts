import type { KubernetesObject, ObjectKey, ResourceType } from '../objects.ts';

/** Which objects a list or watch covers. */
export interface Selection {
  /** All namespaces when absent. */
  readonly namespace?: string | undefined;
  /** Kubernetes label selector syntax, such as `a=b,c in (d,e)`. */
  readonly labelSelector?: string | undefined;
  /** Kubernetes field selector syntax, such as `metadata.name=x`. */
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection {
  /** Most objects in one page; without it the server sends everything at once. */
  readonly limit?: number | undefined;
  /** From the page before; the other options must be the same as then. */
  readonly continueToken?: string | undefined;
  /** `'0'` accepts any state the server has cached; absent means the newest. */
  readonly resourceVersion?: string | undefined;
}

/** One page of a list. */
export interface ListPage<T> {
  /** Each with `apiVersion` and `kind` filled, which the API server leaves out of lists. */
  readonly items: readonly T[];
  /** The state the list shows; a watch may start here. */
  readonly resourceVersion: string;
  /** Present when there are more pages. */
  readonly continueToken?: string | undefined;
}

export interface WatchOptions extends Selection {
  /** Where to start: of a list, or the last seen. */
  readonly resourceVersion: string;
  /** How long the server keeps the watch open, in seconds. */
  readonly timeoutSeconds: number;
  /**
   * A watch without a byte for this long is given up, in milliseconds. Servers send a bookmark every minute.
   * @default timeoutSeconds and half a minute
   */
  readonly silenceMilliseconds?: number | undefined;
}

/** What a watch reports. Errors are thrown instead. */
export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export interface ReplaceOptions {
  readonly subresource?: 'status' | undefined;
}

export interface ApplyOptions {
  /** Name under which the API server records the fields set. */
  readonly fieldManager: string;
  /** Take fields over from other managers instead of failing with `Conflict`. */
  readonly force: boolean;
  readonly subresource?: 'status' | undefined;
  /** Run everything but the storing. */
  readonly dryRun?: boolean | undefined;
}

export interface MergePatchOptions {
  readonly subresource?: 'status' | 'scale' | undefined;
}

export interface DeleteOptions {
  /** Delete only the object with this uid; otherwise `Conflict`. */
  readonly uid?: string | undefined;
  /** Delete only in this state; otherwise `Conflict`. */
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
}

/**
 * The API server, as this library uses it. Failures are `ApiError`s; an abort by the caller's signal rejects
 * with the signal's reason. Requests that cannot have taken effect twice are safe to repeat by the caller;
 * nothing is repeated in here except where the server said it refused before acting (429).
 */
export interface ApiClient {
  /** The object, or `undefined` when there is none. */
  get<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<T | undefined>;
  /** One page. A continue token that is too old fails with `Gone`. */
  list<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListPage<T>>;
  /**
   * Changes after `resourceVersion`, bookmarks among them. Ends when the server closes the watch in order;
   * throws `Gone` when the start is no longer available, `Unavailable` when the connection broke.
   */
  watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
  /** Fails with `AlreadyExists` when the name is taken. */
  create<T extends KubernetesObject>(type: ResourceType<T>, object: T, signal: AbortSignal): Promise<T>;
  /** PUT. With `metadata.resourceVersion` it fails with `Conflict` when the object has changed since. */
  replace<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options: ReplaceOptions,
    signal: AbortSignal,
  ): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options: ApplyOptions,
    signal: AbortSignal,
  ): Promise<T>;
  /** JSON merge patch (RFC 7396). With `metadata.resourceVersion` in it the patch is conditional. */
  mergePatch<T extends KubernetesObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: unknown,
    options: MergePatchOptions,
    signal: AbortSignal,
  ): Promise<T>;
  /** False when there was nothing to delete. True also while finalizers keep the object. */
  delete(
    type: ResourceType<KubernetesObject>,
    key: ObjectKey,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<boolean>;
}
