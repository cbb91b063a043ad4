/**
 * A slot that is split, as work of the one shard that has it: both parts are received by it, from itself, and the slot is given, and
 * follows both parts as long as it can be had back. So each of them goes the way of any other move. Pure.
 */
import type { ShardMapKeyspace, ShardMapMove } from '../../api/v1alpha1/index.ts';
import { databaseOfSlot } from '../../core/keyspace/database-names.ts';
import { readRanges } from '../../core/keyspace/ranges.ts';
import { withSplit } from '../../core/rebalance/plan-split.ts';
import { partIdsOf, returnIdsOf } from '../../core/rebalance/planned-move.ts';
import type { DatabaseHere, PartOfRows } from '../../engines/slot-transfer.ts';

/** A move as an agent works on it. */
export interface MovePiece extends ShardMapMove {
  /** What it takes, where that is (a part of) a database under a name of its own. */
  readonly part?: { readonly database: string; readonly rows: PartOfRows | null };
  /** Whether what was given is followed, so that it could be had back. @default true */
  readonly returns?: false;
}

/** Stands for the shard itself as the other end: each has a stream of its own. */
const OWN_SHARDS = { lower: -1, upper: -2, given: -3 } as const;

/** Numbers by which the pieces of a split name their own shard. */
export const OWN_SHARD_NUMBERS: ReadonlySet<number> = new Set(Object.values(OWN_SHARDS));

/** The pieces of a move: itself, or those of a split. `keyspaces`: of the map that has the move. */
export function piecesOf(move: ShardMapMove, keyspaces: readonly ShardMapKeyspace[]): readonly MovePiece[] {
  const { split, ...given } = move;
  if (split === undefined) {
    return [move];
  }
  const { keyspace, slot = -1, from } = move;
  const keyOf = keysOf(keyspaces.find(({ name }) => name === keyspace));
  const ranges = rangesAfter(move, keyspaces);
  const layout = { strategy: 'Range' as const, ranges: readRanges(ranges) };
  const [lowerId, upperId] = partIdsOf(move.id);
  const part = (id: string, number: number, other: number, side: PartOfRows['side']): MovePiece => ({
    ...given,
    id,
    slot: number,
    from: other,
    to: from,
    part: { database: databaseOfSlot(keyspace, slot), rows: { layout, slot: split.upper, side, keyOf } },
  });
  return [
    part(lowerId, split.lower, OWN_SHARDS.lower, 'outside'),
    part(upperId, split.upper, OWN_SHARDS.upper, 'inside'),
    { ...given, to: OWN_SHARDS.given, returns: false },
    ...returnsOf(move),
  ];
}

/** By one stream, so that a row that goes from one part to the other never is in the slot twice. */
function returnsOf({ split, ...given }: ShardMapMove): readonly MovePiece[] {
  if (split === undefined || (given.phase !== 'Soaking' && given.phase !== 'Returning')) {
    return [];
  }
  const [lowerId, upperId] = returnIdsOf(given.id);
  const from = (id: string, part: number): MovePiece => ({
    ...given,
    id,
    to: OWN_SHARDS.given,
    part: { database: databaseOfSlot(given.keyspace, part), rows: null },
  });
  return [from(lowerId, split.lower), from(upperId, split.upper)];
}

/** What a piece is called at its source, and here. */
export function databasesOfPiece(
  { part }: Pick<MovePiece, 'part'>,
  database: string,
): { readonly database: string; readonly here?: DatabaseHere } {
  return part === undefined ? { database } : { database: part.database, here: { database, rows: part.rows } };
}

/** Before the flip they are still to come, and after it they are those of the map. */
function rangesAfter({ keyspace, slot = -1, split }: ShardMapMove, keyspaces: readonly ShardMapKeyspace[]) {
  const { ranges = [], slotsByShard = [] } = keyspaces.find(({ name }) => name === keyspace) ?? {};
  const isCut = ranges.some((range) => range.slot === split?.upper);
  return isCut || split === undefined
    ? ranges
    : withSplit({ ranges, slotsByShard }, { slot, ...split }).ranges;
}

function keysOf(keyspace: ShardMapKeyspace | undefined): PartOfRows['keyOf'] {
  const keys = new Map(keyspace?.tables.map(({ name, key }) => [name, key]));
  return (table) => keys.get(table) ?? keyspace?.defaultKey ?? null;
}
