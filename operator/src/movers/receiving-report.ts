/** What the ends of a move say: of a slot that is split, both parts as one. Pure. */
import { MOVE_STAGES, type MoveReport, type MoveStage } from '../agent/protocol/move-report.ts';
import type { ShardMapMove } from '../api/v1alpha1/index.ts';
import { partIdsOf, returnIdsOf } from '../core/rebalance/planned-move.ts';
import type { PositionArithmetic } from '../engines/position.ts';

/** The report about a move from among those of its receiving shard; undefined while there is none, or one of a part lacks. */
export function receivingReport(
  reports: readonly MoveReport[],
  { id, split }: Pick<ShardMapMove, 'id' | 'split'>,
  positions: PositionArithmetic,
): MoveReport | undefined {
  return split === undefined
    ? reports.find((report) => report.id === id)
    : bothAsOne(reports, id, partIdsOf(id), 'receiving', positions);
}

/**
 * The report about a move from among those of its giving shard, likewise. A slot that was split follows both parts, as long as it
 * can be had back.
 */
export function givingReport(
  reports: readonly MoveReport[],
  { id, split, phase }: Pick<ShardMapMove, 'id' | 'split' | 'phase'>,
  positions: PositionArithmetic,
): MoveReport | undefined {
  const follows = phase === 'Soaking' || phase === 'Returning';
  return split === undefined || !follows
    ? reports.find((report) => report.id === id)
    : bothAsOne(reports, id, returnIdsOf(id), 'giving', positions);
}

function bothAsOne(
  reports: readonly MoveReport[],
  id: string,
  ids: readonly string[],
  role: MoveReport['role'],
  positions: PositionArithmetic,
): MoveReport | undefined {
  const [lower, upper] = ids.map((wanted) => reports.find((report) => report.id === wanted));
  // Until both act upon the same map, neither says anything of the whole.
  return lower === undefined || upper === undefined || lower.attempt !== upper.attempt
    ? undefined
    : asOne({ id, role }, lower, upper, positions);
}

function asOne(
  { id, role }: Pick<MoveReport, 'id' | 'role'>,
  one: MoveReport,
  other: MoveReport,
  { covers }: PositionArithmetic,
): MoveReport {
  const hasBothPositions = one.position !== null && other.position !== null;
  const hasBothEnds = one.ownPosition !== null && other.ownPosition !== null;
  return {
    id,
    role,
    stage: lesserStage(one.stage, other.stage),
    epoch: one.epoch,
    attempt: one.attempt,
    rowsCopied: one.rowsCopied + other.rowsCopied,
    rowsTotal: sum(one.rowsTotal, other.rowsTotal),
    bytesCopied: one.bytesCopied + other.bytesCopied,
    bytesTotal: sum(one.bytesTotal, other.bytesTotal),
    rowsPerSecond: one.rowsPerSecond + other.rowsPerSecond,
    bytesPerSecond: one.bytesPerSecond + other.bytesPerSecond,
    lagMilliseconds:
      one.lagMilliseconds === null || other.lagMilliseconds === null
        ? null
        : Math.max(one.lagMilliseconds, other.lagMilliseconds),
    position: hasBothPositions
      ? covers(one.position, other.position)
        ? other.position
        : one.position
      : null,
    ownPosition: hasBothEnds
      ? covers(one.ownPosition, other.ownPosition)
        ? one.ownPosition
        : other.ownPosition
      : null,
    verified:
      one.verified === null || other.verified === null
        ? null
        : {
            position: one.verified.position,
            tables: Math.max(one.verified.tables, other.verified.tables),
            rows: one.verified.rows + other.verified.rows,
          },
    fenced: fenceOfBoth(one, other, covers),
    held: one.held ?? other.held,
    error: one.error ?? other.error,
  };
}

/** Users are out of both only behind the later fence, in one attempt. */
function fenceOfBoth(
  { fenced: one }: MoveReport,
  { fenced: other }: MoveReport,
  covers: PositionArithmetic['covers'],
): MoveReport['fenced'] {
  if (one === null || other === null || one.attempt !== other.attempt) {
    return null;
  }
  return covers(one.position, other.position) ? one : other;
}

/** Null where one of them is not known. */
function sum(left: number | null, right: number | null): number | null {
  return left === null || right === null ? null : left + right;
}

function lesserStage(left: MoveStage, right: MoveStage): MoveStage {
  if (left === 'Failed' || right === 'Failed') {
    return 'Failed';
  }
  return MOVE_STAGES.indexOf(left) < MOVE_STAGES.indexOf(right) ? left : right;
}
