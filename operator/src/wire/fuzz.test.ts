import { describe, expect, it } from '@jest/globals';
import { fuzzWire } from './testing/fuzz-wire.ts';

/** The long scenario runs more than a million inputs with other seeds. */
const INPUTS = 5000;

describe('whatever bytes arrive', () => {
  it.each([1, 2])('every reader returns or refuses them as a broken protocol (seed %i)', (seed) => {
    const tally = fuzzWire(seed, INPUTS);
    expect(tally.unexpected).toEqual([]);
    expect(tally.inputs).toBe(INPUTS);
    // Otherwise the inputs would be too wild, or too tame, to reach anything.
    expect(tally.accepted).toBeGreaterThan(INPUTS / 20);
    expect(tally.refused).toBeGreaterThan(INPUTS / 20);
  });
});
