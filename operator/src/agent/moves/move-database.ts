import type { ShardMapMove } from '../../api/v1alpha1/index.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { assertNever } from '../../runtime/assert-never.ts';

/** Name of the database that moves, the same on both shards. */
export function databaseOfMove({
  keyspace,
  unit,
  slot = -1,
}: Pick<ShardMapMove, 'keyspace' | 'unit' | 'slot'>): string {
  switch (unit) {
    case 'Slot':
      return databaseOfSlot(keyspace, slot);
    case 'Unsharded':
      return unshardedDatabase(keyspace);
    case 'Reference':
      return sharedDatabase(keyspace);
    default:
      return assertNever(unit);
  }
}
