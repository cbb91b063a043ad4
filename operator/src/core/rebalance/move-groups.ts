/** Moves as a plan stores them: by keyspace and pair of shards, slots as a set. */
import { readSlotSet, writeSlotSet } from '../keyspace/slot-set.ts';
import type { DatabaseMeasures } from './planned-keyspace.ts';
import { databaseOfMove, type MoveUnit, type PlannedMove, type SplitParts } from './planned-move.ts';

/** Most slots in one group, which bounds the text of their set. */
export const MAX_GROUP_SLOTS = 1024;

/** Most groups of a plan: it is stored in one object, whose size has a limit. */
export const MAX_MOVE_GROUPS = 2048;

/** Moves of one keyspace from one shard to another, as `ShardRebalance.status.plan.moves` has them. */
export interface MoveGroup {
  keyspace: string;
  unit: MoveUnit;
  /** Text of the set of slots; absent for other units. */
  slots?: string;
  /** Of a slot that is split: what it becomes. */
  split?: SplitParts;
  from: number;
  to: number;
  /** Number of moves. */
  count: number;
  /** About, of all of them; absent where a database was not measured. */
  rows?: number;
  /** About. */
  bytes?: number;
}

/** Gathers moves into groups, in the order in which a keyspace, a unit and a pair of shards first occur. */
export function groupMoves(moves: readonly PlannedMove[], measures: DatabaseMeasures): MoveGroup[] {
  const byPair = new Map<string, PlannedMove[]>();
  for (const move of moves) {
    const split = move.unit === 'Slot' && move.split !== undefined ? `/${move.slot}` : '';
    const key = `${move.keyspace}/${move.unit}/${move.from}/${move.to}${split}`;
    const known = byPair.get(key);
    if (known === undefined) {
      byPair.set(key, [move]);
    } else {
      known.push(move);
    }
  }
  return [...byPair.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MAX_GROUP_SLOTS) }, (_, index) =>
      describeGroup(group.slice(index * MAX_GROUP_SLOTS, (index + 1) * MAX_GROUP_SLOTS), measures),
    ),
  );
}

function describeGroup(moves: readonly PlannedMove[], measures: DatabaseMeasures): MoveGroup {
  const [first] = moves;
  if (first === undefined) {
    throw new RangeError('a group of moves has at least one');
  }
  const { keyspace, unit, from, to } = first;
  const split = first.unit === 'Slot' ? first.split : undefined;
  const slots = moves.flatMap((move) => (move.unit === 'Slot' ? [move.slot] : []));
  return {
    keyspace,
    unit,
    ...(slots.length === 0 ? {} : { slots: writeSlotSet(slots) }),
    ...(split === undefined ? {} : { split }),
    from,
    to,
    count: moves.length,
    ...sumOf(moves, measures),
  };
}

/** Rows and bytes of some moves; nothing where one of their databases was not measured. */
export function sumOf(
  moves: readonly PlannedMove[],
  measures: DatabaseMeasures,
): { rows: number; bytes: number } | Record<string, never> {
  let [rows, bytes] = [0, 0];
  for (const move of moves) {
    const measure = measures.get(databaseOfMove(move));
    if (measure === undefined) {
      return {};
    }
    rows += measure.rows;
    bytes += measure.bytes;
  }
  return { rows, bytes };
}

/** What {@link orderMoves} reads of a group. */
export type StoredGroup = Pick<MoveGroup, 'keyspace' | 'unit' | 'slots' | 'split' | 'from' | 'to'>;

/**
 * All moves in the order in which they are to begin, by the groups alone. Reference tables come first, since a slot may
 * only go to a shard that has them; then one move of each pair of shards in turn, so that all pairs are busy although each
 * carries one move at a time. A pair begins with unsharded tables, which everybody's statements wait for together.
 * @throws SlotSetError for a group whose slots cannot be read.
 */
export function orderMoves(groups: readonly StoredGroup[]): readonly PlannedMove[] {
  const references = groups.filter(({ unit }) => unit === 'Reference');
  const others = [
    ...groups.filter(({ unit }) => unit === 'Unsharded'),
    ...groups.filter(({ unit, split }) => unit === 'Slot' && split !== undefined),
    ...groups.filter(({ unit, split }) => unit === 'Slot' && split === undefined),
  ];
  return [...takeTurns(references), ...takeTurns(others)];
}

function takeTurns(groups: readonly StoredGroup[]): PlannedMove[] {
  const pairs = new Map<string, PlannedMove[]>();
  for (const group of groups) {
    const pair = `${group.from}/${group.to}`;
    pairs.set(pair, [...(pairs.get(pair) ?? []), ...movesOf(group)]);
  }
  const queues = [...pairs.values()];
  const rounds = Math.max(0, ...queues.map(({ length }) => length));
  const ordered: PlannedMove[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const queue of queues) {
      const move = queue[round];
      if (move !== undefined) {
        ordered.push(move);
      }
    }
  }
  return ordered;
}

function movesOf({ keyspace, unit, slots = '', split, from, to }: StoredGroup): PlannedMove[] {
  return unit === 'Slot'
    ? readSlotSet(slots).map((slot) => ({
        keyspace,
        unit,
        slot,
        ...(split === undefined ? {} : { split }),
        from,
        to,
      }))
    : [{ keyspace, unit, from, to }];
}
