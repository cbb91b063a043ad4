import type { ApiClient } from '../client/api-client.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { RuntimeMetrics } from '../metrics/metrics.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from '../objects.ts';

/** A change of the cache. */
export type Change<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };

/** Called with every change, in order per object. It must only take note; what it throws is logged. */
export type ChangeHandler<T> = (change: Change<T>) => void;

/** Finds the values under which an object is listed in an index. */
export type Indexer<T> = (object: T) => readonly string[];

/** A local, indexed copy of the objects of one type, kept up to date by list and watch. */
export interface Informer<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  /** The object as last seen, which may be out of date. Never change it. */
  get(key: ObjectKey): T | undefined;
  /** Every object, of one namespace if given. */
  list(namespace?: string): readonly T[];
  /** Objects for which the indexer of that name returned `value`. Throws `TypeError` for an unknown index. */
  byIndex(name: string, value: string): readonly T[];
  /** Whether the first list is complete. */
  hasSynced(): boolean;
  /**
   * Calls `handler` with every change from now on, and first, as additions, with what is cached already.
   * Returns the means to stop that.
   */
  onChange(handler: ChangeHandler<T>): () => void;
  /** Resolves when the first list is complete; rejects with the signal's reason. */
  whenSynced(signal: AbortSignal): Promise<void>;
  /** Lists and watches until the signal aborts, then resolves. Failures are retried, never thrown. */
  run(signal: AbortSignal): Promise<void>;
}

export interface InformerOptions<T extends KubernetesObject> {
  readonly client: ApiClient;
  readonly type: ResourceType<T>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default none */
  readonly metrics?: RuntimeMetrics;
  /** Uniform in [0, 1); jitters delays. @default Math.random */
  readonly random?: () => number;
  /** Namespaces to watch, each with a watch of its own. @default all, with one watch */
  readonly namespaces?: readonly string[];
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Indexes by name. */
  readonly indexers?: Readonly<Record<string, Indexer<T>>>;
  /** Objects per page of a list. @default 500 */
  readonly pageSize?: number;
  /** Keep which fields this field manager owns, for the applier; the rest of managedFields is dropped. */
  readonly fieldManager?: string;
  /** Freeze cached objects deeply, so that a change of one throws. Costs time; for tests. @default false */
  readonly freeze?: boolean;
}

export declare function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T>;
