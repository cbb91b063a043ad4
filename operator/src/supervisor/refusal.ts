import { formatPromotionRequest, promotionAnnotation, type ShardMapShard } from '../api/v1alpha1/index.ts';
import type { ClusterKey, InstanceProblem } from '../core/instance-report.ts';
import type { ElectionResult } from '../core/election.ts';
import { assertNever } from '../runtime/assert-never.ts';
import { type ShardObservation, stateOf } from './observe-shard.ts';

/** Reasons of the condition `FailoverBlocked` that a supervisor gives. */
export type RefusalReason =
  | 'AckersUnreachable'
  | 'PositionsDiverged'
  | 'NoCandidate'
  | 'PrimaryNotProvenDead'
  | 'PrimaryCannotApply'
  | 'PromotedRecently'
  | 'DelayNotOver';

/**
 * Why nobody is promoted.
 * - `quiet`: there is nothing to promote, and nobody expects it.
 * - `waiting`: it is decided within moments.
 * - `blocked`: a person should know.
 * `restart`: the primary's own server, which has ended, is what is waited for.
 */
export type Refusal =
  | { readonly kind: 'quiet' }
  | { readonly kind: 'waiting'; readonly restart?: string }
  | {
      readonly kind: 'blocked';
      readonly reason: RefusalReason;
      /** What is the matter, in a sentence or two, free of figures that change with every look. */
      readonly message: string;
      /** Whom a person could decide for; null where there is nobody, or no need. */
      readonly best: string | null;
      readonly restart?: string;
    };

/** An election without a winner, in words. Pure. */
export function refusalOf(
  shard: ShardMapShard,
  { reason, pods, best }: Extract<ElectionResult, { kind: 'blocked' }>,
): Refusal {
  const names = pods.join(', ');
  const former = shard.primary ?? shard.formerPrimary ?? 'the former primary';
  switch (reason) {
    case 'PositionsUnknown':
      return {
        kind: 'blocked',
        reason: 'AckersUnreachable',
        message:
          pods.length === 0
            ? `Nobody but ${former} is known to have acknowledged writes of ${shard.name}. Bring it back.`
            : `Acknowledged writes of ${shard.name} may be on ${names} and nowhere else, and there is no word from there. ` +
              `Bring one of these back, or ${former}.`,
        best,
      };
    case 'Diverged':
      return {
        kind: 'blocked',
        reason: 'PositionsDiverged',
        message: `The histories of ${names} have parted: each has writes that the other lacks.`,
        best,
      };
    case 'NoCandidate':
      return {
        kind: 'blocked',
        reason: 'NoCandidate',
        message: `${names} would have to take over from ${former}, and cannot now.`,
        best,
      };
    default:
      return assertNever(reason);
  }
}

/**
 * Why a winner that cannot apply what it received keeps its place, in words. `election` is the one that would replace it;
 * null where it may have taken writes, so that nobody is asked. Pure.
 */
export function refusalOfUnable(
  observation: Pick<ShardObservation, 'shard' | 'members'>,
  election: Extract<ElectionResult, { kind: 'blocked' }> | null,
): Refusal {
  const { shard } = observation;
  const { primary } = shard;
  const role = stateOf(observation, primary)?.member?.role;
  const applying = role?.kind === 'replica' ? role.following.applying : null;
  const error = applying?.kind === 'failed' ? applying.error : null;
  const why = error === null ? '' : ` (error ${error.number}: ${error.message})`;
  return {
    kind: 'blocked',
    reason: 'PrimaryCannotApply',
    message:
      `${primary} was elected, and cannot apply what it has received${why}: it does not open. ` +
      `${whyNobodyElse(shard, election)} Or remove what keeps ${primary} from applying: its agent's log says what that is.`,
    best: election?.best ?? null,
  };
}

function whyNobodyElse(
  { epoch, primary }: ShardMapShard,
  election: Extract<ElectionResult, { kind: 'blocked' }> | null,
): string {
  const back =
    'Bring back whoever was the primary before it: with everything that was acknowledged it is promoted by itself.';
  if (election === null) {
    return `It may have taken writes in epoch ${epoch} all the same, so that nobody takes its place.`;
  }
  const { reason } = election;
  switch (reason) {
    case 'PositionsUnknown':
      return `There is no word from ${election.pods.join(', ')}, where acknowledged writes may be as well. Bring these back.`;
    case 'Diverged':
      return `The histories of ${election.pods.join(', ')} have parted: each has writes that the other lacks.`;
    case 'NoCandidate':
      return `Nobody else who could take its place is known to hold all that ${primary} has. ${back}`;
    default:
      return assertNever(reason);
  }
}

/** What a person is told: the reason, and the command that decides, where there is one. Pure. */
export function describeRefusal(
  refusal: Refusal,
  cluster: ClusterKey,
  shard: ShardMapShard,
): InstanceProblem | null {
  if (refusal.kind !== 'blocked') {
    return null;
  }
  const { reason, message, best } = refusal;
  if (best === null) {
    return { reason, message };
  }
  const epoch = shard.primary === null ? shard.epoch : shard.epoch + 1;
  const request = formatPromotionRequest({ to: best, epoch });
  const command =
    `kubectl annotate shardedcluster ${cluster.name} --namespace=${cluster.namespace} --overwrite ` +
    `${promotionAnnotation(shard.number)}=${request}`;
  return {
    reason,
    message: `${message} If that is impossible, promote ${best}, which may lose acknowledged writes: ${command}`,
  };
}
