import { assertNever } from '../assert-never.ts';
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../keyspace/database-names.ts';

/** What a slot is split into. */
export interface SplitParts {
  /** Text of the first key of the upper part. */
  readonly at: string;
  /** Numbers of the slots that the parts become. */
  readonly lower: number;
  readonly upper: number;
}

/** One thing that goes from one shard to another. */
export type PlannedMove = {
  readonly keyspace: string;
  readonly from: number;
  readonly to: number;
} & (
  | {
      readonly unit: 'Slot';
      readonly slot: number;
      /** What it becomes on the shard that has it, which is `from` and `to`; absent where it moves as it is. */
      readonly split?: SplitParts;
    }
  /** The unsharded tables of the keyspace: its home shard changes. */
  | { readonly unit: 'Unsharded' }
  /** A copy of the reference tables of the keyspace: nothing leaves. */
  | { readonly unit: 'Reference' }
);

/** What moves as one. */
export type MoveUnit = PlannedMove['unit'];

/** Name of the database that a move is about. */
export function databaseOfMove(move: PlannedMove): string {
  switch (move.unit) {
    case 'Slot':
      return databaseOfSlot(move.keyspace, move.slot);
    case 'Unsharded':
      return unshardedDatabase(move.keyspace);
    case 'Reference':
      return sharedDatabase(move.keyspace);
    default:
      return assertNever(move);
  }
}

/**
 * Names under which the shard that splits a slot works on the parts, the lower one first. Two characters longer than that of
 * the move, which is far from as long as it may be.
 */
export function partIdsOf(moveId: string): readonly [lower: string, upper: string] {
  return [`${moveId}.l`, `${moveId}.u`];
}

/** Names under which it follows the parts while the slot can be had back, likewise. */
export function returnIdsOf(moveId: string): readonly [lower: string, upper: string] {
  return [`${moveId}.x`, `${moveId}.y`];
}

/** Longest part of a rebalance's name in the name of a move, in characters. */
const MAX_NAME_LENGTH = 46;

/**
 * Name of a move, unique for ever: two rebalances of one name have different uids. `index`: its place in the order of
 * `orderMoves`. At most 63 characters.
 */
export function moveIdOf(rebalance: { readonly name: string; readonly uid: string }, index: number): string {
  return `${rebalance.name.slice(0, MAX_NAME_LENGTH)}-${rebalance.uid.slice(0, 8)}-${index}`;
}
