import { parseShardMap, SHARD_MAP_NAMES, type ShardMap, shardMapName } from '../api/v1alpha1/index.ts';
import { createInformer } from '../runtime/cache/informer.ts';
import type { ApiClient } from '../runtime/client/api-client.ts';
import type { Clock } from '../runtime/clock.ts';
import { errorFields, type Logger } from '../runtime/logger.ts';
import { defineResource, type KubernetesObject } from '../runtime/objects.ts';
import { movesOfShard } from './moves/map-moves.ts';
import type { MemberPlace } from './pod-contract.ts';
import type { ShardView } from './observation.ts';
import { wantedDatabases } from './wanted-databases.ts';

type KnownShard = Extract<ShardView, { kind: 'known' }>;

/** The agent's shard in the ShardMap. */
export interface ShardMapReader {
  /** As last seen, which may be out of date. */
  view(): ShardView;
  /** As the API server has it at this moment. Rejects where that cannot be had. */
  read(signal: AbortSignal): Promise<ShardView>;
  /** The newest revision that was ever read, though the map may be gone; 0 before the first. */
  newestRevision(): number;
  /** Calls `handler` after each change of `view()`; returns how to stop that. */
  onChange(handler: () => void): () => void;
  /** Watches until the signal aborts, then resolves. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ShardMapReaderOptions {
  readonly client: ApiClient;
  readonly place: MemberPlace;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

const shardMaps = defineResource<ShardMap & KubernetesObject>(SHARD_MAP_NAMES);

/** Reads the one ShardMap of the cluster; needs the right to get, list and watch that object and no other. */
export function createShardMapReader(options: ShardMapReaderOptions): ShardMapReader {
  const { client, place, clock, logger, random } = options;
  const key = { namespace: place.namespace, name: shardMapName(place.cluster) };
  const informer = createInformer({
    client,
    clock,
    logger,
    random,
    type: shardMaps,
    namespaces: [place.namespace],
    fieldSelector: `metadata.name=${key.name}`,
  });
  const handlers = new Set<() => void>();
  let view: ShardView = { kind: 'unreadable', reason: 'the API server has not answered yet' };
  let revision = 0;
  let newest = 0;

  /** The map's revision never goes back; an answer that was overtaken by a later one must not, either. */
  const accept = (object: unknown): ShardView => {
    const { view: next, revision: nextRevision } = readView(object, place.shard, logger);
    if (next.kind === 'unreadable') {
      logger.error('the ShardMap cannot be understood', { reason: next.reason });
      return next;
    }
    if (object !== undefined && nextRevision < revision) {
      return view;
    }
    revision = nextRevision;
    newest = Math.max(newest, revision);
    if (JSON.stringify(next) !== JSON.stringify(view)) {
      view = next;
      handlers.forEach((handler) => handler());
    }
    return view;
  };

  return {
    view: () => view,
    newestRevision: () => newest,
    async read(signal) {
      const object = await client.get(shardMaps, key, signal);
      return accept(object);
    },
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    async run(signal) {
      informer.onChange((change) => accept(change.type === 'deleted' ? undefined : change.object));
      const synced = informer.whenSynced(signal).then(
        () => accept(informer.get(key)),
        () => {},
      );
      try {
        await informer.run(signal);
        await synced;
      } catch (error) {
        logger.error('watching the ShardMap has ended', errorFields(error));
        throw error;
      }
    },
  };
}

/** A map whose keyspaces cannot be understood still says who is the primary. */
function databasesIn({ spec }: ShardMap, number: number, logger: Logger): Partial<KnownShard> {
  try {
    return (spec.keyspaces ?? []).length === 0 ? {} : { databases: wantedDatabases(spec, number) };
  } catch (error) {
    logger.error('the keyspaces of the ShardMap cannot be understood', errorFields(error));
    return {};
  }
}

function movesIn({ spec }: ShardMap, number: number): Partial<KnownShard> {
  const moves = movesOfShard(spec, number);
  return moves === undefined ? {} : { moves };
}

function readView(
  object: unknown,
  number: number,
  logger: Logger,
): { readonly view: ShardView; readonly revision: number } {
  if (object === undefined) {
    // A map that was lost is rebuilt by the operator; until then nothing about this shard is certain.
    return { view: { kind: 'absent' }, revision: 0 };
  }
  try {
    const map = parseShardMap(object);
    const shard = map.spec.shards.find((each) => each.number === number);
    const view: ShardView =
      shard === undefined
        ? { kind: 'absent' }
        : { kind: 'known', shard, ...databasesIn(map, number, logger), ...movesIn(map, number) };
    return { view, revision: map.spec.revision };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { view: { kind: 'unreadable', reason }, revision: 0 };
  }
}
