/** What rebalances that are under way may have moved, by their plans, which never change. Pure. */
import { databaseOfSlot } from '../keyspace/database-names.ts';
import { SlotSetError } from '../keyspace/slot-set.ts';
import { orderMoves, type StoredGroup } from '../rebalance/move-groups.ts';
import { databaseOfMove, type PlannedMove } from '../rebalance/planned-move.ts';

/**
 * The shard that each database leaves, by its name; null where the plans do not say it: the database is split, made by a
 * split, only copied, or in more than one plan.
 */
export type PlannedDepartures = ReadonlyMap<string, number | null>;

/**
 * Reads the plans of all rebalances that are under way. Null where one of them has no plan that can be read: then anything may
 * have moved.
 */
export function plannedDepartures(
  plans: readonly (readonly StoredGroup[] | undefined)[],
): PlannedDepartures | null {
  const departures = new Map<string, number | null>();
  const note = (database: string, from: number | null): void => {
    departures.set(database, departures.has(database) ? null : from);
  };
  for (const groups of plans) {
    const moves = groups === undefined ? null : readMoves(groups);
    if (moves === null) {
      return null;
    }
    for (const move of moves) {
      const split = move.unit === 'Slot' ? move.split : undefined;
      note(databaseOfMove(move), move.unit === 'Reference' || split !== undefined ? null : move.from);
      for (const part of split === undefined ? [] : [split.lower, split.upper]) {
        note(databaseOfSlot(move.keyspace, part), null);
      }
    }
  }
  return departures;
}

function readMoves(groups: readonly StoredGroup[]): readonly PlannedMove[] | null {
  try {
    return orderMoves(groups);
  } catch (error) {
    if (error instanceof SlotSetError) {
      return null;
    }
    throw error;
  }
}
