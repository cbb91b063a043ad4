import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { placeBalanced } from './balanced.ts';
import { skewOf, weightsByShard, withWeights } from './weights.ts';

describe('weights', () => {
  it('are 1 for shards that have none', () => {
    const weights = weightsByShard([{ shard: 2, weight: 3 }]);
    expect(withWeights([0, 2], weights)).toEqual([
      { number: 0, weight: 1 },
      { number: 2, weight: 3 },
    ]);
  });

  it('count in the skew: who has its share by weight is not too full', () => {
    const shards = withWeights([0, 1], weightsByShard([{ shard: 1, weight: 3 }]));
    expect(skewOf([0, 1, 1, 1], shards)).toBe(1);
    expect(skewOf([0, 0, 1, 1], shards)).toBe(2);
    expect(skewOf([0, 0, 1, 1], withWeights([0, 1], new Map()))).toBe(1);
    expect(skewOf([], shards)).toBe(1);
  });

  it('are honoured by Balanced to within one slot, and a heavier shard takes from others only', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 2, max: 10 }),
        (slots, list, factor) => {
          const numbers = list.map((_, number) => number);
          const before = new Map(list.map((weight, number) => [number, weight]));
          const first = placeBalanced({ slots, shards: withWeights(numbers, before), current: [] });
          const sum = list.reduce((total, weight) => total + weight, 0);
          for (const [number, weight] of before) {
            const count = first.filter((owner) => owner === number).length;
            expect(Math.abs(count - (slots * weight) / sum)).toBeLessThan(1);
          }
          const after = new Map([...before, [0, (list[0] ?? 1) * factor]]);
          const second = placeBalanced({ slots, shards: withWeights(numbers, after), current: first });
          const moved = second.filter((owner, slot) => owner !== first[slot]);
          const gained =
            second.filter((owner) => owner === 0).length - first.filter((owner) => owner === 0).length;
          expect(gained).toBeGreaterThanOrEqual(0);
          // Rounding may shift a slot between others, and no more than one for each.
          expect(moved.filter((owner) => owner !== 0).length).toBeLessThanOrEqual(list.length);
        },
      ),
    );
  });
});
