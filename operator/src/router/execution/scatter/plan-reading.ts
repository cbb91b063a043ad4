/** In which order, and over how many connections, the slots of a statement are read. */
import { assertNever } from '../../../runtime/assert-never.ts';
import type { Arrangement } from '../../merge/merge-input.ts';
import type { RowMerge } from '../../merge/merge-plan.ts';
import { PARALLEL_SLOTS, STREAMS_PER_SHARD } from './scatter-caps.ts';

/** Parts of a statement that are read one after the other, over one connection at a time. */
export interface Lane {
  readonly shard: number;
  /** Their places in the statement's list. */
  readonly parts: readonly number[];
  /**
   * Of `bySlot`: whether the rows of the last part are read as they are merged; those of the others, whose connection the next
   * one needs, are kept. Of `mixed` always true.
   */
  readonly streams: boolean;
}

/** How a statement is read. */
export interface ReadingPlan {
  readonly arrangement: Arrangement;
  readonly lanes: readonly Lane[];
  /** Permits that were taken, by shard; to be given back when everything is read. */
  readonly permits: ReadonlyMap<number, number>;
}

/** What is planned from. */
export interface ReadingInput {
  readonly rows: RowMerge;
  /** The shard of each part. */
  readonly shards: readonly number[];
  /** In a transaction a shard has one connection, and one thing at a time runs on it. */
  readonly inTransaction: boolean;
  /** Takes permits; see StreamPermits. */
  readonly take: (shard: number, wanted: number) => number;
}

/** Plans the reading of all parts. */
export function planReading(input: ReadingInput): ReadingPlan {
  const parts = Map.groupBy(input.shards.keys(), (part) => input.shards[part] ?? -1);
  const arrangement = arrange(input, parts);
  const permits = new Map<number, number>();
  const lanes = [...parts].flatMap(([shard, own]) => {
    if (input.inTransaction) {
      return [{ shard, parts: own, streams: true }];
    }
    const most = Math.min(own.length, arrangement === 'bySlot' ? STREAMS_PER_SHARD : PARALLEL_SLOTS - 1);
    const granted = input.take(shard, most);
    permits.set(shard, granted);
    // Whose rows pass in any order waits for nothing but the client: one connection needs no permit.
    const width =
      arrangement === 'bySlot'
        ? Math.max(granted, Math.min(own.length, PARALLEL_SLOTS))
        : Math.min(own.length, 1 + granted);
    return deal(own, width).map((dealt, lane) => ({
      shard,
      parts: dealt,
      streams: arrangement === 'mixed' || lane < granted,
    }));
  });
  return { arrangement, lanes, permits };
}

function arrange(
  { rows, inTransaction }: ReadingInput,
  parts: ReadonlyMap<number, readonly number[]>,
): Arrangement {
  switch (rows.kind) {
    case 'concatenate':
    case 'gathered':
      return 'mixed';
    case 'order':
      return 'bySlot';
    case 'distinct':
      return rows.by.length === 0 ? 'mixed' : 'bySlot';
    case 'group': {
      // Groups are fewer than rows that would have to be kept: sorted only where all slots can be read at once.
      const most = inTransaction ? 1 : STREAMS_PER_SHARD;
      const canStream = [...parts.values()].every((own) => own.length <= most);
      return rows.sorted !== null && canStream ? 'bySlot' : 'mixed';
    }
    default:
      return assertNever(rows);
  }
}

/** Deals parts out in turn. */
function deal(parts: readonly number[], width: number): number[][] {
  return Array.from({ length: width }, (_lane, lane) =>
    parts.filter((_part, index) => index % width === lane),
  );
}
