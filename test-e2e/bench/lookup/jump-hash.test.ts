import { describe, expect, it } from '@jest/globals';
import { jumpHash } from './jump-hash.ts';

const KEYS = Array.from({ length: 2000 }, (_, index) => BigInt(index) * 0x9e37_79b9_7f4a_7c15n);

describe('jumpHash', () => {
  it('moves keys to a new bucket only, about its share of them', () => {
    for (let buckets = 1; buckets < 20; buckets += 1) {
      const moved = KEYS.filter((key) => jumpHash(key, buckets) !== jumpHash(key, buckets + 1));
      expect(moved.every((key) => jumpHash(key, buckets + 1) === buckets)).toBe(true);
      expect(moved.length).toBeGreaterThan(KEYS.length / (buckets + 1) / 2);
      expect(moved.length).toBeLessThan((KEYS.length / (buckets + 1)) * 2);
    }
  });

  it('gives what the program of the paper gives', () => {
    expect(jumpHash(0n, 1)).toBe(0);
    expect(jumpHash(256n, 1024)).toBe(520);
    expect(jumpHash(0xdead_10ccn, 666)).toBe(361);
  });
});
