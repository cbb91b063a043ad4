import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compare, summarise } from './statistics.ts';

describe('summarise', () => {
  it.each([
    [[5], { runs: 1, median: 5, minimum: 5, maximum: 5, spread: 0 }],
    [[4, 1, 3, 2], { runs: 4, median: 2.5, minimum: 1, maximum: 4, spread: 0.6 }],
    [[10, 20, 30, 40, 50], { runs: 5, median: 30, minimum: 10, maximum: 50, spread: 20 / 30 }],
    [[0, 0, 0], { runs: 3, median: 0, minimum: 0, maximum: 0, spread: 0 }],
  ])('of %j', (values, expected) => expect(summarise(values)).toEqual(expected));

  it('does not depend on the order, and lies between the extremes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1 }), (values) => {
        const summary = summarise(values);
        expect(summarise(values.toReversed())).toEqual(summary);
        expect(summary.minimum).toBe(Math.min(...values));
        expect(summary.maximum).toBe(Math.max(...values));
        expect(summary.median).toBeGreaterThanOrEqual(summary.minimum);
        expect(summary.median).toBeLessThanOrEqual(summary.maximum);
      }),
    );
  });

  it('leaves its argument as it was', () => {
    const values = [3, 1, 2];
    summarise(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses nothing at all', () => expect(() => summarise([])).toThrow(RangeError));
});

describe('compare', () => {
  it('takes the ratio of each pair', () => {
    expect(compare([90, 50, 200], [100, 100, 100])).toMatchObject({ median: 0.9, minimum: 0.5, maximum: 2 });
  });

  it('is not disturbed by what slows both of a pair', () => {
    expect(compare([90, 9, 0.9], [100, 10, 1])).toMatchObject({ minimum: 0.9, maximum: 0.9 });
  });

  it('refuses what are no pairs', () => expect(() => compare([1], [1, 2])).toThrow(RangeError));
});
