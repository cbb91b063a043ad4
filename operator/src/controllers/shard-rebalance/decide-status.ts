/** The status of every ShardRebalance of a cluster. Pure. */
import type { ShardRebalance, ShardRebalanceStatus } from '../../api/v1alpha1/index.ts';
import { MAX_LISTED_MOVES } from '../../api/v1alpha1/index.ts';
import { needsApproval } from '../../core/rebalance/approval.ts';
import { countProgress } from './count-progress.ts';
import { decidePhase, isGivenUp, type PhaseVerdict } from './decide-phase.ts';
import { type FollowedMove, followMoves, listedMove, shortened } from './follow-moves.ts';
import { makePlan, timeOf } from './make-plan.ts';
import { type ClusterObservation, hasEnded, movesById } from './observe.ts';

/** Sizes make plans better, and are waited for for so long. Milliseconds. */
const SIZES_MILLISECONDS = 15_000;

/** The status of one, as it should be; undefined to leave it as it is. */
export function decideStatus(
  rebalance: ShardRebalance,
  observation: ClusterObservation,
): ShardRebalanceStatus | undefined {
  if (hasEnded(rebalance)) {
    return undefined;
  }
  const before = nameOfFirst(rebalance, observation);
  if (rebalance.status?.plan !== undefined) {
    return withMoves(rebalance, observation, before);
  }
  if (rebalance.spec.cancel || rebalance.spec.rollback) {
    return ended(rebalance, 'Cancelled', 'It was cancelled before there was a plan.', observation.now);
  }
  const obstacle = before === null ? obstacleToPlanning(rebalance, observation) : null;
  if (before !== null || obstacle !== null) {
    return waiting(rebalance, observation, before === null ? obstacle : anotherFirst(before));
  }
  const outcome = makePlan(rebalance.spec, observation);
  return outcome.kind === 'refused'
    ? ended(rebalance, 'Failed', outcome.message, observation.now)
    : planned(rebalance, observation, outcome.plan);
}

/**
 * The status of one whose cluster is not there: somebody misspelt the name, or makes the cluster later. Undefined to leave it as it is.
 */
export function decideOrphanStatus(rebalance: ShardRebalance, now: number): ShardRebalanceStatus | undefined {
  const { spec, status } = rebalance;
  if (hasEnded(rebalance) || status?.plan !== undefined) {
    return undefined;
  }
  if (spec.cancel || spec.rollback) {
    return ended(rebalance, 'Cancelled', 'It was cancelled before there was a plan.', now);
  }
  const message = `There is no ShardedCluster ${spec.clusterName} in this namespace: create it, or delete this and make another.`;
  return { ...common(rebalance), phase: 'Planned', message };
}

/**
 * The one that has to end before this begins: one that is under way, or else an older one that may begin. One that waits for
 * consent keeps nobody waiting.
 */
export function nameOfFirst(
  rebalance: ShardRebalance,
  { rebalances, cluster }: Pick<ClusterObservation, 'rebalances' | 'cluster'>,
): string | null {
  const { rebalance: policy } = cluster.spec;
  const open = rebalances.filter((each) => !hasEnded(each));
  const first =
    open.find(({ status }) => status?.startedAt !== undefined) ??
    open.find(({ spec, status }) => spec.approved || !needsApproval(policy, status?.plan ?? {})) ??
    rebalance;
  return first.metadata.uid === rebalance.metadata.uid ? null : first.metadata.name;
}

type Hold = NonNullable<PhaseVerdict['held']>;

function anotherFirst(name: string): Hold {
  return { reason: 'AnotherRebalance', message: `The ShardRebalance ${name} has to end first.` };
}

/** Why there can be no plan yet. Of databases that nobody measures in time, the plan says that their sizes are unknown. */
function obstacleToPlanning(
  { spec, metadata }: ShardRebalance,
  { shards, map, now }: ClusterObservation,
): Hold | null {
  const wanted =
    spec.scale === undefined ? [] : Array.from({ length: spec.scale.shards }, (_, number) => number);
  const missing = wanted.find((number) => !shards.some((shard) => shard.number === number));
  if (missing !== undefined) {
    return { reason: 'ShardNotReady', message: `There is no shard ${missing} yet.` };
  }
  const troubled = shards.find(({ number, trouble }) => trouble !== null && wanted.includes(number));
  const trouble = troubled?.trouble ?? null;
  if (trouble !== null) {
    return { reason: 'ShardNotReady', message: trouble.message };
  }
  const stray = [...movesById(map).keys()][0];
  if (stray !== undefined) {
    return {
      reason: 'AnotherRebalance',
      message: `The move ${stray} of a former ShardRebalance has to end first.`,
    };
  }
  const age = now - Date.parse(metadata.creationTimestamp ?? timeOf(0));
  return shards.every(({ databases }) => databases !== null) || age >= SIZES_MILLISECONDS
    ? null
    : { reason: 'AgentSilent', message: 'The sizes of databases are being measured.' };
}

function waiting(
  rebalance: ShardRebalance,
  { now }: ClusterObservation,
  hold: Hold | null,
): ShardRebalanceStatus {
  return {
    ...common(rebalance),
    phase: 'Planned',
    message: hold === null ? 'A plan is being made.' : shortened(hold.message),
    ...heldOf(rebalance, hold, now),
  };
}

function ended(
  rebalance: ShardRebalance,
  phase: 'Cancelled' | 'Failed',
  message: string,
  now: number,
): ShardRebalanceStatus {
  return { ...common(rebalance), phase, message: shortened(message), endedAt: timeOf(now) };
}

function planned(
  rebalance: ShardRebalance,
  observation: ClusterObservation,
  plan: NonNullable<ShardRebalanceStatus['plan']>,
): ShardRebalanceStatus {
  const withPlan = { ...rebalance, status: { ...rebalance.status, plan } };
  const moves = followMoves(withPlan, observation);
  const waits = !rebalance.spec.approved && needsApproval(observation.cluster.spec.rebalance, plan);
  const verdict: PhaseVerdict = {
    phase: moves.length === 0 ? 'Completed' : waits ? 'AwaitingApproval' : 'Planned',
    message: waits
      ? 'The plan waits for consent: set spec.approved, or run kubectl shardwright rebalance approve.'
      : `${moves.length} moves are planned.`,
    held: null,
  };
  return statusOf(withPlan, observation, moves, verdict);
}

function withMoves(
  rebalance: ShardRebalance,
  observation: ClusterObservation,
  before: string | null,
): ShardRebalanceStatus {
  const moves = followMoves(rebalance, observation);
  return statusOf(rebalance, observation, moves, decidePhase({ rebalance, moves, observation, before }));
}

function statusOf(
  rebalance: ShardRebalance,
  { now }: ClusterObservation,
  moves: readonly FollowedMove[],
  verdict: PhaseVerdict,
): ShardRebalanceStatus {
  const progress = countProgress(rebalance, moves, isGivenUp({ rebalance, moves }));
  const isOver = hasEnded({ status: { phase: verdict.phase } });
  const hasBegun =
    rebalance.status?.startedAt !== undefined || !['Planned', 'AwaitingApproval'].includes(verdict.phase);
  const listed = listMoves(moves);
  const soakEnds = listed.flatMap(({ soakEndsAt }) => soakEndsAt ?? []).toSorted();
  const last = soakEnds.at(-1);
  const cutOver = progress.soaking + progress.done;
  return {
    ...common(rebalance),
    phase: verdict.phase,
    message: verdict.message,
    ...heldOf(rebalance, verdict.held, now),
    ...(hasBegun && moves.length > 0 ? { startedAt: rebalance.status?.startedAt ?? timeOf(now) } : {}),
    ...(isOver ? { endedAt: rebalance.status?.endedAt ?? timeOf(now) } : {}),
    ...(last === undefined ? {} : { soakEndsAt: last }),
    progress,
    summary: {
      moves: `${cutOver}/${progress.total}`,
      eta: etaText(progress.etaSeconds, progress.pending + progress.running),
    },
    ...(listed.length === 0 ? {} : { moves: listed }),
  };
}

function common(rebalance: ShardRebalance): Pick<ShardRebalanceStatus, 'observedGeneration' | 'plan'> {
  const { plan } = rebalance.status ?? {};
  return {
    observedGeneration: rebalance.metadata.generation ?? 0,
    ...(plan === undefined ? {} : { plan }),
  };
}

function heldOf(
  { status }: ShardRebalance,
  hold: Hold | null,
  now: number,
): Pick<ShardRebalanceStatus, 'held'> {
  if (hold === null) {
    return {};
  }
  const since = status?.held?.reason === hold.reason ? status.held.since : timeOf(now);
  return { held: { reason: hold.reason, message: shortened(hold.message), since } };
}

/** Under way first, then given up, then soaking, as far as there is room. */
function listMoves(moves: readonly FollowedMove[]) {
  return moves
    .filter(({ onMap, where }) => onMap !== null || where === 'failed')
    .toSorted((left, right) => rankOf(left) - rankOf(right))
    .slice(0, MAX_LISTED_MOVES)
    .map(listedMove);
}

function rankOf({ onMap, where }: FollowedMove): number {
  if (where === 'failed') {
    return 1;
  }
  return onMap?.phase === 'Soaking' ? 2 : 0;
}

/** `4m10s`; `unknown` where it is not known, and `-` where nothing is left. */
function etaText(seconds: number | undefined, left: number): string {
  if (left === 0) {
    return '-';
  }
  if (seconds === undefined) {
    return 'unknown';
  }
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}
