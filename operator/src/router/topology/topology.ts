import type {
  ConsistencyLevel,
  ShardMapSpec,
  ShardMapUser,
  TransactionMode,
} from '../../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { readSlotOwners, shardOf, type SlotOwners } from '../../core/keyspace/slot-owners.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { type KeyspaceConfiguration, readKeyspace } from '../routing/keyspace-configuration.ts';
import type { Place } from '../routing/route.ts';
import { type AddressOf, serversOf, type Server, type ShardServers } from './servers.ts';

/** A keyspace of the map with what routing does not need. */
export interface KeyspacePlaces {
  readonly homeShard: number;
  readonly owners: SlotOwners;
  readonly transactions: TransactionMode;
  readonly consistency: ConsistencyLevel;
}

/** One revision of the map, ready for use. Immutable. */
export interface Topology {
  readonly revision: number;
  /** By the number of the shard. */
  readonly shards: ReadonlyMap<number, ShardServers>;
  /** For routing; the same object for the same revision. */
  readonly keyspaces: ReadonlyMap<string, KeyspaceConfiguration>;
  readonly places: ReadonlyMap<string, KeyspacePlaces>;
  /** Users with defaults of their own, by name. */
  readonly users: ReadonlyMap<string, ShardMapUser>;
}

/**
 * Reads a map.
 * @throws SlotSetError, SlotOwnersError and RangesError when it is malformed; the API server refuses such maps.
 */
export function readTopology(map: ShardMapSpec, addressOf: AddressOf): Topology {
  const keyspaces = map.keyspaces ?? [];
  return {
    revision: map.revision,
    shards: serversOf(map, addressOf),
    keyspaces: new Map(keyspaces.map((keyspace) => [keyspace.name, readKeyspace(keyspace)])),
    places: new Map(
      keyspaces.map(({ name, homeShard, slotsByShard, slots, transactions, consistency }) => [
        name,
        { homeShard, owners: readSlotOwners(slotsByShard, slots), transactions, consistency },
      ]),
    ),
    users: new Map((map.users ?? []).map((user) => [user.name, user])),
  };
}

/** Where a statement runs: a shard, and the database there; undefined for none in particular. */
export interface Location {
  readonly shard: number;
  readonly database: string | undefined;
}

/**
 * Where a place is in a topology; undefined where the map does not have it. `preferred` is a shard that will do as well as
 * another for what every shard has; asked only where it matters.
 */
export function locate(
  topology: Topology,
  place: Place,
  preferred: () => number | undefined,
): Location | undefined {
  switch (place.kind) {
    case 'slot': {
      const owners = topology.places.get(place.keyspace)?.owners;
      const shard = owners === undefined ? undefined : shardOf(owners, place.slot);
      return shard === undefined
        ? undefined
        : { shard, database: databaseOfSlot(place.keyspace, place.slot) };
    }
    case 'unsharded': {
      const shard = topology.places.get(place.keyspace)?.homeShard;
      return shard === undefined ? undefined : { shard, database: unshardedDatabase(place.keyspace) };
    }
    case 'shared': {
      const shard = place.shard ?? preferred() ?? topology.places.get(place.keyspace)?.homeShard;
      return shard === undefined ? undefined : { shard, database: sharedDatabase(place.keyspace) };
    }
    case 'anywhere': {
      const shard = place.shard ?? preferred() ?? firstShard(topology);
      return shard === undefined ? undefined : { shard, database: undefined };
    }
    default:
      return assertNever(place);
  }
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

  constructor(addressOf: AddressOf) {
    this.#addressOf = addressOf;
  }

  /** The newest; undefined before the first map. */
  get current(): Topology | undefined {
    return this.#topology;
  }

  /** Takes a map over. Throws as {@link readTopology}; the former one stays then. */
  take(map: ShardMapSpec): void {
    this.#topology = readTopology(map, this.#addressOf);
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
