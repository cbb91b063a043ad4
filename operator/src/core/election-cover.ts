/** Who holds what others hold. Pure. */
import type { ElectionArithmetic, ElectionMember } from './electorate.ts';

/** Whether a member holds everything that others hold, of whom all positions are known. */
export function coversAll<Position>(
  member: ElectionMember<Position>,
  others: readonly ElectionMember<Position>[],
  arithmetic: ElectionArithmetic<Position>,
): boolean {
  return (
    member.received !== null &&
    others.every(({ received }) => received !== null && coversPosition(member, received, arithmetic))
  );
}

/** Whether a member holds everything up to a position. */
export function coversPosition<Position>(
  { received }: ElectionMember<Position>,
  needed: Position,
  { covers }: ElectionArithmetic<Position>,
): boolean {
  return received !== null && covers(received, needed);
}
