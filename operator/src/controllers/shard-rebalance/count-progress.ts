/** How far a rebalance has come, in figures. Pure. */
import type { RebalanceProgress, ShardRebalance, ShardRebalancePlan } from '../../api/v1alpha1/index.ts';
import { type FollowedMove, known, whole } from './follow-moves.ts';

/** Counts. `isGivenUp`: moves that have not begun never will. */
export function countProgress(
  rebalance: Pick<ShardRebalance, 'status'>,
  moves: readonly FollowedMove[],
  isGivenUp: boolean,
): RebalanceProgress {
  const { plan, progress: before } = rebalance.status ?? {};
  const count = (test: (move: FollowedMove) => boolean): number => moves.filter(test).length;
  const rates = sumOf(moves.filter(({ onMap }) => onMap?.phase === 'Copying'));
  const counted = copiedSoFar(plan, moves);
  // What moves copied that have ended is known by the plan's estimate only, which may be less.
  const copied = {
    rows: Math.max(counted.rows, before?.rowsDone ?? 0),
    bytes: Math.max(counted.bytes, before?.bytesDone ?? 0),
  };
  const pauses = moves.flatMap(
    ({ view, recorded }) => view?.pauseMilliseconds ?? recorded?.pauseMilliseconds ?? [],
  );
  const longest = Math.max(-1, before?.longestPauseMilliseconds ?? -1, ...pauses);
  const bytesLeft = plan?.bytes === undefined ? undefined : Math.max(0, plan.bytes - copied.bytes);
  return {
    total: moves.length,
    pending: isGivenUp ? 0 : count(isLeft),
    running: count((move) => move.onMap !== null && !isSoaking(move) && move.where !== 'failed'),
    soaking: count(isSoaking),
    done: count(({ onMap, where }) => onMap === null && where === 'done'),
    undone: count(
      (move) => move.onMap === null && (move.where === 'superseded' || (isGivenUp && isLeft(move))),
    ),
    failed: count(({ where }) => where === 'failed'),
    rowsDone: whole(copied.rows),
    ...known('rowsTotal', plan?.rows),
    bytesDone: whole(copied.bytes),
    ...known('bytesTotal', plan?.bytes),
    rowsPerSecond: whole(rates.rows),
    bytesPerSecond: whole(rates.bytes),
    ...known('etaSeconds', bytesLeft === undefined || rates.bytes <= 0 ? undefined : bytesLeft / rates.bytes),
    ...known('longestPauseMilliseconds', longest < 0 ? undefined : longest),
  };
}

function isSoaking({ onMap }: FollowedMove): boolean {
  return onMap?.phase === 'Soaking' || onMap?.phase === 'Finishing';
}

function isLeft({ onMap, where }: FollowedMove): boolean {
  return onMap === null && where === 'pending';
}

function sumOf(moves: readonly FollowedMove[]): { readonly rows: number; readonly bytes: number } {
  return moves.reduce(
    ({ rows, bytes }, { view }) => ({
      rows: rows + (view?.rowsPerSecond ?? 0),
      bytes: bytes + (view?.bytesPerSecond ?? 0),
    }),
    { rows: 0, bytes: 0 },
  );
}

/** What moves under way tell, and for those that have ended their share of what was planned. */
function copiedSoFar(
  plan: ShardRebalancePlan | undefined,
  moves: readonly FollowedMove[],
): { readonly rows: number; readonly bytes: number } {
  const shares = new Map(
    (plan?.moves ?? []).map(({ keyspace, unit, from, to, count, rows = 0, bytes = 0 }) => [
      `${keyspace}/${unit}/${from}/${to}`,
      { rows: rows / Math.max(1, count), bytes: bytes / Math.max(1, count) },
    ]),
  );
  let [rows, bytes] = [0, 0];
  for (const { move, view, where, onMap, recorded } of moves) {
    const share = shares.get(`${move.keyspace}/${move.unit}/${move.from}/${move.to}`);
    const hasEnded = where === 'done' && onMap === null;
    rows += hasEnded ? (share?.rows ?? 0) : (view?.rowsDone ?? recorded?.rowsDone ?? 0);
    bytes += hasEnded ? (share?.bytes ?? 0) : (view?.bytesDone ?? recorded?.bytesDone ?? 0);
  }
  return { rows, bytes };
}
