/** Whether a promotion may begin: small rules, of which the first that refuses is what a person is told. Pure. */
import { elect, type ElectionResult } from '../core/election.ts';
import type { PositionArithmetic } from '../engines/position.ts';
import { type ElectionWishes, presentElection } from './election-input.ts';
import type { PrimaryDiagnosis } from './diagnose-primary.ts';
import { memberOf, type ShardObservation, stateOf } from './observe-shard.ts';
import { refusalOf, refusalOfUnable } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** What the rules go by. */
export interface PromotionQuestion {
  readonly observation: ShardObservation;
  readonly diagnosis: PrimaryDiagnosis;
  readonly wishes: ElectionWishes;
  /** The election as it would be now. */
  readonly election: ElectionResult;
}

type Rule = (question: PromotionQuestion) => Refusal | null;

const RULES: readonly Rule[] = [
  refuseWhileHibernated,
  refuseWithoutReplicas,
  refuseUnconfirmed,
  refuseWhereItMayHaveOpened,
  refuseRepetition,
  refuseWhenNobodyCould,
  refuseWhereRestartIsQuicker,
  refuseBeforeDelay,
];

/** The first objection to replacing the recorded primary; null for none. */
export function refusePromotion(
  observation: ShardObservation,
  diagnosis: PrimaryDiagnosis,
  wishes: ElectionWishes,
  positions: PositionArithmetic,
): Refusal | null {
  const election = elect(presentElection(observation, wishes, positions), positions);
  for (const rule of RULES) {
    const refusal = rule({ observation, diagnosis, wishes, election });
    if (refusal !== null) {
      return refusal;
    }
  }
  return null;
}

/** Its pods are stopped because somebody wants them to be. */
function refuseWhileHibernated({ observation }: PromotionQuestion): Refusal | null {
  return observation.isHibernated ? { kind: 'quiet' } : null;
}

/** Where nobody acknowledges, nobody else has the data. */
function refuseWithoutReplicas({ observation, diagnosis, wishes }: PromotionQuestion): Refusal | null {
  // A winner that never opened is not the only one for that.
  const isAlone = observation.shard.ackers.length === 0 && diagnosis.kind !== 'unable';
  return isAlone && wishes.chosen === null ? { kind: 'quiet' } : null;
}

function refuseUnconfirmed({ observation, diagnosis, wishes }: PromotionQuestion): Refusal | null {
  if (
    diagnosis.kind === 'well' ||
    diagnosis.kind === 'lost' ||
    diagnosis.isConfirmed ||
    wishes.chosen !== null
  ) {
    return null;
  }
  const { primary } = observation.shard;
  return diagnosis.kind === 'unreachable' && diagnosis.witness !== 'silent'
    ? {
        kind: 'blocked',
        reason: 'PrimaryNotProvenDead',
        message:
          diagnosis.witness === 'alive'
            ? `${primary} does not answer the operator, but a replica hears it: it is left alone.`
            : `${primary} does not answer the operator, and no replica that answers follows it: nobody can say whether ` +
              'it lives.',
        best: null,
      }
    : { kind: 'waiting' };
}

/** An opening is recorded in the database first, and acknowledged: where no record is, nothing was ever written in this epoch. */
function refuseWhereItMayHaveOpened({ observation, diagnosis, wishes }: PromotionQuestion): Refusal | null {
  if (diagnosis.kind !== 'unable' || wishes.chosen !== null) {
    return null;
  }
  const { shard, hasOpened } = observation;
  const epoch = stateOf(observation, shard.primary)?.member?.epoch;
  const isProven = !hasOpened && epoch?.kind === 'known' && epoch.value < shard.epoch;
  return isProven ? null : refusalOfUnable(observation, null);
}

/** A shard that goes from one primary to the next has another fault than its primary. */
function refuseRepetition({ observation, diagnosis, wishes }: PromotionQuestion): Refusal | null {
  const { promotedMilliseconds, failover, hasOpened, shard } = observation;
  const wait = failover.minSecondsBetween * 1000;
  // A winner that never took writes is part of the same failover.
  const isTooSoon = promotedMilliseconds !== null && promotedMilliseconds < wait && hasOpened;
  if (!isTooSoon || diagnosis.kind === 'lost' || wishes.chosen !== null) {
    return null;
  }
  return {
    kind: 'blocked',
    reason: 'PromotedRecently',
    message:
      `${shard.primary} is not proven dead and was promoted less than ${failover.minSecondsBetween} s ago ` +
      '(spec.failover.minSecondsBetween).',
    best: null,
  };
}

/** A primary that nobody could replace is better than none: it may come back by itself. */
function refuseWhenNobodyCould({ observation, diagnosis, election }: PromotionQuestion): Refusal | null {
  if (election.kind === 'elected') {
    return null;
  }
  return diagnosis.kind === 'unable'
    ? refusalOfUnable(observation, election)
    : refusalOf(observation.shard, election);
}

/** With every server down, the one that needs nobody's positions is back first; unless its agent is gone, too. */
function refuseWhereRestartIsQuicker(question: PromotionQuestion): Refusal | null {
  const { observation, diagnosis, election, wishes } = question;
  // One that cannot apply fails again.
  if (election.kind !== 'elected' || wishes.chosen !== null || diagnosis.kind === 'unable') {
    return null;
  }
  const primary = memberOf(observation, observation.shard.primary);
  const winner = memberOf(observation, election.pod);
  if (
    primary?.state?.volume?.kind !== 'ready' ||
    (winner?.state?.server.kind === 'running' && winner !== primary)
  ) {
    return null;
  }
  return primary.state.server.kind === 'ended'
    ? { kind: 'waiting', restart: primary.pod }
    : { kind: 'waiting' };
}

/** What a server's start may take: with less of the delay left, another is as quick. */
const BOOT_MILLISECONDS = 2000;

/** The time is the primary's to come back in: one that has only lost its server starts it again at once. */
function refuseBeforeDelay({ observation, diagnosis, wishes }: PromotionQuestion): Refusal | null {
  // For a winner that never opened the delay is over.
  if (diagnosis.kind === 'unable') {
    return null;
  }
  const { failover, troubledMilliseconds, shard } = observation;
  const remaining = failover.delaySeconds * 1000 - (troubledMilliseconds ?? 0);
  const primary = memberOf(observation, shard.primary);
  const canRestart =
    primary?.state?.volume?.kind === 'ready' &&
    primary.state.server.kind === 'ended' &&
    remaining >= BOOT_MILLISECONDS;
  return remaining <= 0 || wishes.chosen !== null
    ? null
    : {
        kind: 'blocked',
        reason: 'DelayNotOver',
        message:
          `${shard.primary} is lost. Another is promoted once it has been so for ${failover.delaySeconds} s ` +
          '(spec.failover.delaySeconds).',
        best: null,
        ...(canRestart && { restart: primary.pod }),
      };
}
