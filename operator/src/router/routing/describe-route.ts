/** EXPLAIN SHARDWRIGHT: a route in words. */
import { assertNever } from '../../runtime/assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { writeSlotSet } from '../../core/keyspace/slot-set.ts';
import type { RowMerge } from '../merge/merge-plan.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Access, Place, Route, RouteOf } from './route.ts';

/** One row of the answer; all texts. */
export interface RouteDescription {
  readonly route: string;
  readonly keyspace: string;
  /** `0-63,128`; empty where no slot is concerned. */
  readonly slots: string;
  /** Shards of the slots; empty where any will do. */
  readonly shards: string;
  readonly database: string;
  /** The pods that would be asked now; empty where the router answers, or that is not known before it runs. */
  readonly server: string;
  /** Why those: `primary` and the reason, or the level of consistency that chooses. */
  readonly access: string;
  /** How answers are merged; empty where they are not. */
  readonly merge: string;
  readonly reason: string;
  /** What of it moves to another shard, and how far that is. */
  readonly moves: string;
}

/** What a description needs of the map beside the keyspaces. */
export interface DescribedPlaces {
  /** The shard of a keyspace's unsharded tables. */
  readonly homeShardOf: (keyspace: string) => number;
  /** The shards that have a keyspace's reference tables. */
  readonly referenceShardsOf: (keyspace: string) => readonly number[];
  /** The pod that would be asked now for this place. */
  readonly serverOf: (place: Place, access: Access) => string;
  /** What moves of these databases, in words; none of them for nothing. */
  readonly movesOf: (databases: readonly string[]) => readonly string[];
}

/** Columns of the answer, in their order. */
export const ROUTE_COLUMNS = [
  'route',
  'keyspace',
  'slots',
  'shards',
  'database',
  'server',
  'access',
  'merge',
  'reason',
  'moves',
] as const;

const NOTHING: RouteDescription = {
  route: '',
  keyspace: '',
  slots: '',
  shards: '',
  database: '',
  server: '',
  access: '',
  merge: '',
  reason: '',
  moves: '',
};

/** Describes a route, one row. */
export function describeRoute(
  route: Route,
  keyspaces: ReadonlyMap<string, KeyspaceConfiguration>,
  places: DescribedPlaces,
): RouteDescription {
  const moving = (databases: readonly string[]): string => places.movesOf(databases).join('; ');
  switch (route.kind) {
    case 'single': {
      const place = describePlace(route.place, keyspaces, places.homeShardOf);
      return {
        ...place,
        moves: moving([place.database]),
        route: 'single',
        server: places.serverOf(route.place, route.access),
        access: describeAccess(route.access),
        reason: route.reason,
      };
    }
    case 'split':
    case 'scatter': {
      const slots = route.parts.map(({ slot }) => slot);
      return {
        route: route.kind,
        keyspace: route.keyspace,
        slots: writeSlotSet(slots),
        shards: shardsOf(slots, keyspaces.get(route.keyspace)),
        database: slots.length === 0 ? '' : `${databaseOfSlot(route.keyspace, slots[0] ?? 0)}, …`,
        server: serversOf(
          slots.map((slot) => ({ kind: 'slot', keyspace: route.keyspace, slot })),
          route.access,
          places,
        ),
        access: describeAccess(route.access),
        merge: route.kind === 'scatter' ? describeMerge(route.plan.rows) : '',
        reason: route.reason,
        moves: moving(slots.map((slot) => databaseOfSlot(route.keyspace, slot))),
      };
    }
    case 'referenceWrite':
      return {
        ...NOTHING,
        route: 'reference write',
        keyspace: route.keyspace,
        shards: places.referenceShardsOf(route.keyspace).join(','),
        database: sharedDatabase(route.keyspace),
        server: primariesOf(places.referenceShardsOf(route.keyspace), places),
        access: describeAccess(ON_PRIMARY),
        reason: route.reason,
        moves: moving([sharedDatabase(route.keyspace)]),
      };
    case 'load':
      return {
        ...NOTHING,
        route: 'load',
        keyspace: route.keyspace,
        slots: route.load.target.kind === 'slots' ? 'by the keys in the file' : '',
        shards: route.load.target.kind === 'copies' ? 'all' : '',
        access: describeAccess(ON_PRIMARY),
        reason: route.reason,
      };
    case 'definition':
      return {
        ...NOTHING,
        route: 'definition',
        keyspace: route.keyspace,
        slots: route.databases.includes('slots') ? 'all' : '',
        shards:
          route.databases.includes('slots') || route.databases.includes('shared')
            ? 'all'
            : String(places.homeShardOf(route.keyspace)),
        database: route.databases.join(', '),
        server: primariesOf(definedShards(route, keyspaces.get(route.keyspace), places), places),
        access: describeAccess(ON_PRIMARY),
        reason: route.reason,
        moves: moving(definedDatabases(route, keyspaces.get(route.keyspace))),
      };
    case 'systemSchema':
      return {
        ...NOTHING,
        route: 'system schema',
        database: route.schemas.join(', '),
        reason: 'tables of the server itself',
      };
    case 'described':
      return describeRoute(route.route, keyspaces, places);
    case 'session':
      return { ...NOTHING, route: 'session', reason: 'the router answers' };
    case 'needsIds':
      return {
        ...NOTHING,
        route: 'by generated id',
        reason: `${route.count} ids are generated, which decide the slots`,
      };
    case 'needsCatalog':
      return {
        ...NOTHING,
        route: 'unknown',
        keyspace: route.keyspace,
        reason: `the table ${route.table ?? ''} is not known`,
      };
    case 'refused':
      return {
        ...NOTHING,
        route: 'refused',
        reason: [route.message, route.hint].filter((text) => text !== '').join('. '),
      };
    default:
      return assertNever(route);
  }
}

/** Writes and definitions. */
const ON_PRIMARY: Access = {
  mode: 'write',
  primaryBecause: 'it writes',
  consistency: null,
  leastConsistency: null,
};

/** Each once, in the order of the places. */
function serversOf(among: readonly Place[], access: Access, { serverOf }: DescribedPlaces): string {
  return [...new Set(among.map((place) => serverOf(place, access)))].join(', ');
}

function primariesOf(shards: readonly number[], places: DescribedPlaces): string {
  return serversOf(
    shards.map((shard) => ({ kind: 'anywhere', shard })),
    ON_PRIMARY,
    places,
  );
}

function definedShards(
  { keyspace, databases }: RouteOf<'definition'>,
  configuration: KeyspaceConfiguration | undefined,
  { homeShardOf, referenceShardsOf }: DescribedPlaces,
): number[] {
  const shards = [
    ...(databases.includes('slots') ? (configuration?.slotsByShard.keys() ?? []) : []),
    ...(databases.includes('shared') ? referenceShardsOf(keyspace) : []),
    ...(databases.includes('unsharded') ? [homeShardOf(keyspace)] : []),
  ];
  return [...new Set(shards)].toSorted((left, right) => left - right);
}

function describePlace(
  place: Place,
  keyspaces: ReadonlyMap<string, KeyspaceConfiguration>,
  homeShardOf: (keyspace: string) => number,
): RouteDescription {
  switch (place.kind) {
    case 'slot':
      return {
        ...NOTHING,
        keyspace: place.keyspace,
        slots: String(place.slot),
        shards: shardsOf([place.slot], keyspaces.get(place.keyspace)),
        database: databaseOfSlot(place.keyspace, place.slot),
      };
    case 'unsharded':
      return {
        ...NOTHING,
        keyspace: place.keyspace,
        shards: String(homeShardOf(place.keyspace)),
        database: unshardedDatabase(place.keyspace),
      };
    case 'shared':
      return {
        ...NOTHING,
        keyspace: place.keyspace,
        shards: place.shard === null ? 'any' : String(place.shard),
        database: sharedDatabase(place.keyspace),
      };
    case 'anywhere':
      return { ...NOTHING, shards: place.shard === null ? 'any' : String(place.shard) };
    default:
      return assertNever(place);
  }
}

function definedDatabases(
  { keyspace, databases }: RouteOf<'definition'>,
  configuration: KeyspaceConfiguration | undefined,
): string[] {
  return [
    ...(databases.includes('slots')
      ? (configuration?.slots ?? []).map((slot) => databaseOfSlot(keyspace, slot))
      : []),
    ...(databases.includes('shared') ? [sharedDatabase(keyspace)] : []),
    ...(databases.includes('unsharded') ? [unshardedDatabase(keyspace)] : []),
  ];
}

function shardsOf(slots: readonly number[], keyspace: KeyspaceConfiguration | undefined): string {
  const wanted = new Set(slots);
  const shards = [...(keyspace?.slotsByShard ?? [])].filter(([, own]) =>
    own.some((slot) => wanted.has(slot)),
  );
  return shards
    .map(([shard]) => shard)
    .toSorted((left, right) => left - right)
    .join(',');
}

function describeAccess({ primaryBecause, consistency, leastConsistency, hinted }: Access): string {
  if (primaryBecause !== null) {
    return `primary: ${primaryBecause}`;
  }
  if (consistency !== null) {
    return hinted?.fastest === true ? `${consistency}, the fastest replica` : consistency;
  }
  return leastConsistency === null ? "by the session's consistency" : `${leastConsistency} or stricter`;
}

function describeMerge(rows: RowMerge): string {
  switch (rows.kind) {
    case 'concatenate':
      return 'concatenate';
    case 'order':
      return `merge by ${rows.by.length} sorted columns`;
    case 'gathered':
      return `up to ${rows.most} rows, answered by one server`;
    case 'distinct':
      return `distinct rows by ${rows.values.length} columns`;
    case 'group': {
      const groups = rows.by.length === 0 ? 'aggregate' : `groups by ${rows.by.length} columns`;
      return rows.calculation === null ? groups : `${groups}, calculated by one server`;
    }
    default:
      return assertNever(rows);
  }
}
