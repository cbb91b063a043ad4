/** Which databases of keyspaces belong on a shard. Pure. */
import { createHash } from 'node:crypto';
import type { ShardMapKeyspace, ShardMapSpec } from '../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../core/keyspace/database-names.ts';
import { readSlotSet } from '../core/keyspace/slot-set.ts';
import type { DatabasesOrder } from '../engines/keyspaces.ts';
import { databaseOfMove } from './moves/move-database.ts';

/** The databases of a shard. */
export interface WantedDatabases extends DatabasesOrder {
  /** Tells one such order from the next that asks for something else. */
  readonly digest: string;
}

/** What of a map the databases of a shard are read from. */
export type DatabasesInMap = Pick<ShardMapSpec, 'revision' | 'keyspaces' | 'moves'>;

/**
 * The databases of shard `number`, which are those that it owns: those of its slots, that of the reference tables of each keyspace that it
 * has them of, and those of unsharded tables where it is their home. What is being switched is left to whoever switches it.
 * Throws SlotSetError for a map that says none.
 */
export function wantedDatabases(map: DatabasesInMap, number: number): WantedDatabases {
  const { revision, keyspaces = [] } = map;
  const wanted = keyspaces.map((keyspace) => ({
    keyspace: keyspace.name,
    databases: [
      ...readSlotSet(keyspace.slotsByShard.find(({ shard }) => shard === number)?.slots ?? '').map((slot) =>
        databaseOfSlot(keyspace.name, slot),
      ),
      ...(hasReferenceTables(keyspace, number) ? [sharedDatabase(keyspace.name)] : []),
      ...(keyspace.homeShard === number ? [unshardedDatabase(keyspace.name)] : []),
    ],
  }));
  const moves = (map.moves ?? []).filter(({ from, to }) => from === number || to === number);
  const untouched = moves
    .filter(({ phase }) => phase === 'Switching' || phase === 'Returning')
    .flatMap((move) => [
      databaseOfMove(move),
      ...[move.split?.lower, move.split?.upper]
        .filter((slot) => slot !== undefined)
        .map((slot) => databaseOfSlot(move.keyspace, slot)),
    ]);
  // A fence that ends changes what there is, not what is wanted.
  const steps = moves.map(({ id, phase, attempt }) => [id, phase, attempt]);
  const text = JSON.stringify([wanted, untouched, steps]);
  return { revision, wanted, untouched, digest: createHash('sha256').update(text).digest('hex') };
}

/** Without the field, the shards that hold slots or unsharded tables have them. */
function hasReferenceTables(
  { homeShard, referenceShards, slotsByShard }: ShardMapKeyspace,
  number: number,
): boolean {
  return (
    referenceShards?.includes(number) ??
    (homeShard === number || slotsByShard.some(({ shard, slots }) => shard === number && slots !== ''))
  );
}
