import type { MoveReport } from '../agent/protocol/move-report.ts';
import type { ShardMapMove } from '../api/v1alpha1/index.ts';
import type { MoveView } from '../core/move-view.ts';
import type { RememberedMove } from './move-memory.ts';

/** What is told of a move. Until it is cut over the receiving side works for it, and afterwards the giving side follows. */
export function viewMove(
  { phase }: Pick<ShardMapMove, 'phase'>,
  known: RememberedMove,
  {
    from,
    to,
    soakEndsAt,
  }: {
    readonly from: MoveReport | undefined;
    readonly to: MoveReport | undefined;
    readonly soakEndsAt: number | null;
  },
): MoveView {
  const works = phase === 'Soaking' || phase === 'Returning' || phase === 'Finishing' ? from : to;
  const failed = [to, from].find((report) => report?.stage === 'Failed')?.error ?? null;
  return {
    stage: works?.stage ?? null,
    rowsDone: to?.rowsCopied ?? 0,
    rowsTotal: to?.rowsTotal ?? null,
    bytesDone: to?.bytesCopied ?? 0,
    bytesTotal: to?.bytesTotal ?? null,
    rowsPerSecond: to?.rowsPerSecond ?? 0,
    bytesPerSecond: to?.bytesPerSecond ?? 0,
    lagMilliseconds: works?.lagMilliseconds ?? null,
    pauseMilliseconds: known.pauseMilliseconds,
    soakEndsAt,
    held: known.hold,
    failure: failed === null ? null : { reason: failed.code, message: failed.message },
  };
}
