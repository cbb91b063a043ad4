import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';

/** Where a router has its ShardMap from. */
export interface MapSource {
  /** The newest map there was; undefined before the first. */
  current(): ShardMapSpec | undefined;
  /** Calls `handler` after each newer map; returns how to stop that. */
  onChange(handler: (map: ShardMapSpec) => void): () => void;
  /** Follows the source until the signal aborts, then resolves. Failures to read are logged and tried again. */
  run(signal: AbortSignal): Promise<void>;
}

/** Keeps the newest of the maps that are offered to it, by revision: an answer may be overtaken by a later one. */
export class NewestMap {
  readonly #handlers = new Set<(map: ShardMapSpec) => void>();
  #map: ShardMapSpec | undefined;

  current(): ShardMapSpec | undefined {
    return this.#map;
  }

  onChange(handler: (map: ShardMapSpec) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Takes the map over if it is newer than what there was; tells whether it was. */
  offer(map: ShardMapSpec): boolean {
    if (this.#map !== undefined && map.revision <= this.#map.revision) {
      return false;
    }
    this.#map = map;
    for (const handler of this.#handlers) {
      handler(map);
    }
    return true;
  }
}
