/** The moves of a plan, one by one, and their names. Pure. */
import type { ShardRebalance } from '../api/v1alpha1/index.ts';
import { orderMoves } from '../core/rebalance/move-groups.ts';
import { moveIdOf } from '../core/rebalance/planned-move.ts';
import type { NewMove } from './move-edits.ts';

/** Beginning of the names of all moves of a ShardRebalance, which no other one shares. */
export function movePrefix({ metadata: { name, uid = '' } }: Pick<ShardRebalance, 'metadata'>): string {
  return moveIdOf({ name, uid }, 0).slice(0, -1);
}

/** Every move of a plan, in the order in which they are to begin. Order and names follow from the plan alone. */
export function plannedMoves(rebalance: Pick<ShardRebalance, 'metadata' | 'status'>): readonly NewMove[] {
  const { name, uid = '' } = rebalance.metadata;
  return orderMoves(rebalance.status?.plan?.moves ?? []).map((move, index) => ({
    id: moveIdOf({ name, uid }, index + 1),
    ...move,
  }));
}

/** The ShardRebalance that a move belongs to. */
export function rebalanceOf(
  { id }: Pick<NewMove, 'id'>,
  rebalances: readonly ShardRebalance[],
): ShardRebalance | undefined {
  return rebalances.find((rebalance) => {
    const prefix = movePrefix(rebalance);
    return id.startsWith(prefix) && /^[0-9]+$/.test(id.slice(prefix.length));
  });
}
