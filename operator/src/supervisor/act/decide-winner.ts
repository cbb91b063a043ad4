/** What a promotion does next, once the map has no primary. Pure. */
import { elect } from '../../core/election.ts';
import type { ElectionInput } from '../../core/electorate.ts';
import type { Position, PositionArithmetic } from '../../engines/position.ts';
import { type ElectionWishes, finalElection, type FinalPosition } from '../election-input.ts';
import { type ShardObservation, stateOf } from '../observe-shard.ts';
import { type Refusal, refusalOf } from '../refusal.ts';

/** How far the fencing has come. */
export interface FencingProgress {
  /** Final positions, by pod. */
  readonly answers: ReadonlyMap<string, FinalPosition>;
  /** Somebody has been asked and may still answer. */
  readonly isWaiting: boolean;
  /** The former primary can take no writes any more. */
  readonly isFenced: boolean;
  /** Where its log ends, should it have stepped down; null for one that has not. */
  readonly formerEnd: Position | null;
  /** Milliseconds since this instance of the operator began. */
  readonly elapsed: number;
}

/** The next step. */
export type PromotionStep =
  | { readonly kind: 'publish'; readonly winner: string; readonly mayMiss: readonly string[] }
  /** `candidate`: who is going to be published, unless things change; absent where that is not certain. */
  | { readonly kind: 'wait'; readonly candidate?: string }
  | { readonly kind: 'blocked'; readonly refusal: Refusal };

/** Members that do not answer at once may do so in a moment. Milliseconds. */
const PATIENCE_MILLISECONDS = 2000;
/** Somebody else would do as well as the member that was asked for, which is waited for only so long. Milliseconds. */
const PREFERENCE_PATIENCE_MILLISECONDS = 1000;
/** Before writes are given up for good, by the policy Availability, whoever has them gets more time. Milliseconds. */
const LOSS_PATIENCE_MILLISECONDS = 10_000;

/** A winner that applies for longer is published all the same: it opens only when it has applied everything. */
const DRAIN_PATIENCE_MILLISECONDS = 60_000;

/** Decides. */
export function decideWinner(
  observation: ShardObservation,
  { answers, isWaiting, isFenced, formerEnd, elapsed }: FencingProgress,
  wishes: ElectionWishes,
  positions: PositionArithmetic,
): PromotionStep {
  const { shard } = observation;
  const input = finalElection(observation, { answers, formerEnd }, wishes, positions);
  const election = elect(input, positions);
  if (election.kind === 'blocked') {
    return isWaiting || elapsed < PATIENCE_MILLISECONDS
      ? { kind: 'wait' }
      : { kind: 'blocked', refusal: refusalOf(shard, election) };
  }
  const { pod: winner, mayMiss } = election;
  const isLossy = mayMiss.length > 0 && wishes.chosen === null;
  // The former primary has to boot first: only where nobody else will do.
  const isLastResort = winner === shard.formerPrimary;
  const patience = isLossy ? LOSS_PATIENCE_MILLISECONDS : PATIENCE_MILLISECONDS;
  const { preferred } = wishes;
  const isPreferredLate =
    preferred !== null &&
    winner !== preferred &&
    !answers.has(preferred) &&
    elapsed < PREFERENCE_PATIENCE_MILLISECONDS;
  const isPatient = isPreferredLate || ((isLossy || isLastResort) && (isWaiting || elapsed < patience));
  const isDrainAwaited =
    elapsed < DRAIN_PATIENCE_MILLISECONDS &&
    isApplying(observation, winner) &&
    isDraining(input, winner, positions);
  if (isPatient || isDrainAwaited) {
    return { kind: 'wait' };
  }
  return isFenced ? { kind: 'publish', winner, mayMiss } : { kind: 'wait', candidate: winner };
}

/** One that was started anew applies what it had received only once it is the primary. */
function isApplying(observation: ShardObservation, pod: string): boolean {
  const role = stateOf(observation, pod)?.member?.role;
  return role?.kind === 'replica' && role.following.applying.kind === 'running';
}

/**
 * Whether a running member has yet to apply what it received. Clients read from whom the map names: they would see the
 * past there, after the present of the former primary.
 */
function isDraining(
  { members }: ElectionInput<Position>,
  winner: string,
  { covers }: PositionArithmetic,
): boolean {
  const member = members.find(({ pod }) => pod === winner);
  const { isRunning = false, received = null, applied = null } = member ?? {};
  return isRunning && received !== null && applied !== null && !covers(applied, received);
}
