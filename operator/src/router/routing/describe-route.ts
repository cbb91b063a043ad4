/** EXPLAIN SHARDWRIGHT: a route in words. */
import { assertNever } from '../../runtime/assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { writeSlotSet } from '../../core/keyspace/slot-set.ts';
import type { RowMerge } from '../merge/merge-plan.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import type { Access, Place, Route } from './route.ts';

/** One row of the answer; all texts. */
export interface RouteDescription {
  readonly route: string;
  readonly keyspace: string;
  /** `0-63,128`; empty where no slot is concerned. */
  readonly slots: string;
  /** Shards of the slots; empty where any will do. */
  readonly shards: string;
  readonly database: string;
  /** `primary`, or the level of consistency that chooses; empty where no server is asked. */
  readonly server: string;
  /** How answers are merged; empty where they are not. */
  readonly merge: string;
  readonly reason: string;
}

/** Columns of the answer, in their order. */
export const ROUTE_COLUMNS = [
  'route',
  'keyspace',
  'slots',
  'shards',
  'database',
  'server',
  'merge',
  'reason',
] as const;

const NOTHING: RouteDescription = {
  route: '',
  keyspace: '',
  slots: '',
  shards: '',
  database: '',
  server: '',
  merge: '',
  reason: '',
};

/** Describes a route, one row. `homeShardOf`: the shard of a keyspace's unsharded tables. */
export function describeRoute(
  route: Route,
  keyspaces: ReadonlyMap<string, KeyspaceConfiguration>,
  homeShardOf: (keyspace: string) => number,
): RouteDescription {
  switch (route.kind) {
    case 'single':
      return {
        ...describePlace(route.place, keyspaces, homeShardOf),
        route: 'single',
        server: serverOf(route.access),
        reason: route.reason,
      };
    case 'split':
    case 'scatter': {
      const slots = route.parts.map(({ slot }) => slot);
      return {
        route: route.kind,
        keyspace: route.keyspace,
        slots: writeSlotSet(slots),
        shards: shardsOf(slots, keyspaces.get(route.keyspace)),
        database: slots.length === 0 ? '' : `${databaseOfSlot(route.keyspace, slots[0] ?? 0)}, …`,
        server: serverOf(route.access),
        merge: route.kind === 'scatter' ? describeMerge(route.plan.rows) : '',
        reason: route.reason,
      };
    }
    case 'referenceWrite':
      return {
        ...NOTHING,
        route: 'reference write',
        keyspace: route.keyspace,
        shards: 'all',
        database: sharedDatabase(route.keyspace),
        server: 'primary',
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
            : String(homeShardOf(route.keyspace)),
        database: route.databases.join(', '),
        server: 'primary',
        reason: route.reason,
      };
    case 'systemSchema':
      return {
        ...NOTHING,
        route: 'system schema',
        database: route.schemas.join(', '),
        reason: 'tables of the server itself',
      };
    case 'described':
      return describeRoute(route.route, keyspaces, homeShardOf);
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

function serverOf({ primaryBecause, consistency, leastConsistency }: Access): string {
  if (primaryBecause !== null) {
    return `primary: ${primaryBecause}`;
  }
  return (
    consistency ??
    (leastConsistency === null ? "by the session's consistency" : `${leastConsistency} or stricter`)
  );
}

function describeMerge(rows: RowMerge): string {
  switch (rows.kind) {
    case 'concatenate':
      return 'concatenate';
    case 'order':
      return `merge by ${rows.by.length} sorted columns`;
    case 'distinct':
      return `distinct rows by ${rows.values.length} columns`;
    case 'group':
      return rows.by.length === 0 ? 'aggregate' : `groups by ${rows.by.length} columns`;
    default:
      return assertNever(rows);
  }
}
