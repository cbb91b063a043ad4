import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RowMerge } from '../../merge/merge-plan.ts';
import { planReading, type ReadingInput } from './plan-reading.ts';
import { STREAMS_PER_SHARD } from './scatter-caps.ts';
import { StreamPermits } from './stream-permits.ts';

const BY = [{ value: { from: 'visible', index: 0 }, weight: null, descending: false }] as const;
const GROUPS: RowMerge = {
  kind: 'group',
  by: BY,
  values: [],
  visible: 1,
  having: null,
  order: [],
  sorted: null,
  calculation: null,
};
const MERGES = {
  any: { kind: 'concatenate' },
  ordered: { kind: 'order', by: BY },
  distinct: { kind: 'distinct', values: BY, by: [] },
  distinctOrdered: { kind: 'distinct', values: BY, by: BY },
  groups: GROUPS,
  sortedGroups: { ...GROUPS, sorted: { by: BY, inOrder: true } },
} as const satisfies Record<string, RowMerge>;

function plan(input: Partial<ReadingInput>, free = 16) {
  const permits = new StreamPermits(free);
  return planReading({
    rows: MERGES.any,
    shards: [],
    inTransaction: false,
    take: (shard, wanted) => permits.take(shard, wanted),
    ...input,
  });
}

/** Lanes as texts: parts, and `~` where the last is read as it is merged. */
function lanes(input: Partial<ReadingInput>, free?: number): string[] {
  return plan(input, free).lanes.map(
    ({ shard, parts, streams }) => `${shard}: ${parts.join(' ')}${streams ? '~' : ''}`,
  );
}

describe('slots are read', () => {
  it.each<[string, keyof typeof MERGES, readonly number[], boolean, number, readonly string[]]>([
    [
      'in any order, some at once',
      'any',
      [0, 0, 0, 0, 0, 1],
      false,
      16,
      ['0: 0 4~', '0: 1~', '0: 2~', '0: 3~', '1: 5~'],
    ],
    ['in any order, one by one without permits', 'any', [0, 0, 1], false, 0, ['0: 0 1~', '1: 2~']],
    ['in any order, one by one in a transaction', 'any', [0, 1, 0], true, 16, ['0: 0 2~', '1: 1~']],
    ['in order, each over a connection', 'ordered', [0, 1, 0], false, 16, ['0: 0~', '0: 2~', '1: 1~']],
    ['in order, kept where there is no permit', 'ordered', [0, 0, 0], false, 1, ['0: 0~', '0: 1', '0: 2']],
    ['in order, kept but for the last in a transaction', 'ordered', [0, 0, 0], true, 16, ['0: 0 1 2~']],
  ])('%s', (_name, merge, shards, inTransaction, free, expected) => {
    expect(lanes({ rows: MERGES[merge], shards, inTransaction }, free)).toEqual(expected);
  });

  it.each<[keyof typeof MERGES, number, boolean, 'bySlot' | 'mixed']>([
    ['any', 3, false, 'mixed'],
    ['ordered', 300, false, 'bySlot'],
    ['distinct', 3, false, 'mixed'],
    ['distinctOrdered', 3, false, 'bySlot'],
    ['groups', 3, false, 'mixed'],
    ['sortedGroups', STREAMS_PER_SHARD, false, 'bySlot'],
    ['sortedGroups', STREAMS_PER_SHARD + 1, false, 'mixed'],
    ['sortedGroups', 1, true, 'bySlot'],
    ['sortedGroups', 2, true, 'mixed'],
  ])('%s, %d slots of a shard, in a transaction: %s: %s', (merge, slots, inTransaction, expected) => {
    const shards = Array.from({ length: slots }, () => 7);
    expect(plan({ rows: MERGES[merge], shards, inTransaction }).arrangement).toBe(expected);
  });

  it('each once, over no more connections than there are permits for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(MERGES)),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        fc.nat(16),
        (rows, shards, inTransaction, free) => {
          const planned = plan({ rows, shards, inTransaction }, free);
          const parts = planned.lanes.flatMap((lane) => {
            expect(lane.parts.every((part) => shards[part] === lane.shard)).toBe(true);
            return lane.parts;
          });
          expect(parts.toSorted((one, other) => one - other)).toEqual([...shards.keys()]);
          const streaming = planned.lanes.filter(
            ({ streams }) => streams && planned.arrangement === 'bySlot' && !inTransaction,
          );
          const byShard = [...Map.groupBy(streaming, ({ shard }) => shard).values()];
          const most = Math.max(0, ...byShard.map(({ length }) => length));
          expect(most).toBeLessThanOrEqual(Math.min(free, STREAMS_PER_SHARD));
        },
      ),
    );
  });
});

describe('permits', () => {
  it('are for each shard, never more than there are, and free again when given back', () => {
    const permits = new StreamPermits(5);
    expect([permits.take(0, 3), permits.take(0, 3), permits.take(0, 3), permits.take(1, 9)]).toEqual([
      3, 2, 0, 5,
    ]);
    permits.giveBack(0, 3);
    expect(permits.take(0, 9)).toBe(3);
  });
});
