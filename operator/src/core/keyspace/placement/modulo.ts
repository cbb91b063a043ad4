import { checkedShards, type Placement, type PlacementInput } from './placement.ts';

/**
 * The remainder of the slot's number decides. Simple, and moves most slots when the number of shards changes, but from N to a
 * multiple of N as few as can be. Knows neither weights nor what is where now.
 * @throws RangeError when there is no shard or one is there twice.
 */
export function placeModulo({ slots, shards }: PlacementInput): Placement {
  const numbers = checkedShards(shards).map(({ number }) => number);
  return Array.from({ length: slots }, (_, slot) => numbers[slot % numbers.length] ?? 0);
}
