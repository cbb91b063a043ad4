import type { ShardMap, ShardMapShard, ShardMapSpec } from '../api/v1alpha1/index.ts';
import type { Informer } from '../runtime/cache/informer.ts';
import type { ApiClient } from '../runtime/client/api-client.ts';
import { isApiError } from '../runtime/client/api-error.ts';
import { formatKey, type ObjectKey } from '../runtime/objects.ts';
import { withShard } from './change-shard-map.ts';

/** How a shard is to be changed, by its entry as it is now; undefined to leave it. Called again after a conflict. */
export type ShardEdit = (shard: ShardMapShard, map: ShardMap) => ShardMapShard | undefined;

/** How a map is to be changed, by what it is now; undefined to leave it. Called again after a conflict. */
export type MapEdit = (map: ShardMap) => ShardMapSpec | undefined;

/** Attempts at one write; every further one has read the map anew. */
const ATTEMPTS = 4;

/**
 * Writes the maps, one write of a map at a time, so that the loops of a cluster's shards do not run into each other. It
 * writes upon what it knows, without reading first, on condition that the map has not changed since.
 */
export class ShardMapWriter {
  readonly #client: ApiClient;
  readonly #maps: Informer<ShardMap>;
  /** What was last written, until the cache has caught up; by namespace and name. */
  readonly #written = new Map<string, ShardMap>();
  /** The end of the last write, likewise. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(client: ApiClient, maps: Informer<ShardMap>) {
    this.#client = client;
    this.#maps = maps;
  }

  /** The map, the last write included. */
  get(key: ObjectKey): ShardMap | undefined {
    const cached = this.#maps.get(key);
    const written = this.#written.get(formatKey(key));
    const isSame = written !== undefined && written.metadata.uid === cached?.metadata.uid;
    if (isSame && written.spec.revision > (cached?.spec.revision ?? 0)) {
      return written;
    }
    this.#written.delete(formatKey(key));
    return cached;
  }

  /**
   * Changes one shard, and returns its entry as written; undefined when `edit` left it, or there is no such shard.
   * Rejects with an ApiError; the write may then have happened, which the next attempt finds out.
   */
  async change(
    key: ObjectKey,
    number: number,
    edit: ShardEdit,
    signal: AbortSignal,
  ): Promise<ShardMapShard | undefined> {
    const shardOf = (map: Pick<ShardMap, 'spec'> | undefined) =>
      map?.spec.shards.find((each) => each.number === number);
    const written = await this.changeMap(
      key,
      (map) => {
        const shard = shardOf(map);
        const changed = shard === undefined ? undefined : edit(shard, map);
        return changed === undefined ? undefined : withShard(map.spec, changed);
      },
      signal,
    );
    return shardOf(written);
  }

  /**
   * Changes the map, and returns it as written; undefined when `edit` left it, or there is none. The edit sees to it that
   * the revision grows. Rejects as `change` does.
   */
  async changeMap(key: ObjectKey, edit: MapEdit, signal: AbortSignal): Promise<ShardMap | undefined> {
    const id = formatKey(key);
    const before = this.#queues.get(id) ?? Promise.resolve();
    const write = before.then(() => this.#write(key, edit, signal));
    const settled = write.catch(() => {});
    this.#queues.set(id, settled);
    try {
      return await write;
    } finally {
      if (this.#queues.get(id) === settled) {
        this.#queues.delete(id);
      }
    }
  }

  async #write(key: ObjectKey, edit: MapEdit, signal: AbortSignal): Promise<ShardMap | undefined> {
    let map = this.get(key);
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      const spec = map === undefined ? undefined : edit(map);
      if (map === undefined || spec === undefined) {
        return undefined;
      }
      try {
        const written = await this.#client.replace(this.#maps.type, unmanaged({ ...map, spec }), {}, signal);
        this.#written.set(formatKey(key), written);
        return written;
      } catch (error) {
        if (!isApiError(error, 'Conflict') || attempt === ATTEMPTS) {
          throw error;
        }
        map = await this.#client.get(this.#maps.type, key, signal);
      }
    }
  }
}

/**
 * One empty entry has the API server forget who set which field, and not work that out at each write, which takes it longer
 * than everything else but the checks: nobody else writes maps, and clients wait for some of these writes. Source:
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields
 */
function unmanaged(map: ShardMap): ShardMap {
  const metadata = { ...map.metadata, managedFields: [{}] };
  return { ...map, metadata };
}
