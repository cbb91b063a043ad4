import { describe, expect, it } from '@jest/globals';
import { fuzzWire } from '../../operator/src/wire/testing/fuzz-wire.ts';

const INPUTS = 150_000;

describe('packets that nobody should send', () => {
  // 1,200,000 inputs in all; the unit tests run a few of other seeds.
  it.each([11, 12, 13, 14, 15, 16, 17, 18])('break their own connection at most (seed %i)', (seed) => {
    const tally = fuzzWire(seed, INPUTS);
    expect(tally.unexpected).toEqual([]);
    expect(tally.accepted + tally.refused).toBe(INPUTS);
  });
});
