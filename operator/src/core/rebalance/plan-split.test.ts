import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { CanonicalKey } from '../keyspace/key-literal.ts';
import { slotOf } from '../keyspace/keyspace-layout.ts';
import { type RangeBound, readRanges } from '../keyspace/ranges.ts';
import { type AskedSplit, planSplit, type SplittableKeyspace, withSplit } from './plan-split.ts';

const KEYSPACE = {
  name: 'app',
  slots: 8,
  slotsByShard: [
    { shard: 0, slots: '0,2' },
    { shard: 3, slots: '1' },
  ],
  ranges: [{ slot: 0 }, { slot: 2, from: '100' }, { slot: 1, from: '200' }],
} as const satisfies SplittableKeyspace;

const NOTHING: ReadonlySet<number> = new Set();

function plan(asked: Partial<AskedSplit>, keyspace: SplittableKeyspace = KEYSPACE, inUse = NOTHING) {
  return planSplit([keyspace], { keyspace: 'app', slot: 2, at: '150', ...asked }, inUse);
}

describe('a split', () => {
  it('makes two slots that are not there yet, on the shard of the one that ends', () => {
    const split = plan({});
    expect(split).toEqual({ keyspace: 'app', slot: 2, at: '150', shard: 0, lower: 3, upper: 4 });
    if ('kind' in split) {
      throw new Error(split.message);
    }
    const after = withSplit(KEYSPACE, split);
    expect(after).toEqual({
      ranges: [{ slot: 0 }, { slot: 3, from: '100' }, { slot: 4, from: '150' }, { slot: 1, from: '200' }],
      slotsByShard: [
        { shard: 0, slots: '0,3-4' },
        { shard: 3, slots: '1' },
      ],
    });
  });

  it('cuts the last interval above every key as well, and the first one', () => {
    expect(plan({ slot: 1, at: '1000000' })).toMatchObject({ shard: 3, lower: 3, upper: 4 });
    expect(plan({ slot: 0, at: '-5' })).toMatchObject({ shard: 0 });
    expect(
      plan(
        { at: '2026-01-31' },
        { ...KEYSPACE, slotsByShard: [{ shard: 0, slots: '2' }], ranges: [{ slot: 2 }] },
      ),
    ).toMatchObject({ lower: 0, upper: 1 });
  });

  it('leaves out numbers that something still has to do with', () => {
    expect(plan({}, KEYSPACE, new Set([3, 5]))).toMatchObject({ lower: 4, upper: 6 });
  });

  it.each<[string, Partial<AskedSplit>, SplittableKeyspace, ReadonlySet<number>, string]>([
    ['of an unknown keyspace', { keyspace: 'other' }, KEYSPACE, NOTHING, 'UnknownKeyspace'],
    [
      'of a keyspace cut by hash',
      {},
      { name: 'app', slots: 8, slotsByShard: [{ shard: 0, slots: '0-7' }] },
      NOTHING,
      'NotByIntervals',
    ],
    ['of a slot that is not there', { slot: 5 }, KEYSPACE, NOTHING, 'UnknownSlot'],
    ['of a slot that moves', {}, KEYSPACE, new Set([2]), 'SlotMoves'],
    ['without room for two numbers', {}, { ...KEYSPACE, slots: 4 }, NOTHING, 'NoFreeSlots'],
    ['at its own beginning', { at: '100' }, KEYSPACE, NOTHING, 'KeyOutside'],
    ['at its end', { at: '200' }, KEYSPACE, NOTHING, 'KeyOutside'],
    ['below it', { at: '99' }, KEYSPACE, NOTHING, 'KeyOutside'],
    ['at a text among numbers', { at: 'm' }, KEYSPACE, NOTHING, 'KeyOutside'],
  ])('is refused %s', (_name, asked, keyspace, inUse, code) => {
    const refusal = plan(asked, keyspace, inUse);
    expect(refusal).toMatchObject({ kind: 'refused', code, message: expect.stringMatching(/\.$/) });
  });

  it('sends every key of the slot to one of its parts as routers compare keys, and every other where it was', () => {
    const key = fc.integer({ min: -1000, max: 1000 }).map((value) => String(value));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -900, max: 900 }), { maxLength: 6 }),
        fc.integer({ min: -950, max: 950 }),
        fc.array(key, { minLength: 1, maxLength: 30 }),
        (bounds, at, keys) => {
          const sorted = bounds.toSorted((left, right) => left - right);
          fc.pre(!sorted.includes(at));
          const ranges: RangeBound[] = [
            { slot: 0 },
            ...sorted.map((from, index) => ({ slot: index + 1, from: String(from) })),
          ];
          const slot = sorted.filter((bound) => bound <= at).length;
          const keyspace = {
            name: 'app',
            slots: 32,
            slotsByShard: [{ shard: 7, slots: `0${sorted.length > 0 ? `-${sorted.length}` : ''}` }],
            ranges,
          };
          const split = planSplit([keyspace], { keyspace: 'app', slot, at: String(at) }, NOTHING);
          if ('kind' in split) {
            throw new Error(split.message);
          }
          const layouts = [ranges, withSplit(keyspace, split).ranges].map((each) => ({
            strategy: 'Range' as const,
            ranges: readRanges(each),
          }));
          for (const text of keys) {
            const canonical: CanonicalKey = { kind: 'number', text };
            const [before, after] = layouts.map((layout) => slotOf(layout, canonical));
            const part = Number(text) < at ? split.lower : split.upper;
            expect(after).toBe(before === slot ? part : before);
          }
        },
      ),
    );
  });
});
