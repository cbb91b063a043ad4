/** Who comes first of those that could take over without loss. Pure. */
import type { ElectionArithmetic, ElectionInput, ElectionMember } from './electorate.ts';

/**
 * The best of members that hold the same: what is asked for, what runs, what stays, what has applied the most (for that
 * is what a promotion waits for), and then the lowest ordinal. Undefined of none.
 */
export function firstOf<Position>(
  members: readonly ElectionMember<Position>[],
  { preferred }: ElectionInput<Position>,
  arithmetic: ElectionArithmetic<Position>,
): ElectionMember<Position> | undefined {
  const rank = (left: ElectionMember<Position>, right: ElectionMember<Position>): number =>
    Number(right.pod === preferred) - Number(left.pod === preferred) ||
    Number(right.isRunning) - Number(left.isRunning) ||
    Number(left.isTerminating) - Number(right.isTerminating) ||
    appliedOrder(left, right, arithmetic) ||
    left.ordinal - right.ordinal;
  return members.toSorted(rank)[0];
}

/** Negative where `left` has applied more. */
function appliedOrder<Position>(
  left: ElectionMember<Position>,
  right: ElectionMember<Position>,
  { compare }: ElectionArithmetic<Position>,
): number {
  if (left.applied === null || right.applied === null) {
    return Number(left.applied === null) - Number(right.applied === null);
  }
  const order = compare(left.applied, right.applied);
  return order === 'ahead' ? -1 : Number(order === 'behind');
}
