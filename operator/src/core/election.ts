/**
 * Who takes over from a primary. Pure, and knows no engine.
 *
 * A commit waits for one acker, any of them: an acknowledged write is on the former primary, and for certain on no more
 * than one other member. So nothing is lost only if the winner holds what every recorded acker holds, or everything in
 * the former primary's own log. A member whose position is unknown may hold a write that nobody else has.
 */

import { coversAll, coversPosition } from './election-cover.ts';
import type { ElectionArithmetic, ElectionInput, ElectionMember } from './electorate.ts';
import { findPredecessors } from './election-predecessors.ts';
import { firstOf } from './election-rank.ts';

/**
 * Why nobody is elected.
 * - `PositionsUnknown`: `pods` may hold acknowledged writes that no candidate has.
 * - `Diverged`: `pods` hold what others lack, both ways.
 * - `NoCandidate`: `pods` hold everything, or were decided for, and none of them can take over now.
 */
export type BlockedReason = 'PositionsUnknown' | 'Diverged' | 'NoCandidate';

/** The outcome. */
export type ElectionResult =
  | {
      readonly kind: 'elected';
      readonly pod: string;
      /** Members that may hold acknowledged writes which the winner lacks; empty where nothing can be lost. */
      readonly mayMiss: readonly string[];
    }
  | {
      readonly kind: 'blocked';
      readonly reason: BlockedReason;
      readonly pods: readonly string[];
      /** Who would be the least bad choice of a person; null where nobody can take over. */
      readonly best: string | null;
    };

/** Decides. */
export function elect<Position>(
  input: ElectionInput<Position>,
  arithmetic: ElectionArithmetic<Position>,
): ElectionResult {
  const { chosen, policy } = input;
  const result = electWithoutLoss(input, arithmetic);
  if (result.kind === 'elected') {
    return result;
  }
  if (chosen !== null) {
    return electChosen(input, chosen, arithmetic);
  }
  const mayTakeBest = policy === 'Availability' && result.reason !== 'Diverged' && result.best !== null;
  return mayTakeBest ? electedAtRisk(input, result.best, arithmetic) : result;
}

function electWithoutLoss<Position>(
  input: ElectionInput<Position>,
  arithmetic: ElectionArithmetic<Position>,
): ElectionResult {
  const { members, ackers, former, formerEnd } = input;
  const recorded = members.filter(({ pod }) => ackers.includes(pod));
  const blocked = (reason: BlockedReason, pods: readonly string[]): ElectionResult => ({
    kind: 'blocked',
    reason,
    pods,
    best: bestOf(input, arithmetic),
  });
  const diverged = divergedAmong(recorded, arithmetic);
  if (diverged.length > 0) {
    return blocked('Diverged', diverged);
  }
  const known = recorded.filter(({ received }) => received !== null);
  const unknown = ackers.filter((pod) => !known.some((member) => member.pod === pod));
  const isSafe = (member: ElectionMember<Position>): boolean =>
    coversAll(member, known, arithmetic) &&
    (unknown.length === 0 || (formerEnd !== null && coversPosition(member, formerEnd, arithmetic)));
  const safe = recorded.filter((member) => member.isEligible && isSafe(member));
  // Everything acknowledged is in the former primary's own log: where nobody else qualifies, it goes on itself.
  const returning = members.filter(
    (member) =>
      member.pod === former &&
      member.isEligible &&
      formerEnd !== null &&
      coversAll({ ...member, received: formerEnd }, known, arithmetic),
  );
  const sound = (group: readonly ElectionMember<Position>[]): readonly ElectionMember<Position>[] =>
    group.filter(({ isDoubtful }) => !isDoubtful);
  const predecessors = findPredecessors(input, arithmetic);
  const groups = [sound(safe), sound(returning), sound(predecessors), safe, returning, predecessors];
  const candidates = groups.find(({ length }) => length > 0) ?? [];
  const winner = firstOf(candidates, input, arithmetic);
  if (winner !== undefined) {
    return { kind: 'elected', pod: winner.pod, mayMiss: [] };
  }
  return unknown.length > 0 || known.length === 0
    ? blocked('PositionsUnknown', unknown)
    : blocked(
        'NoCandidate',
        known.filter((member) => coversAll(member, known, arithmetic)).map(({ pod }) => pod),
      );
}

function electChosen<Position>(
  input: ElectionInput<Position>,
  chosen: string,
  arithmetic: ElectionArithmetic<Position>,
): ElectionResult {
  const isEligible = input.members.some((member) => member.pod === chosen && member.isEligible);
  return isEligible
    ? electedAtRisk(input, chosen, arithmetic)
    : { kind: 'blocked', reason: 'NoCandidate', pods: [chosen], best: bestOf(input, arithmetic) };
}

function electedAtRisk<Position>(
  input: ElectionInput<Position>,
  pod: string,
  arithmetic: ElectionArithmetic<Position>,
): ElectionResult {
  const { members, ackers, former, formerEnd } = input;
  const held = pod === former ? formerEnd : (members.find((member) => member.pod === pod)?.received ?? null);
  const covers = (needed: Position | null): boolean =>
    held !== null && needed !== null && arithmetic.covers(held, needed);
  if (formerEnd !== null && covers(formerEnd)) {
    return { kind: 'elected', pod, mayMiss: [] };
  }
  const mayMiss = ackers.filter(
    (acker) => acker !== pod && !covers(members.find((member) => member.pod === acker)?.received ?? null),
  );
  // Without a single acker on record the former primary alone has what it acknowledged.
  const alone = ackers.length === 0 && former !== null && former !== pod ? [former] : [];
  return { kind: 'elected', pod, mayMiss: [...mayMiss, ...alone] };
}

/** The most advanced of those that could take over, whether or not others may hold more. */
function bestOf<Position>(
  input: ElectionInput<Position>,
  arithmetic: ElectionArithmetic<Position>,
): string | null {
  const able = input.members.filter(
    ({ isEligible, received, pod }) => isEligible && received !== null && pod !== input.former,
  );
  const leading = able.filter((member) => able.every((other) => !isAhead(other, member, arithmetic)));
  return firstOf(leading, input, arithmetic)?.pod ?? null;
}

function isAhead<Position>(
  left: ElectionMember<Position>,
  right: ElectionMember<Position>,
  { compare }: ElectionArithmetic<Position>,
): boolean {
  return (
    left.received !== null && right.received !== null && compare(left.received, right.received) === 'ahead'
  );
}

function divergedAmong<Position>(
  members: readonly ElectionMember<Position>[],
  { compare }: ElectionArithmetic<Position>,
): readonly string[] {
  return members
    .filter(({ received }) =>
      members.some(
        (other) =>
          received !== null && other.received !== null && compare(received, other.received) === 'diverged',
      ),
    )
    .map(({ pod }) => pod);
}
