/** What is to be done about a move: for each phase, policies in order, of which the first with an answer decides. Pure. */
import type { MoveReport } from '../agent/protocol/move-report.ts';
import type { MovePhase } from '../api/v1alpha1/index.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import type { MoveHold, MoveObservation, MoveSide } from './observe-move.ts';
import {
  MOST_LAG_MILLISECONDS,
  PATIENT_ATTEMPTS,
  pauseBefore,
  SILENCE_MILLISECONDS,
  SWITCH_BUDGET_MILLISECONDS,
} from './patience.ts';

/**
 * What is to be done. All but the last two are one write of the map.
 * - `switch`, `return`: the owner is to give up its rights; routers hold statements.
 * - `flip`, `flipBack`: the other shard becomes the owner.
 * - `undoSwitch`, `undoReturn`: the owner keeps what it has; another attempt follows later.
 * - `finish`, `undo`: the shard that is not the owner is to remove what it has.
 * - `remove`: nothing is left of the move but its entry.
 * - `hold`: something is in the way that somebody should know of.
 * - `wait`: it goes on by itself.
 */
export type MoveAction =
  | { readonly kind: 'switch' | 'return' }
  | { readonly kind: 'flip'; readonly openedAt: string }
  | { readonly kind: 'flipBack' }
  | { readonly kind: 'undoSwitch' | 'undoReturn'; readonly because: string }
  | { readonly kind: 'finish' | 'undo' | 'remove' }
  | ({ readonly kind: 'hold' } & MoveHold)
  | { readonly kind: 'wait' };

type Policy = (observation: MoveObservation, positions: PositionArithmetic) => MoveAction | null;

/** Decides. */
export function decideMove(observation: MoveObservation, positions: PositionArithmetic): MoveAction {
  for (const policy of POLICIES[observation.move.phase]) {
    const action = policy(observation, positions);
    if (action !== null) {
      return action;
    }
  }
  return WAIT;
}

const WAIT: MoveAction = { kind: 'wait' };

const POLICIES: Readonly<Record<MovePhase, readonly Policy[]>> = {
  Copying: [
    undoWhatIsUnwanted,
    holdAsWished,
    holdInTrouble,
    holdWithoutWord('to'),
    holdWhatTheAgentHolds('to'),
    waitUntilReadyToSwitch,
    holdWithoutWord('from'),
    pauseAfterAttempts,
    waitForOthersToSwitch,
    () => ({ kind: 'switch' }),
  ],
  Switching: [
    undoUnwantedSwitch,
    undoSwitchInTrouble,
    flipWhenProven,
    undoBlockedSwitch,
    undoSwitchOverBudget,
  ],
  Soaking: [
    finishCopyOfReferences,
    returnWhenWished,
    holdAsWished,
    waitForSoakTime,
    holdInTrouble,
    holdWithoutWord('to'),
    finishWhenServing,
  ],
  Returning: [undoReturnInTrouble, flipBackWhenProven, undoBlockedReturn, undoReturnOverBudget],
  Undoing: [
    removeWhenCleaned('to', 'from'),
    holdInTrouble,
    holdWithoutWord('to'),
    holdWithoutWord('from'),
    holdWhatTheAgentHolds('to'),
  ],
  Finishing: [
    removeWhenCleaned('from', 'to'),
    holdInTrouble,
    holdWithoutWord('from'),
    holdWithoutWord('to'),
    holdWhatTheAgentHolds('from'),
  ],
};

function undoWhatIsUnwanted({ wish }: MoveObservation): MoveAction | null {
  return wish.kind === 'cancel' || wish.kind === 'rollback' ? { kind: 'undo' } : null;
}

function undoUnwantedSwitch({ wish }: MoveObservation): MoveAction | null {
  return wish.kind === 'cancel' || wish.kind === 'rollback'
    ? { kind: 'undoSwitch', because: 'The move was cancelled.' }
    : null;
}

function holdAsWished({ wish }: MoveObservation): MoveAction | null {
  return wish.kind === 'hold' ? { kind: 'hold', reason: wish.reason, message: wish.message } : null;
}

function holdInTrouble({ from, to }: MoveObservation): MoveAction | null {
  const trouble = from.trouble ?? to.trouble;
  return trouble === null ? null : { kind: 'hold', ...trouble };
}

/** A little silence is the time that an agent takes to read the map. */
function holdWithoutWord(end: 'from' | 'to'): Policy {
  return ({ move, [end]: side, phaseMilliseconds }) => {
    if (reportOf(side, move.attempt) !== null) {
      return null;
    }
    return phaseMilliseconds < SILENCE_MILLISECONDS
      ? WAIT
      : ((side.trouble === null ? null : { kind: 'hold' as const, ...side.trouble }) ?? {
          kind: 'hold',
          reason: 'AgentSilent',
          message: `The agent of the primary of ${side.name} says nothing of the move.`,
        });
  };
}

function holdWhatTheAgentHolds(end: 'from' | 'to'): Policy {
  return ({ [end]: { report } }) => {
    if (report?.stage === 'Failed' && report.error !== null) {
      return { kind: 'hold', reason: report.error.code, message: report.error.message };
    }
    const held = report?.held ?? null;
    return held === null ? null : { kind: 'hold', reason: held.reason, message: held.message };
  };
}

function waitUntilReadyToSwitch({ to: { report } }: MoveObservation): MoveAction | null {
  return isFollowing(report) && report?.verified !== null ? null : WAIT;
}

function waitForOthersToSwitch({ isAnotherSwitching }: MoveObservation): MoveAction | null {
  return isAnotherSwitching ? WAIT : null;
}

/** Whatever was in the way of the last attempt gets time to go. */
function pauseAfterAttempts({ move, phaseMilliseconds, obstacle }: MoveObservation): MoveAction | null {
  if (phaseMilliseconds >= pauseBefore(move.attempt)) {
    return null;
  }
  return move.attempt > PATIENT_ATTEMPTS
    ? {
        kind: 'hold',
        reason: 'SessionInTheWay',
        message:
          `The cut-over was undone ${move.attempt - 1} times, and is tried again in a while. ` +
          (obstacle ?? 'What is in the way is not known.'),
      }
    : WAIT;
}

function undoSwitchInTrouble({ from, to }: MoveObservation): MoveAction | null {
  const trouble = from.trouble ?? to.trouble;
  return trouble === null ? null : { kind: 'undoSwitch', because: trouble.message };
}

function undoReturnInTrouble({ from, to }: MoveObservation): MoveAction | null {
  const trouble = from.trouble ?? to.trouble;
  return trouble === null ? null : { kind: 'undoReturn', because: trouble.message };
}

/**
 * The one step that cannot be taken back without being told so: whoever gives is fenced, in this attempt, under the epoch of
 * now, and whoever takes has everything up to the fence, and was verified.
 */
function flipWhenProven(
  { move, from, to }: MoveObservation,
  positions: PositionArithmetic,
): MoveAction | null {
  const taken = caughtUp(move.attempt, from, to, positions);
  return taken === null || taken.verified === null || taken.ownPosition === null
    ? null
    : { kind: 'flip', openedAt: taken.ownPosition };
}

function flipBackWhenProven(
  { move, from, to }: MoveObservation,
  positions: PositionArithmetic,
): MoveAction | null {
  return caughtUp(move.attempt, to, from, positions) === null ? null : { kind: 'flipBack' };
}

/** What the taking side says, where it has everything up to the fence of the giving one; otherwise null. */
function caughtUp(
  attempt: number,
  giving: MoveSide,
  taking: MoveSide,
  positions: PositionArithmetic,
): MoveReport | null {
  const fence = reportOf(giving, attempt)?.fenced ?? null;
  const taken = reportOf(taking, attempt);
  if (fence === null || fence.attempt !== attempt || taken === null || taken.position === null) {
    return null;
  }
  return taken.stage === 'Following' && positions.covers(taken.position, fence.position) ? taken : null;
}

/** Whoever waits longer for somebody who does not leave in time only makes clients wait. */
function undoBlockedSwitch({ from, to, move }: MoveObservation): MoveAction | null {
  return isBlocked(reportOf(from, move.attempt))
    ? { kind: 'undoSwitch', because: obstacleTo(move.attempt, from, to) }
    : null;
}

function undoBlockedReturn({ from, to, move }: MoveObservation): MoveAction | null {
  return isBlocked(reportOf(to, move.attempt))
    ? { kind: 'undoReturn', because: obstacleTo(move.attempt, to, from) }
    : null;
}

/** Whether the giving agent has given up the fence of this attempt, because of sessions or transactions. */
function isBlocked(report: MoveReport | null): boolean {
  return report !== null && report.fenced === null && report.error?.code.endsWith('InTheWay') === true;
}

function undoSwitchOverBudget({ phaseMilliseconds, from, to, move }: MoveObservation): MoveAction | null {
  return phaseMilliseconds < SWITCH_BUDGET_MILLISECONDS
    ? null
    : { kind: 'undoSwitch', because: obstacleTo(move.attempt, from, to) };
}

function undoReturnOverBudget({ phaseMilliseconds, from, to, move }: MoveObservation): MoveAction | null {
  return phaseMilliseconds < SWITCH_BUDGET_MILLISECONDS
    ? null
    : { kind: 'undoReturn', because: obstacleTo(move.attempt, to, from) };
}

/** In words, why a switch did not come about. */
function obstacleTo(attempt: number, giving: MoveSide, taking: MoveSide): string {
  const given = reportOf(giving, attempt);
  const taken = reportOf(taking, attempt);
  if (given === null) {
    return `The agent of the primary of ${giving.name} did not answer in time.`;
  }
  if (given.fenced === null) {
    const said = given.held?.message ?? given.error?.message;
    return said ?? `${giving.name} did not get its sessions out of the database in time.`;
  }
  if (taken === null) {
    return `The agent of the primary of ${taking.name} did not answer in time.`;
  }
  return (
    taken.held?.message ??
    taken.error?.message ??
    `${taking.name} did not catch up with the last changes in time.`
  );
}

/** Nothing has left the source: there is nothing to give back. */
function finishCopyOfReferences({ move }: MoveObservation): MoveAction | null {
  return move.unit === 'Reference' ? { kind: 'finish' } : null;
}

function returnWhenWished({
  move,
  wish,
  from,
  to,
  isAnotherSwitching,
  ...rest
}: MoveObservation): MoveAction | null {
  if (wish.kind !== 'rollback') {
    return null;
  }
  const trouble = from.trouble ?? to.trouble;
  if (trouble !== null) {
    return { kind: 'hold', ...trouble };
  }
  const report = reportOf(from, move.attempt);
  if (report?.stage === 'Failed') {
    return {
      kind: 'hold',
      reason: report.error?.code ?? 'Failed',
      message: `It cannot be rolled back: ${report.error?.message ?? 'the former copy was not kept up to date.'}`,
    };
  }
  const isReady = isFollowing(report) && rest.phaseMilliseconds >= pauseBefore(move.attempt);
  return isReady && !isAnotherSwitching ? { kind: 'return' } : WAIT;
}

function waitForSoakTime({ soakMilliseconds }: MoveObservation): MoveAction | null {
  return soakMilliseconds > 0 ? WAIT : null;
}

/** The former copy goes only when the new owner is known to serve. */
function finishWhenServing({ move, to }: MoveObservation): MoveAction | null {
  return reportOf(to, move.attempt)?.stage === 'Serving' ? { kind: 'finish' } : null;
}

/** Nothing is left on one side, and the other, which has it, serves; on replicas, too. */
function removeWhenCleaned(end: 'from' | 'to', owner: 'from' | 'to'): Policy {
  return ({ move, [end]: side, [owner]: other, areReplicasCurrent }) =>
    areReplicasCurrent &&
    reportOf(side, move.attempt)?.stage === 'Cleaned' &&
    reportOf(other, move.attempt)?.stage === 'Serving'
      ? { kind: 'remove' }
      : null;
}

/** Whether changes arrive soon after they are made, and what is there was compared where that is asked for. */
function isFollowing(report: MoveReport | null): boolean {
  return (
    report !== null &&
    report.stage === 'Following' &&
    report.position !== null &&
    report.lagMilliseconds !== null &&
    report.lagMilliseconds <= MOST_LAG_MILLISECONDS
  );
}

/** The word of a side about this attempt: what it says of another one was said under another map. */
function reportOf({ report }: MoveSide, attempt: number): MoveReport | null {
  return report?.attempt === attempt ? report : null;
}
