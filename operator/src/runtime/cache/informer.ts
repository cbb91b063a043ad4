import { abortableWait } from '../abort.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { Clock } from '../clock.ts';
import { deepFreeze } from '../freeze.ts';
import type { Logger } from '../logger.ts';
import { errorFields } from '../logger.ts';
import type { ReflectorMetrics, RuntimeMetrics } from '../metrics/metrics.ts';
import { noMetrics } from '../metrics/metrics.ts';
import type { KubernetesObject, ObjectKey, ResourceType } from '../objects.ts';
import type { Change, ChangeHandler, Indexer } from './change.ts';
import { keepForeignFields } from './foreign-fields.ts';
import { withoutManagedFields } from './owned-fields.ts';
import type { ReflectorSink } from './reflector.ts';
import { runReflector } from './reflector.ts';
import { ObjectStore } from './store.ts';

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
  /**
   * Give a watch up after this long without a byte, in milliseconds. Must exceed the minute between bookmarks.
   * @default 150000
   */
  readonly silenceMilliseconds?: number;
  /**
   * Keep which fields this field manager owns and which others added, for the applier; the rest of managedFields is
   * dropped.
   */
  readonly fieldManager?: string;
  /** Freeze cached objects deeply, so that a change of one throws. Costs time; for tests. @default false */
  readonly freeze?: boolean;
}

/** Creates an informer; nothing is sent before `run`. */
export function createInformer<T extends KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  return new ReflectingInformer(options);
}

const DEFAULT_PAGE_SIZE = 500;
/** Two bookmarks, one a minute, have stayed away, and some. */
const DEFAULT_SILENCE_MILLISECONDS = 150_000;

class ReflectingInformer<T extends KubernetesObject> implements Informer<T> {
  readonly type: ResourceType<T>;
  readonly #options: InformerOptions<T>;
  readonly #logger: Logger;
  readonly #metrics: ReflectorMetrics;
  readonly #store: ObjectStore<T>;
  readonly #handlers = new Set<ChangeHandler<T>>();
  /** Selections whose first list is not complete; `undefined` stands for all namespaces. */
  readonly #unsynced: Set<string | undefined>;
  readonly #syncWaiters = new Set<() => void>();
  #running = false;

  constructor(options: InformerOptions<T>) {
    this.type = options.type;
    this.#options = options;
    this.#logger = options.logger.child({ resource: options.type.plural });
    this.#metrics = (options.metrics ?? noMetrics).reflector(options.type.plural);
    this.#store = new ObjectStore(options.indexers);
    this.#unsynced = new Set(options.namespaces ?? [undefined]);
  }

  get(key: ObjectKey): T | undefined {
    return this.#store.get(key);
  }

  list(namespace?: string): readonly T[] {
    return this.#store.list(namespace);
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#store.byIndex(name, value);
  }

  hasSynced(): boolean {
    return this.#unsynced.size === 0;
  }

  onChange(handler: ChangeHandler<T>): () => void {
    for (const object of this.#store.list()) {
      this.#call(handler, { type: 'added', object });
    }
    this.#handlers.add(handler);
    return () => {
      this.#handlers.delete(handler);
    };
  }

  async whenSynced(signal: AbortSignal): Promise<void> {
    if (this.hasSynced()) {
      signal.throwIfAborted();
      return;
    }
    const wait = abortableWait<undefined>(signal);
    const waiter = (): void => wait.resolve(undefined);
    this.#syncWaiters.add(waiter);
    try {
      await wait.promise;
    } finally {
      this.#syncWaiters.delete(waiter);
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#running) {
      throw new TypeError(`the informer of ${this.type.plural} runs already`);
    }
    this.#running = true;
    const namespaces = this.#options.namespaces ?? [undefined];
    await Promise.all(namespaces.map((namespace) => this.#reflect(namespace, signal)));
  }

  async #reflect(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const { client, type, clock, random, pageSize, labelSelector, fieldSelector } = this.#options;
    const sink: ReflectorSink<T> = {
      replace: (objects) => {
        this.#tell(this.#store.replace(objects.map(this.#prepare), namespace));
        this.#markSynced(namespace);
      },
      set: (object) => this.#tell(this.#store.set(this.#prepare(object))),
      delete: (object) => this.#tell(this.#store.delete(this.#prepare(object))),
    };
    await runReflector(
      {
        client,
        type,
        selection: { namespace, labelSelector, fieldSelector },
        sink,
        clock,
        logger: this.#logger,
        metrics: this.#metrics,
        random: random ?? Math.random,
        pageSize: pageSize ?? DEFAULT_PAGE_SIZE,
        silenceMilliseconds: this.#options.silenceMilliseconds ?? DEFAULT_SILENCE_MILLISECONDS,
      },
      signal,
    );
  }

  readonly #prepare = (object: T): T => {
    const { fieldManager } = this.#options;
    const slim = withoutManagedFields(object, fieldManager);
    if (fieldManager !== undefined) {
      keepForeignFields(slim, object, fieldManager);
    }
    return this.#options.freeze === true ? deepFreeze(slim) : slim;
  };

  #tell(changes: readonly Change<T>[]): void {
    this.#metrics.objects(this.#store.size);
    for (const change of changes) {
      for (const handler of this.#handlers) {
        this.#call(handler, change);
      }
    }
  }

  /** A handler that throws has a bug; the others and the cache must not suffer for it. */
  #call(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#logger.error('a change handler threw', { change: change.type, ...errorFields(error) });
    }
  }

  #markSynced(namespace: string | undefined): void {
    if (this.#unsynced.delete(namespace) && this.hasSynced()) {
      for (const waiter of this.#syncWaiters) {
        waiter();
      }
    }
  }
}
