import { isDeepStrictEqual } from 'node:util';
import type {
  ConsistencyLevel,
  ShardMapKeyspace,
  ShardMapSpec,
  ShardMapUser,
  TransactionMode,
} from '../../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { readSlotOwners, shardOf, type SlotOwners } from '../../core/keyspace/slot-owners.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { type KeyspaceConfiguration, readKeyspace } from '../routing/keyspace-configuration.ts';
import type { Place } from '../routing/route.ts';
import { type Moves, readMoves } from './moves.ts';
import { type AddressOf, serversOf, type Server, type ShardServers } from './servers.ts';

/** A keyspace of the map with what routing does not need. */
export interface KeyspacePlaces {
  readonly homeShard: number;
  /** Shards that have the reference tables, ascending. */
  readonly referenceShards: readonly number[];
  readonly owners: SlotOwners;
  readonly transactions: TransactionMode;
  readonly consistency: ConsistencyLevel;
}

/** One revision of the map, ready for use. Immutable. */
export interface Topology {
  readonly revision: number;
  /** By the number of the shard. */
  readonly shards: ReadonlyMap<number, ShardServers>;
  /** For routing; the same object as long as the keyspaces of the map are the same, since plans are kept with it. */
  readonly keyspaces: ReadonlyMap<string, KeyspaceConfiguration>;
  readonly places: ReadonlyMap<string, KeyspacePlaces>;
  /** Users with defaults of their own, by name. */
  readonly users: ReadonlyMap<string, ShardMapUser>;
  /** What moves between shards. */
  readonly moves: Moves;
}

/** What of a topology its keyspaces make. */
type Keyspaces = Pick<Topology, 'keyspaces' | 'places'>;

/**
 * Reads a map. `known`: what its keyspaces were read to be before.
 * @throws SlotSetError, SlotOwnersError and RangesError when it is malformed; the API server refuses such maps.
 */
export function readTopology(
  map: ShardMapSpec,
  addressOf: AddressOf,
  known: Keyspaces = readKeyspaces(map.keyspaces ?? []),
): Topology {
  return {
    revision: map.revision,
    shards: serversOf(map, addressOf),
    keyspaces: known.keyspaces,
    places: known.places,
    users: new Map((map.users ?? []).map((user) => [user.name, user])),
    moves: readMoves(map.moves ?? []),
  };
}

function readKeyspaces(keyspaces: readonly ShardMapKeyspace[]): Keyspaces {
  return {
    keyspaces: new Map(keyspaces.map((keyspace) => [keyspace.name, readKeyspace(keyspace)])),
    places: new Map(
      keyspaces.map((keyspace) => [
        keyspace.name,
        {
          homeShard: keyspace.homeShard,
          referenceShards: referenceShardsOf(keyspace),
          owners: readSlotOwners(keyspace.slotsByShard, keyspace.slots),
          transactions: keyspace.transactions,
          consistency: keyspace.consistency,
        },
      ]),
    ),
  };
}

/** Those that the map names; else all that hold slots, and the home. */
function referenceShardsOf({ referenceShards, homeShard, slotsByShard }: ShardMapKeyspace): number[] {
  const shards = referenceShards ?? [homeShard, ...slotsByShard.map(({ shard }) => shard)];
  return [...new Set(shards)].toSorted((one, other) => one - other);
}

/** Where a statement runs: a shard, and the database there; undefined for none in particular. */
export interface Location {
  readonly shard: number;
  readonly database: string | undefined;
}

/** Chooses one of several shards that will do as well as another; undefined where it does not matter. */
export type PreferShard = (among: readonly number[]) => number | undefined;

/**
 * Where a place is in a topology; undefined where the map does not have it. `preferred` is asked only where several shards
 * have it.
 */
export function locate(topology: Topology, place: Place, preferred: PreferShard): Location | undefined {
  switch (place.kind) {
    case 'slot': {
      const owners = topology.places.get(place.keyspace)?.owners;
      const shard = owners === undefined ? undefined : shardOf(owners, place.slot);
      return shard === undefined
        ? undefined
        : { shard, database: knownDatabaseOfSlot(place.keyspace, place.slot) };
    }
    case 'unsharded': {
      const shard = topology.places.get(place.keyspace)?.homeShard;
      return shard === undefined ? undefined : { shard, database: unshardedDatabase(place.keyspace) };
    }
    case 'shared': {
      const places = topology.places.get(place.keyspace);
      const shard = place.shard ?? preferred(places?.referenceShards ?? []) ?? places?.homeShard;
      return shard === undefined ? undefined : { shard, database: sharedDatabase(place.keyspace) };
    }
    case 'anywhere': {
      const shard = place.shard ?? preferred([...topology.shards.keys()]) ?? firstShard(topology);
      return shard === undefined ? undefined : { shard, database: undefined };
    }
    default:
      return assertNever(place);
  }
}

/** Names of databases by keyspace and slot. */
const slotDatabases = new Map<string, string[]>();

/** Each name is put together once, as every statement asks for one; as many are kept as keyspaces have slots. */
function knownDatabaseOfSlot(keyspace: string, slot: number): string {
  let names = slotDatabases.get(keyspace);
  if (names === undefined) {
    names = [];
    slotDatabases.set(keyspace, names);
  }
  return (names[slot] ??= databaseOfSlot(keyspace, slot));
}

/** For places that are on one shard only. */
export const noShard = (): undefined => undefined;

/** The shard for what is on all of them: the first that has a primary. */
export function firstShard(topology: Topology): number | undefined {
  const shards = [...topology.shards.values()];
  return (shards.find(({ primary }) => primary !== undefined) ?? shards[0])?.number;
}

/** The newest topology and word of its changes. */
export class CurrentTopology {
  readonly #addressOf: AddressOf;
  readonly #handlers = new Set<(topology: Topology) => void>();
  #topology: Topology | undefined;
  #map: ShardMapSpec | undefined;

  constructor(addressOf: AddressOf) {
    this.#addressOf = addressOf;
  }

  /** The newest; undefined before the first map. */
  get current(): Topology | undefined {
    return this.#topology;
  }

  /** Takes a map over. Throws as {@link readTopology}; the former one stays then. */
  take(map: ShardMapSpec): void {
    const isSame = this.#map !== undefined && isDeepStrictEqual(this.#map.keyspaces, map.keyspaces);
    this.#topology = readTopology(map, this.#addressOf, isSame ? this.#topology : undefined);
    this.#map = map;
    for (const handler of this.#handlers) {
      handler(this.#topology);
    }
  }

  onChange(handler: (topology: Topology) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** All replicas of the newest map. */
  replicas(): readonly Server[] {
    return [...(this.#topology?.shards.values() ?? [])].flatMap(({ replicas }) => replicas);
  }
}
