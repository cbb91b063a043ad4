/** What a ShardRebalance is at: policies in order, of which the first with an answer decides. Pure. */
import { HOLD_REASONS, type HoldReason } from '../../api/v1alpha1/shard-rebalance-status.ts';
import type { RebalanceHold, RebalancePhase, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { needsApproval } from '../../core/rebalance/approval.ts';
import { holdOf } from '../../movers/move-wishes.ts';
import { type FollowedMove, shortened } from './follow-moves.ts';
import type { ClusterObservation } from './observe.ts';

/** A phase, and why. */
export interface PhaseVerdict {
  readonly phase: RebalancePhase;
  /** A sentence for people. */
  readonly message: string;
  /** Why nothing goes on; null where something does. */
  readonly held: Pick<RebalanceHold, 'reason' | 'message'> | null;
}

/** What the phase of a rebalance with a plan is decided from. */
export interface PhaseInput {
  readonly rebalance: ShardRebalance;
  readonly moves: readonly FollowedMove[];
  readonly observation: Pick<ClusterObservation, 'cluster' | 'isWindowOpen'>;
  /** Name of the rebalance that has to end first; null for none. */
  readonly before: string | null;
}

type Policy = (input: PhaseInput) => PhaseVerdict | null;

const POLICIES: readonly Policy[] = [
  nothingLeftToDo,
  givenUp,
  waitsForApproval,
  waitsForAnother,
  waitsToBegin,
  soaks,
  held,
];

/** Decides. */
export function decidePhase(input: PhaseInput): PhaseVerdict {
  for (const policy of POLICIES) {
    const verdict = policy(input);
    if (verdict !== null) {
      return verdict;
    }
  }
  const { moves } = input;
  const ended = moves.filter(({ where, onMap }) => where === 'done' && onMap === null).length;
  return { phase: 'Running', message: `${ended} of ${moves.length} moves have ended.`, held: null };
}

/** Whether moves that have not begun never will: somebody said so, or one was given up. */
export function isGivenUp({ rebalance: { spec }, moves }: Pick<PhaseInput, 'rebalance' | 'moves'>): boolean {
  return spec.cancel || spec.rollback || moves.some(({ where }) => where === 'failed');
}

function isOnMap({ onMap }: FollowedMove): boolean {
  return onMap !== null;
}

function nothingLeftToDo({ moves }: PhaseInput): PhaseVerdict | null {
  const isOver = moves.every(
    ({ where, onMap }) => onMap === null && (where === 'done' || where === 'superseded'),
  );
  const count = moves.filter(({ where }) => where === 'done').length;
  return isOver
    ? { phase: 'Completed', message: `All is where it is to be: ${count} moves.`, held: null }
    : null;
}

function givenUp(input: PhaseInput): PhaseVerdict | null {
  const { rebalance, moves } = input;
  if (!isGivenUp(input) || moves.some(isOnMap)) {
    return null;
  }
  const stayed = moves.filter(({ where }) => where === 'done').length;
  const how = `${stayed} of ${moves.length} moves stand, the others are where they were.`;
  const failed = moves.find(({ where }) => where === 'failed');
  if (failed !== undefined) {
    return { phase: 'Failed', message: shortened(`${how} ${failed.error ?? ''}`), held: null };
  }
  return { phase: rebalance.spec.rollback ? 'RolledBack' : 'Cancelled', message: how, held: null };
}

function waitsForApproval({ rebalance, observation: { cluster }, moves }: PhaseInput): PhaseVerdict | null {
  return hasBegun(rebalance, moves) ||
    rebalance.spec.approved ||
    !needsApproval(cluster.spec.rebalance, rebalance.status?.plan ?? {})
    ? null
    : {
        phase: 'AwaitingApproval',
        message:
          'The plan waits for consent: set spec.approved, or run kubectl shardwright rebalance approve.',
        held: null,
      };
}

function waitsForAnother({ before }: PhaseInput): PhaseVerdict | null {
  return before === null
    ? null
    : {
        phase: 'Planned',
        message: `It waits for the ShardRebalance ${before} to end.`,
        held: { reason: 'AnotherRebalance', message: `The ShardRebalance ${before} has to end first.` },
      };
}

/** The plan is on record before anything follows from it. */
function waitsToBegin({ rebalance, moves }: PhaseInput): PhaseVerdict | null {
  return hasBegun(rebalance, moves) || rebalance.status?.plan !== undefined
    ? null
    : { phase: 'Planned', message: 'The plan is made, and moves begin.', held: null };
}

function soaks({ moves, rebalance }: PhaseInput): PhaseVerdict | null {
  const present = moves.filter(isOnMap);
  const isPending = moves.some(({ where, onMap }) => onMap === null && where === 'pending');
  const isSoaking = present.every(({ onMap }) => onMap?.phase === 'Soaking' || onMap?.phase === 'Finishing');
  return isPending || present.length === 0 || !isSoaking || rebalance.spec.rollback
    ? null
    : {
        phase: 'Soaking',
        message: 'All is where it is to be, and can be rolled back until the soak time ends.',
        held: null,
      };
}

function held({ rebalance, moves, observation }: PhaseInput): PhaseVerdict | null {
  const hold =
    (rebalance.spec.cancel || rebalance.spec.rollback
      ? null
      : holdOf({ cluster: observation.cluster, rebalance, isWindowOpen: observation.isWindowOpen })) ??
    holdOfMoves(moves);
  if (hold === null) {
    return null;
  }
  const message = shortened(hold.message);
  return { phase: 'Held', message, held: { reason: holdReason(hold.reason), message } };
}

/** What the first of the moves under way waits for, where all of them wait. */
function holdOfMoves(moves: readonly FollowedMove[]): { reason: string; message: string } | null {
  const working = moves.filter(({ onMap }) => onMap !== null && onMap.phase !== 'Soaking');
  const holds = working.flatMap(({ view }) => view?.held ?? []);
  const [first = null] = holds;
  return holds.length === working.length ? first : null;
}

function holdReason(reason: string): HoldReason {
  return HOLD_REASONS.find((known) => known === reason) ?? 'MoveHeld';
}

/** Whether it was begun before, or has something on the map. */
function hasBegun({ status }: ShardRebalance, moves: readonly FollowedMove[]): boolean {
  return status?.startedAt !== undefined || moves.some(isOnMap);
}
