import type { MovePhase, ShardMapMove } from '../../../api/v1alpha1/index.ts';
import { aMove as aMoveOnMap } from '../../../api/v1alpha1/testing/moves.ts';

/** Slot 7 of `app` on its way from shard 0 to shard 1; `change` makes it what a test needs. */
export function aMove(phase: MovePhase = 'Copying', change: Partial<ShardMapMove> = {}): ShardMapMove {
  const isOpened = phase === 'Soaking' || phase === 'Returning';
  return aMoveOnMap(phase, {
    slot: 7,
    to: 1,
    ...(isOpened ? { openedAt: '1-100-40' } : {}),
    ...change,
  });
}
