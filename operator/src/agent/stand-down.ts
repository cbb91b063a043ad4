import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import type { StandDown } from './observation.ts';

/**
 * Whether an order to stop still holds: until the map has moved on from what it was when the order was given.
 * During a promotion that is when the winner is recorded.
 */
export function holdsStandDown(standDown: StandDown | null, shard: ShardMapShard): boolean {
  if (standDown === null) {
    return false;
  }
  const isOlder = shard.epoch < standDown.epoch;
  const isUnchanged = shard.epoch === standDown.mapEpoch && shard.primary === standDown.primary;
  return isOlder || isUnchanged || shard.primary === null;
}
