import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HASH_RANGE, hashKey, keyHashSql } from './key-hash.ts';
import { type KeyspaceLayout, slotOf } from './keyspace-layout.ts';

const KEYS = 20_000;

/** A digest of the number: the same noise in every run. */
function noise(index: number): Buffer {
  return createHash('sha256').update(String(index)).digest();
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Keys as applications have them, the n-th of each kind. */
const PATTERNS: Readonly<Record<string, (index: number) => string>> = {
  'sequential numbers': (index) => String(index + 1),
  'sequential numbers of seven digits': (index) => String(1_000_000 + index),
  'sequential numbers of nineteen digits': (index) => String(9_000_000_000_000_000_000n + BigInt(index)),
  'even numbers': (index) => String(2 * index),
  thousands: (index) => String(1000 * index),
  'numbers of every 1024th': (index) => String(1024 * index),
  'numbers of every 65536th': (index) => String(65_536 * index),
  'negative numbers': (index) => String(-index - 1),
  amounts: (index) => String(index / 100),
  'random numbers of 32 bits': (index) => String(noise(index).readUInt32BE()),
  'random numbers of 63 bits': (index) => String(noise(index).readBigUInt64BE() >> 1n),
  'numbers of time and count': (index) =>
    String((BigInt(1_700_000_000_000 + Math.floor(index / 3)) << 22n) | BigInt(index % 3)),
  'UUIDs, random': (index) => uuid(noise(index).toString('hex')),
  'UUIDs, by time': (index) =>
    uuid((1_700_000_000_000 + index * 3).toString(16).padStart(12, '0') + noise(index).toString('hex')),
  'UUIDs, counted': (index) => uuid(index.toString(16).padStart(32, '0')),
  'names with a number': (index) => `user-${index}`,
  'names with a number of eight digits': (index) => `user-${String(index).padStart(8, '0')}`,
  addresses: (index) => `customer${index}@example.com`,
  'hexadecimal digits': (index) => index.toString(16).padStart(16, '0'),
  'words of six letters': (index) =>
    Array.from({ length: 6 }, (_, place) =>
      String.fromCharCode(97 + (Math.floor(index / 26 ** place) % 26)),
    ).join(''),
  'two parts': (index) => `tenant-${index % 100}/${Math.floor(index / 100)}`,
  moments: (index) =>
    new Date(1_700_000_000_000 + index * 60_000).toISOString().slice(0, 19).replace('T', ' '),
};

/**
 * How far the counts are from even: the chi-square statistic as a standard normal deviate. Source: Wilson and Hilferty, "The
 * Distribution of Chi-Square" (1931).
 */
function deviate(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (Math.cbrt(statistic / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom));
}

describe('hashKey', () => {
  it('is what its SQL says', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const cube = BigInt(crc32(bytes)) ** 3n;
        expect(hashKey({ kind: 'text', bytes, padded: false })).toBe(Number(cube % 4_294_967_291n));
      }),
    );
    expect(keyHashSql('k')).toBe('(CRC32(k) * CRC32(k) MOD 4294967291 * CRC32(k) MOD 4294967291)');
  });

  it('stays below its range, for the checksums at the ends as well', () => {
    // Of which CRC-32 makes 0 and 2^32 - 1.
    const ends = [Buffer.alloc(0), Buffer.from('ffffffff', 'hex')];
    expect(ends.map((bytes) => crc32(bytes))).toEqual([0, HASH_RANGE - 1]);
    for (const bytes of ends) {
      const hash = hashKey({ kind: 'text', bytes, padded: false });
      expect(hash).toBeGreaterThanOrEqual(0);
      expect(hash).toBeLessThan(HASH_RANGE);
    }
  });

  it('takes a number for its digits', () => {
    const digits = hashKey({ kind: 'text', bytes: Buffer.from('-12.5'), padded: true });
    expect(hashKey({ kind: 'number', text: '-12.5' })).toBe(digits);
  });

  // The deviates of chance are above 4 once in thirty thousand, and these are the same in every run.
  it.each(Object.keys(PATTERNS))('spreads %s evenly over slots', (pattern) => {
    const keys = Array.from({ length: KEYS }, (_, index) => ({
      kind: 'number' as const,
      text: PATTERNS[pattern]?.(index) ?? '',
    }));
    for (const strategy of ['ConsistentHash', 'Hash'] as const) {
      for (const slots of [16, 100, 256, 1000, 4096]) {
        const layout: KeyspaceLayout = { strategy, slots };
        const counts = Array.from({ length: slots }, () => 0);
        for (const key of keys) {
          const slot = slotOf(layout, key);
          counts[slot] = (counts[slot] ?? 0) + 1;
        }
        expect(Math.abs(deviate(counts))).toBeLessThan(4);
      }
    }
  });
});
