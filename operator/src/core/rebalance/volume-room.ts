import type { DatabaseMeasures } from './planned-keyspace.ts';
import { databaseOfMove, type PlannedMove } from './planned-move.ts';

/** A copy takes somewhat more than its original: pages are filled less, and the log has it all once more for a while. */
const COPY_FACTOR = 1.1;

/** Share of the room from which on a person is warned. */
const NEARLY_FULL = 0.8;

/** A shard whose volumes what it gets would fill. */
export interface TightShard {
  readonly shard: number;
  /** Bytes that the copies take. */
  readonly needed: number;
  /** Bytes that are free on the fullest of its volumes. */
  readonly free: number;
  /** `full`: there is not enough room. `nearly-full`: there is, and little is left. */
  readonly verdict: 'full' | 'nearly-full';
}

/**
 * The shards that have too little room for what they get, ascending. `free`: free bytes on the fullest volume of a shard; a
 * shard that is not there was not measured and is not judged, nor are databases that were not.
 */
export function findTightShards(
  moves: readonly PlannedMove[],
  measures: DatabaseMeasures,
  free: ReadonlyMap<number, number>,
): readonly TightShard[] {
  const incoming = new Map<number, number>();
  for (const move of moves) {
    const bytes = measures.get(databaseOfMove(move))?.bytes ?? 0;
    incoming.set(move.to, (incoming.get(move.to) ?? 0) + bytes * COPY_FACTOR);
  }
  return [...incoming]
    .flatMap(([shard, bytes]): TightShard[] => {
      const room = free.get(shard);
      const needed = Math.ceil(bytes);
      return room === undefined || needed <= room * NEARLY_FULL
        ? []
        : [{ shard, needed, free: room, verdict: needed > room ? 'full' : 'nearly-full' }];
    })
    .toSorted((left, right) => left.shard - right.shard);
}
