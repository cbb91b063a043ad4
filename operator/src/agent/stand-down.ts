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

/**
 * Whether a member that was elected, and made ready before the map named it, is still to be left so: until the map has
 * come to that promotion's end.
 */
export function holdsPreparation(preparedFor: number | null, { epoch, primary }: ShardMapShard): boolean {
  return preparedFor !== null && (epoch < preparedFor || (epoch === preparedFor && primary === null));
}
