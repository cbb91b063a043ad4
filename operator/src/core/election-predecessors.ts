/**
 * Members that need not be on record to hold everything, where the former primary never took writes: whoever led before
 * it, above all, which is no acker any more. Pure.
 */
import { coversAll } from './election-cover.ts';
import type { ElectionArithmetic, ElectionInput, ElectionMember } from './electorate.ts';

/**
 * Everything acknowledged lies before what the former primary was elected with, for it added nothing. So it is safe with
 * whoever goes on from there for certain, and from what every acker holds: had anybody taken writes in between, the newest
 * change would be of another member. An acker whose position is unknown keeps everybody from being found.
 */
export function findPredecessors<Position>(
  { members, ackers, former }: ElectionInput<Position>,
  arithmetic: ElectionArithmetic<Position>,
): readonly ElectionMember<Position>[] {
  const recorded = members.filter(({ pod }) => ackers.includes(pod));
  const hadOpened = former === null || !ackers.includes(former);
  const newest = recorded.find((member) => coversAll(member, recorded, arithmetic))?.received ?? null;
  if (hadOpened || newest === null || recorded.length < ackers.length) {
    return [];
  }
  return members.filter(
    ({ pod, isEligible, received }) =>
      !ackers.includes(pod) && isEligible && received !== null && arithmetic.continues(received, newest),
  );
}
