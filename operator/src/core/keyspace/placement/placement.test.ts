import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeSlots, type PlacementName } from './place-slots.ts';
import type { Placement, PlacementShard } from './placement.ts';

/** Shards 0 to `count` - 1. */
function shards(count: number): PlacementShard[] {
  return Array.from({ length: count }, (_, number) => ({ number }));
}

function place(
  name: PlacementName,
  slots: number,
  of: readonly PlacementShard[],
  current: readonly (number | null)[] = [],
): Placement {
  return placeSlots(name, { slots, shards: of, current });
}

/** How many slots each shard has. */
function countOf(placement: Placement, of: readonly PlacementShard[]): number[] {
  return of.map(({ number }) => placement.filter((shard) => shard === number).length);
}

/** Slots that go from one shard to another. */
function movedOf(before: readonly (number | null)[], after: Placement): number[] {
  return after.flatMap((shard, slot) => (before[slot] === shard ? [] : [slot]));
}

const slotCount = fc.integer({ min: 1, max: 300 });
const shardCount = fc.integer({ min: 1, max: 16 });
const weighted = fc.uniqueArray(fc.record({ number: fc.nat(99), weight: fc.integer({ min: 1, max: 5 }) }), {
  minLength: 1,
  maxLength: 8,
  selector: ({ number }) => number,
});

describe('Balanced', () => {
  it('gives a new keyspace to its shards in rows', () => {
    expect(place('Balanced', 8, shards(3))).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
  });

  it('has all of a few slots on the first shards', () => {
    expect(place('Balanced', 2, shards(4))).toEqual([0, 1]);
  });

  it('takes the last slots of each shard for a newcomer', () => {
    expect(place('Balanced', 8, shards(3), [0, 0, 0, 0, 1, 1, 1, 1])).toEqual([0, 0, 0, 2, 1, 1, 1, 2]);
  });

  it('moves exactly the share of a newcomer, to it, and stays within one slot of even', () => {
    fc.assert(
      fc.property(slotCount, shardCount, (slots, count) => {
        const before = place('Balanced', slots, shards(count));
        const after = place('Balanced', slots, shards(count + 1), before);
        const moved = movedOf(before, after);
        expect(moved).toHaveLength(Math.floor(slots / (count + 1)));
        expect(moved.every((slot) => after[slot] === count)).toBe(true);
        const counts = countOf(after, shards(count + 1));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('goes on from any history of shards that come and go: even, and nothing moved but to who came or from who left', () => {
    fc.assert(
      fc.property(slotCount, fc.array(shardCount, { minLength: 2, maxLength: 8 }), (slots, history) => {
        let before: readonly (number | null)[] = [];
        let known = 0;
        for (const count of history) {
          const after = place('Balanced', slots, shards(count), before);
          const counts = countOf(after, shards(count));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          for (const slot of movedOf(before, after)) {
            const from = before[slot] ?? null;
            const isNewcomers = (after[slot] ?? 0) >= known;
            const isLeavers = from === null || from >= count;
            expect(count >= known ? isNewcomers : isLeavers).toBe(true);
          }
          before = after;
          known = count;
        }
      }),
    );
  });

  it('moves no slot when nothing has changed, and depends on nothing else', () => {
    fc.assert(
      fc.property(slotCount, weighted, (slots, of) => {
        const first = place('Balanced', slots, of);
        expect(place('Balanced', slots, of.toReversed())).toEqual(first);
        expect(place('Balanced', slots, of, first)).toEqual(first);
      }),
    );
  });

  it('gives each shard its share by weight, rounded one way or the other, whatever was before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(99)), { minLength: 1, maxLength: 300 }),
        weighted,
        (current, of) => {
          const slots = current.length;
          const weights = of.reduce((sum, { weight }) => sum + weight, 0);
          const counts = countOf(place('Balanced', slots, of, current), of);
          for (const [index, { weight }] of of.entries()) {
            const share = (slots * weight) / weights;
            expect(counts[index]).toBeGreaterThanOrEqual(Math.floor(share));
            expect(counts[index]).toBeLessThanOrEqual(Math.ceil(share));
          }
        },
      ),
    );
  });

  it('moves the fewest slots of all placements that are as even', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.nat(3)), { minLength: 1, maxLength: 12 }),
        fc.uniqueArray(fc.record({ number: fc.nat(4), weight: fc.integer({ min: 1, max: 3 }) }), {
          minLength: 1,
          maxLength: 4,
          selector: ({ number }) => number,
        }),
        (current, of) => {
          const after = place('Balanced', current.length, of, current);
          expect(movedOf(current, after)).toHaveLength(fewestMoves(current, of));
        },
      ),
    );
  });
});

/** By trying all ways of rounding the shares. */
function fewestMoves(current: readonly (number | null)[], of: readonly PlacementShard[]): number {
  const slots = current.length;
  const weights = of.reduce((sum, { weight = 1 }) => sum + weight, 0);
  const shares = of.map(({ number, weight = 1 }) => ({
    share: (slots * weight) / weights,
    held: current.filter((shard) => shard === number).length,
  }));
  let best = Infinity;
  for (let choice = 0; choice < 2 ** of.length; choice += 1) {
    const targets = shares.map(({ share }, index) =>
      (choice >> index) & 1 ? Math.ceil(share) : Math.floor(share),
    );
    if (targets.reduce((sum, target) => sum + target, 0) === slots) {
      const kept = shares.reduce((sum, { held }, index) => sum + Math.min(held, targets[index] ?? 0), 0);
      best = Math.min(best, slots - kept);
    }
  }
  return best;
}

describe('VirtualNodes', () => {
  it('takes from others for a newcomer, and moves nothing else', () => {
    fc.assert(
      fc.property(slotCount, shardCount, (slots, count) => {
        const before = place('VirtualNodes', slots, shards(count));
        const after = place('VirtualNodes', slots, shards(count + 1));
        expect(movedOf(before, after).every((slot) => after[slot] === count)).toBe(true);
      }),
    );
  });

  it('is roughly even, and by weight', () => {
    const of = [{ number: 0, weight: 2 }, ...shards(4).slice(1)];
    const counts = countOf(place('VirtualNodes', 16_384, of), of);
    const shares = [0.4, 0.2, 0.2, 0.2];
    for (const [index, share] of shares.entries()) {
      expect(Math.abs((counts[index] ?? 0) / 16_384 / share - 1)).toBeLessThan(0.25);
    }
  });

  it('does not depend on the order of the shards, nor on what was before', () => {
    const forward = place('VirtualNodes', 256, shards(5));
    expect(place('VirtualNodes', 256, shards(5).toReversed(), forward.toReversed())).toEqual(forward);
  });
});

describe('Modulo', () => {
  it('takes the remainder', () => {
    expect(place('Modulo', 7, [{ number: 5 }, { number: 0 }, { number: 2 }])).toEqual([0, 2, 5, 0, 2, 5, 0]);
  });

  it('moves eight slots of nine from eight shards to nine, and half of them to sixteen', () => {
    const slots = 9 * 16 * 8;
    const eight = place('Modulo', slots, shards(8));
    expect(movedOf(eight, place('Modulo', slots, shards(9))).length / slots).toBeCloseTo(8 / 9);
    expect(movedOf(eight, place('Modulo', slots, shards(16))).length / slots).toBe(1 / 2);
  });
});

describe.each(['Balanced', 'VirtualNodes', 'Modulo'] as const)('%s', (name) => {
  it('gives every slot to one of the shards', () => {
    fc.assert(
      fc.property(slotCount, weighted, (slots, of) => {
        const placement = place(name, slots, of);
        expect(placement).toHaveLength(slots);
        expect(placement.every((shard) => of.some(({ number }) => number === shard))).toBe(true);
      }),
    );
  });

  it.each([
    ['no shard', []],
    ['a shard that is there twice', [{ number: 1 }, { number: 1 }]],
    ['a weight of nothing', [{ number: 1, weight: 0 }]],
    ['half a weight', [{ number: 1, weight: 1.5 }]],
  ])('refuses %s', (_name, of) => expect(() => place(name, 8, of)).toThrow(RangeError));
});
