/** The verdict on moves between shards. Pure. */
import { assertNever } from '../../../runtime/assert-never.ts';
import type { EmptyShards } from '../decide-keyspaces.ts';
import type { ConditionInput } from './condition-input.ts';
import { nameSome, type Verdict, verdict } from './verdict.ts';

export const NOT_REBALANCING = verdict('False', 'NotRebalancing', 'No slot is moving.');

/** Whether slots move, and what keeps them from it. */
export function rebalancing({ rebalance, shardsWithoutSlots }: ConditionInput): Verdict {
  if (rebalance === null) {
    return withoutSlots(shardsWithoutSlots);
  }
  const { name, phase, message, moves } = rebalance;
  const told = `${name}: ${message}`;
  switch (phase) {
    case 'Running':
      return verdict('True', 'SlotsMoving', `${name}: ${moves} moves are cut over.`);
    case 'Held':
      return verdict('True', 'RebalanceHeld', told);
    case 'Soaking':
      return verdict('True', 'SlotsSoaking', told);
    case 'AwaitingApproval':
    case 'Planned':
      return verdict('False', 'RebalancePlanned', told);
    case 'Failed':
      return verdict('False', 'RebalanceFailed', told);
    case 'Cancelled':
    case 'RolledBack':
    case 'Completed':
      return withoutSlots(shardsWithoutSlots);
    default:
      return assertNever(phase);
  }
}

function withoutSlots(shards: EmptyShards | null): Verdict {
  if (shards === null) {
    return NOT_REBALANCING;
  }
  const what = shards.slotsSuffice
    ? 'Slots move to them by a ShardRebalance, which is made by itself once all shards are ready, unless one for this ' +
      'number of shards was cancelled or has failed.'
    : 'Nothing moves to them by itself, since every keyspace has fewer slots than there are shards: move or split slots, ' +
      'or lower spec.shards.';
  return verdict(
    'False',
    'ShardsWithoutSlots',
    `Shards that hold no slots: ${nameSome(shards.names)}. ${what}`,
  );
}
