import { describe, expect, it } from '@jest/globals';
import { COUNTED_ROWS } from '../moves/counted-load.ts';
import { widest } from './counted-scenes.ts';

describe('widest', () => {
  it('is the interval with the most keys, in its middle', () => {
    const bounds = [
      { slot: 4, from: null },
      { slot: 2, from: COUNTED_ROWS / 4 },
      { slot: 9, from: COUNTED_ROWS },
    ];
    expect(widest(bounds)).toEqual({ slot: 2, key: (COUNTED_ROWS / 4 + COUNTED_ROWS) / 2 });
  });

  it('has a key for as many splits as a run has', () => {
    let bounds: { slot: number; from: number | null }[] = [{ slot: 0, from: null }];
    for (let slot = 1; slot <= 100; slot += 1) {
      const { key } = widest(bounds);
      expect(bounds.map(({ from }) => from ?? 0)).not.toContain(key);
      bounds = [...bounds, { slot, from: key }].toSorted(
        (left, right) => (left.from ?? -1) - (right.from ?? -1),
      );
    }
  });
});
