import { checkedShards, type Placement, type PlacementInput, type PlacementShard } from './placement.ts';

/** What a shard holds, and how much it should. */
interface Share {
  readonly shard: number;
  /** Its slots, ascending. */
  readonly held: readonly number[];
  readonly target: number;
}

/**
 * Keeps every shard within one slot of its fair share, and moves the fewest slots that this takes: from N equal shards to
 * N + 1, exactly ⌊slots / (N + 1)⌋, all to the newcomer; when a shard leaves, its own slots only. Fair is the share by weight.
 * The result depends on the input alone.
 *
 * Fewest, since whoever holds more than its fair share rounded down is first to have it rounded up: every slot that moves
 * is one that its shard would have too many of, or that has no shard.
 * @throws RangeError when there is no shard, one is there twice, or a weight is not a positive integer.
 */
export function placeBalanced(input: PlacementInput): Placement {
  const shares = shareOut(input);
  const placement: (number | undefined)[] = Array.from({ length: input.slots });
  for (const { shard, held, target } of shares) {
    for (const slot of held.slice(0, target)) {
      placement[slot] = shard;
    }
  }
  const receivers = shares.flatMap(({ shard, held, target }) =>
    Array.from({ length: Math.max(0, target - held.length) }, () => shard),
  );
  let next = 0;
  return placement.map((shard) => {
    if (shard !== undefined) {
      return shard;
    }
    const receiver = receivers[next];
    next += 1;
    if (receiver === undefined) {
      throw new RangeError('the shares of the shards do not add up to the slots');
    }
    return receiver;
  });
}

function shareOut({ slots, shards, current }: PlacementInput): readonly Share[] {
  const sorted = checkedShards(shards);
  const weights = sorted.reduce((sum, shard) => sum + weightOf(shard), 0);
  const shares = sorted.map((shard) => {
    const held: number[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      if (current[slot] === shard.number) {
        held.push(slot);
      }
    }
    const product = slots * weightOf(shard);
    const floor = Math.floor(product / weights);
    return { shard: shard.number, held, floor, remainder: product % weights };
  });
  const spare = slots - shares.reduce((sum, { floor }) => sum + floor, 0);
  const roundedUp = new Set(
    shares
      .filter(({ remainder }) => remainder > 0)
      .toSorted(
        (left, right) =>
          Number(right.held.length > right.floor) - Number(left.held.length > left.floor) ||
          right.remainder - left.remainder ||
          left.shard - right.shard,
      )
      .slice(0, spare)
      .map(({ shard }) => shard),
  );
  return shares.map(({ shard, held, floor }) => ({
    shard,
    held,
    target: floor + (roundedUp.has(shard) ? 1 : 0),
  }));
}

function weightOf({ weight = 1 }: PlacementShard): number {
  return weight;
}
