/** The verdicts on a cluster: which conditions hold, and why. */
import type { Condition, Reason } from '../../../api/v1alpha1/index.ts';
import { CONDITION_TYPES } from '../../../api/v1alpha1/index.ts';
import { assertNever } from '../../../runtime/assert-never.ts';
import type { ConditionInput } from './condition-input.ts';
import { blockedPromotions, NOT_BLOCKED } from './blocked-promotions.ts';
import { NOT_REBALANCING, rebalancing } from './rebalancing.ts';
import { runningVerdicts } from './running-conditions.ts';
import { hasPrimary, unhealthyPods } from './shards.ts';
import type { Verdicts } from './verdict.ts';
import { nameSome, verdict } from './verdict.ts';

const AS_EXPECTED = verdict('False', 'AsExpected', 'Nothing is worse than asked for.');

/** Decides every condition. */
export function decideConditions(input: ConditionInput): Verdicts {
  const { situation } = input;
  switch (situation.kind) {
    case 'starting':
      return uniform('CreatingObjects', 'The objects of the cluster are being created.');
    case 'formerRemaining':
      return uniform('FormerClusterRemaining', situation.message);
    case 'deleting':
      return uniform('Deleting', 'The cluster is being deleted.');
    case 'suspended':
      return suspended();
    case 'invalid':
      return invalid(situation.message, input);
    case 'failed':
    case 'applied':
      return {
        ...runningVerdicts(input, situation),
        Rebalancing: rebalancing(input),
        FailoverBlocked: blockedPromotions(input),
      };
    default:
      return assertNever(situation);
  }
}

/**
 * The conditions as they are written: in a fixed order, each about `generation`, and with a time that changes
 * with the status only.
 */
export function mergeConditions(
  verdicts: Verdicts,
  previous: readonly Condition[],
  generation: number,
  now: Date,
): Condition[] {
  return CONDITION_TYPES.map((type) => {
    const { status, reason, message } = verdicts[type];
    const before = previous.find((condition) => condition.type === type);
    return {
      type,
      status,
      observedGeneration: generation,
      lastTransitionTime:
        before?.status === status ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`,
      reason,
      message,
    };
  });
}

/** Not ready, for one reason that says everything. */
function uniform(reason: Reason, message: string): Verdicts {
  return {
    Ready: verdict('False', reason, message),
    Available: verdict('False', reason, message),
    Progressing: verdict('True', reason, message),
    Degraded: AS_EXPECTED,
    Rebalancing: NOT_REBALANCING,
    FailoverBlocked: NOT_BLOCKED,
  };
}

function suspended(): Verdicts {
  const message =
    'spec.suspend is set: nothing is changed, repaired or promoted. Set spec.suspend to false when you are done.';
  const unknown = verdict('Unknown', 'Suspended', message);
  return {
    Ready: unknown,
    Available: unknown,
    Progressing: verdict('False', 'Suspended', message),
    Degraded: unknown,
    Rebalancing: NOT_REBALANCING,
    FailoverBlocked: verdict('True', 'Suspended', message),
  };
}

/** What does not depend on the spec stays as it was found before. */
function invalid(message: string, { shards }: ConditionInput): Verdicts {
  const available =
    shards.length > 0 && shards.every(hasPrimary)
      ? verdict('True', 'PrimariesAvailable', 'Every shard has a ready primary.')
      : verdict(
          'False',
          'PrimaryUnavailable',
          `Instances that are not ready: ${nameSome(unhealthyPods(shards))}.`,
        );
  return {
    Ready: verdict('False', 'InvalidSpec', message),
    Available: available,
    Progressing: verdict('False', 'InvalidSpec', message),
    Degraded: verdict('True', 'InvalidSpec', message),
    Rebalancing: NOT_REBALANCING,
    FailoverBlocked: NOT_BLOCKED,
  };
}
