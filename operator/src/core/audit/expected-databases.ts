/** Which databases a shard has to have by the map, and who may use them. Pure. */
import { assertNever } from '../assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../keyspace/database-names.ts';
import { readSlotSet } from '../keyspace/slot-set.ts';
import type { AuditedKeyspace, AuditedMap, AuditedMove } from './audited-map.ts';

/**
 * What a shard is to a database.
 * - `serves`: it has it, and the keyspace's roles have their rights.
 * - `hands-over`: it has it, with or without the rights: it is being fenced.
 * - `copies`: it may have it, and nobody has any right: a copy that is made, kept for a return, or about to go.
 */
export type Stake = 'serves' | 'hands-over' | 'copies';

/** A database that a shard has to do with. */
export interface ExpectedDatabase {
  readonly keyspace: string;
  readonly database: string;
  /** Number of the slot; null for the databases of tables that are not cut. */
  readonly slot: number | null;
  readonly isShared: boolean;
  readonly stake: Stake;
}

/**
 * The databases of shard `number`, those of its moves included.
 * @throws SlotSetError for a map whose sets of slots cannot be read.
 */
export function expectedDatabases(map: AuditedMap, number: number): readonly ExpectedDatabase[] {
  return (map.keyspaces ?? []).flatMap((keyspace) => {
    const owned = ownedDatabases(keyspace, number);
    const moves = (map.moves ?? []).filter((move) => move.keyspace === keyspace.name);
    const own = new Set(owned.map(({ database }) => database));
    const fenced = new Set(moves.filter((move) => fencedShard(move) === number).flatMap(fencedDatabases));
    const copies = [
      ...moves
        .filter(({ from, to }) => from === number || to === number)
        .flatMap((move) => [
          describe(keyspace.name, databaseOfMove(move), move.slot ?? null, move.unit === 'Reference'),
          ...[move.split?.lower, move.split?.upper]
            .filter((slot) => slot !== undefined)
            .map((slot) => describe(keyspace.name, databaseOfSlot(keyspace.name, slot), slot, false)),
        ]),
      // Before it was recorded which shards have reference tables, all had them.
      ...(keyspace.referenceShards === undefined
        ? [describe(keyspace.name, sharedDatabase(keyspace.name), null, true)]
        : []),
    ].filter(({ database }) => !own.has(database));
    return [
      ...owned.map((database): ExpectedDatabase => ({
        ...database,
        stake: fenced.has(database.database) ? 'hands-over' : 'serves',
      })),
      ...copies.map((database): ExpectedDatabase => ({ ...database, stake: 'copies' })),
    ];
  });
}

type Described = Omit<ExpectedDatabase, 'stake'>;

function ownedDatabases(keyspace: AuditedKeyspace, number: number): readonly Described[] {
  const { name, homeShard, slotsByShard } = keyspace;
  const referenceShards = keyspace.referenceShards ?? [homeShard, ...slotsByShard.map(({ shard }) => shard)];
  const slots = readSlotSet(slotsByShard.find(({ shard }) => shard === number)?.slots ?? '');
  return [
    ...slots.map((slot) => describe(name, databaseOfSlot(name, slot), slot, false)),
    ...(referenceShards.includes(number) ? [describe(name, sharedDatabase(name), null, true)] : []),
    ...(homeShard === number ? [describe(name, unshardedDatabase(name), null, false)] : []),
  ];
}

function describe(keyspace: string, database: string, slot: number | null, isShared: boolean): Described {
  return { keyspace, database, slot, isShared };
}

/** What is given up: of a split the slot, or its parts when it comes back. */
function fencedDatabases(move: AuditedMove): readonly string[] {
  return move.split === undefined || move.phase === 'Switching'
    ? [databaseOfMove(move)]
    : [move.split.lower, move.split.upper].map((slot) => databaseOfSlot(move.keyspace, slot));
}

/** Name of the database that moves. */
function databaseOfMove({ keyspace, unit, slot }: AuditedMove): string {
  switch (unit) {
    case 'Slot':
      return databaseOfSlot(keyspace, slot ?? 0);
    case 'Unsharded':
      return unshardedDatabase(keyspace);
    case 'Reference':
      return sharedDatabase(keyspace);
    default:
      return assertNever(unit);
  }
}

/** The shard that is being fenced, so that its rights may be there or not. Reference tables leave nobody. */
function fencedShard({ phase, from, to, unit }: AuditedMove): number | undefined {
  if (unit === 'Reference') {
    return undefined;
  }
  switch (phase) {
    case 'Switching':
      return from;
    case 'Returning':
      return to;
    case 'Copying':
    case 'Soaking':
    case 'Undoing':
    case 'Finishing':
      return undefined;
    default:
      return assertNever(phase);
  }
}
