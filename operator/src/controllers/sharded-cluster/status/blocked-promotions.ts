import type { Reason } from '../../../api/v1alpha1/index.ts';
import type { ConditionInput } from './condition-input.ts';
import type { Verdict } from './verdict.ts';
import { verdict } from './verdict.ts';

/** The verdict while nothing is known to be in the way of a promotion. */
export const NOT_BLOCKED = verdict('False', 'NotBlocked', 'Nothing stands in the way of a promotion.');

/** Reasons of a supervisor, all of which the condition can carry. Everything else is told as the first. */
const BLOCKING_REASONS = [
  'NoCandidate',
  'AckersUnreachable',
  'PositionsDiverged',
  'PrimaryNotProvenDead',
  'PrimaryCannotApply',
  'PromotedRecently',
  'DelayNotOver',
] as const satisfies readonly Reason[];

/**
 * Whether a shard has lost its primary and nobody may be promoted. While nobody supervises some shard yet, what was
 * blocked stays so. With few instances it is said what a promotion can do for them.
 */
export function blockedPromotions({ blocks, isSupervised, shards, previous }: ConditionInput): Verdict {
  const [first] = blocks;
  if (first !== undefined) {
    const reason = BLOCKING_REASONS.find((known) => known === first.reason) ?? BLOCKING_REASONS[0];
    const others = blocks.slice(1).map(({ shard }) => shard);
    const more = others.length === 0 ? '' : ` Blocked as well: ${others.join(', ')}.`;
    return verdict('True', reason, `${first.shard}: ${first.message}${more}`);
  }
  const former = previous.conditions.find(({ type }) => type === 'FailoverBlocked');
  const formerReason = BLOCKING_REASONS.find((known) => known === former?.reason);
  if (!isSupervised && former?.status === 'True' && formerReason !== undefined) {
    return verdict('True', formerReason, former.message);
  }
  switch (Math.max(0, ...shards.map(({ instances = [] }) => instances.length))) {
    case 1:
      return verdict(
        'False',
        'SingleInstance',
        'There is one instance, so there is nobody to promote: it is restarted in place.',
      );
    case 2:
      return verdict(
        'False',
        'OneReplicaOnly',
        'Nothing stands in the way of a promotion. With two instances, NoDataLoss means that writes wait while the one replica is away.',
      );
    default:
      return NOT_BLOCKED;
  }
}
