import type { KubernetesObject, ObjectKey } from '../objects.ts';
import { formatKey, keyOf } from '../objects.ts';
import type { Change, Indexer } from './change.ts';

/** Objects by key, namespace and index. Tells what each update changed; holds no opinion on where it came from. */
export class ObjectStore<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor(indexers: Readonly<Record<string, Indexer<T>>> = {}) {
    for (const [name, indexer] of Object.entries(indexers)) {
      this.#indexes.set(name, { indexer, byValue: new Map() });
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(formatKey(key));
  }

  list(namespace?: string): readonly T[] {
    const objects = namespace === undefined ? this.#objects : this.#byNamespace.get(namespace);
    return [...(objects?.values() ?? [])];
  }

  /** Throws `TypeError` when there is no index of that name. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) {
      throw new TypeError(`there is no index named ${name}`);
    }
    return [...(index.byValue.get(value)?.values() ?? [])];
  }

  /**
   * Puts an object in the state given. No change when it is cached in that very state; deletion and addition
   * when the one cached was another object of the same name.
   */
  set(object: T): readonly Change<T>[] {
    const key = formatKey(keyOf(object));
    const previous = this.#objects.get(key);
    if (previous === undefined) {
      this.#insert(key, object);
      return [{ type: 'added', object }];
    }
    if (previous.metadata?.uid !== object.metadata?.uid) {
      this.#remove(key, previous);
      this.#insert(key, object);
      return [
        { type: 'deleted', object: previous },
        { type: 'added', object },
      ];
    }
    if (previous.metadata?.resourceVersion === object.metadata?.resourceVersion) {
      return [];
    }
    this.#remove(key, previous);
    this.#insert(key, object);
    return [{ type: 'updated', object, previous }];
  }

  /** Removes the object of that name; the change carries `object`, its last state. */
  delete(object: T): readonly Change<T>[] {
    const key = formatKey(keyOf(object));
    const previous = this.#objects.get(key);
    if (previous === undefined) {
      return [];
    }
    this.#remove(key, previous);
    return [{ type: 'deleted', object }];
  }

  /** Makes `objects` all there is, of one namespace if given; finds what was deleted unseen. */
  replace(objects: readonly T[], namespace?: string): readonly Change<T>[] {
    const changes: Change<T>[] = [];
    const present = new Set(objects.map((object) => formatKey(keyOf(object))));
    for (const object of this.list(namespace)) {
      if (!present.has(formatKey(keyOf(object)))) {
        changes.push(...this.delete(object));
      }
    }
    for (const object of objects) {
      changes.push(...this.set(object));
    }
    return changes;
  }

  #insert(key: string, object: T): void {
    this.#objects.set(key, object);
    insertAt(this.#byNamespace, object.metadata?.namespace ?? '', key, object);
    for (const { indexer, byValue } of this.#indexes.values()) {
      for (const value of indexer(object)) {
        insertAt(byValue, value, key, object);
      }
    }
  }

  #remove(key: string, object: T): void {
    this.#objects.delete(key);
    removeAt(this.#byNamespace, object.metadata?.namespace ?? '', key);
    for (const { indexer, byValue } of this.#indexes.values()) {
      for (const value of indexer(object)) {
        removeAt(byValue, value, key);
      }
    }
  }
}

interface Index<T> {
  readonly indexer: Indexer<T>;
  readonly byValue: Map<string, Map<string, T>>;
}

function insertAt<T>(groups: Map<string, Map<string, T>>, group: string, key: string, object: T): void {
  const members = groups.get(group);
  if (members === undefined) {
    groups.set(group, new Map([[key, object]]));
  } else {
    members.set(key, object);
  }
}

/** Empty groups go, so that the map does not grow with every value ever seen. */
function removeAt<T>(groups: Map<string, Map<string, T>>, group: string, key: string): void {
  const members = groups.get(group);
  members?.delete(key);
  if (members?.size === 0) {
    groups.delete(group);
  }
}
