import type { DatabaseMeasures, MoveSpeed } from './planned-keyspace.ts';
import { databaseOfMove, type PlannedMove } from './planned-move.ts';

/** What a move takes beside its rows: schema, verification, cut-over. Seconds, at best and at worst. */
const OVERHEAD_SECONDS = { least: 1, most: 5 };

/** How much slower than its limits a busy server may make a move. */
const SLOWEST = 4;

/**
 * Most moves on the map at once, those included that only soak. Writing a map takes the API server 8 ms and 0.6 to 1 ms for
 * every move on it (measured), and clients wait for two writes: with 24 that is half of the pause that is aimed for.
 */
export const MOST_MOVES_ON_MAP = 24;

/** A span of time, in whole seconds. */
export interface Duration {
  readonly least: number;
  readonly most: number;
}

/**
 * How long moves take until all are cut over: at least at the limits, with as many at once as may be, one for each pair of
 * shards; at most one after the other at a quarter of the limits. Either way they wait for others that soak where there are
 * more than the map takes. Undefined while a size is unknown.
 */
export function estimateDuration(
  moves: readonly PlannedMove[],
  measures: DatabaseMeasures,
  { rowsPerSecond, bytesPerSecond, maxParallelMoves, soakSeconds }: MoveSpeed,
): Duration | undefined {
  let [copying, longestPair, most] = [0, 0, 0];
  const byPair = new Map<string, number>();
  for (const move of moves) {
    const measure = measures.get(databaseOfMove(move));
    if (measure === undefined) {
      return undefined;
    }
    const seconds = Math.max(measure.rows / rowsPerSecond, measure.bytes / bytesPerSecond);
    const pair = `${move.from}/${move.to}`;
    const ofPair = (byPair.get(pair) ?? 0) + seconds + OVERHEAD_SECONDS.least;
    byPair.set(pair, ofPair);
    copying += seconds + OVERHEAD_SECONDS.least;
    longestPair = Math.max(longestPair, ofPair);
    most += seconds * SLOWEST + OVERHEAD_SECONDS.most;
  }
  const soaking = Math.floor(Math.max(0, moves.length - 1) / MOST_MOVES_ON_MAP) * soakSeconds;
  return {
    least: Math.ceil(Math.max(copying / maxParallelMoves, longestPair, soaking)),
    most: Math.ceil(most + soaking),
  };
}
