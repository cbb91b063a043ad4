import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MapChange, WritableSample } from '../history/history.ts';
import type { Append, Operation, Outcome, ReadBalances, ReadLatest, Transfer } from '../history/operation.ts';
import { checkAcknowledgedSet } from './acknowledged-set.ts';
import { checkBankTotal, checkTransfersWhole } from './bank.ts';
import { checkEpochOrder } from './epochs.ts';
import { checkMonotonicReads } from './monotonic-reads.ts';
import { checkStaleReads, countStaleReads } from './stale-reads.ts';
import { checkOneWritableMember } from './writable-members.ts';
import { findWriteGap } from './write-gap.ts';

const facts = { process: 'a', via: 'shardMap', member: 'm-0', start: 0, end: 1, outcome: 'ok' } as const;
const append = (id: number, rest: Partial<Append> = {}): Append => ({
  ...facts,
  kind: 'append',
  id,
  ...rest,
});
const outcome: fc.Arbitrary<Outcome> = fc.constantFrom('ok', 'ok', 'fail', 'indeterminate');

/** Appends with unique ids, and whether each took effect, as its outcome allows. */
const appends = fc.array(fc.tuple(outcome, fc.boolean()), { minLength: 1, maxLength: 50 }).map((drafts) =>
  drafts.map(([own, took], index) => ({
    operation: append(index, { outcome: own }),
    present: own === 'ok' || (own === 'indeterminate' && took),
  })),
);

describe('checkAcknowledgedSet', () => {
  const check = (operations: readonly Operation[], present: ReadonlySet<number>) =>
    checkAcknowledgedSet(operations, 'append', 'm-1', present).map(({ rule }) => rule);

  it('accepts what may have happened', () => {
    fc.assert(
      fc.property(appends, (all) => {
        const present = new Set(all.flatMap((each) => (each.present ? [each.operation.id] : [])));
        expect(
          check(
            all.map(({ operation }) => operation),
            present,
          ),
        ).toEqual([]);
      }),
    );
  });

  it('finds one acknowledged write that is lost', () => {
    fc.assert(
      fc.property(appends, fc.nat(), (all, position) => {
        const acknowledged = all.filter(({ operation }) => operation.outcome === 'ok');
        fc.pre(acknowledged.length > 0);
        const lost = acknowledged[position % acknowledged.length]?.operation.id;
        const present = new Set(
          all.flatMap((each) => (each.present && each.operation.id !== lost ? [each.operation.id] : [])),
        );
        expect(
          check(
            all.map(({ operation }) => operation),
            present,
          ),
        ).toEqual(['acknowledgedWritePresent']);
      }),
    );
  });

  it('finds a row that nobody wrote, and one whose write was refused', () => {
    expect(check([append(1)], new Set([1, 2]))).toEqual(['nothingUnwritten']);
    expect(check([append(1, { outcome: 'fail' })], new Set([1]))).toEqual(['nothingUnwritten']);
  });

  it('says which, and how many', () => {
    const all = [1, 2, 3, 4, 5, 6, 7].map((id) => append(id));
    expect(checkAcknowledgedSet(all, 'append', 'm-1', new Set([7]))).toEqual([
      {
        rule: 'acknowledgedWritePresent',
        message: '6 acknowledged appends are not on m-1: 1, 2, 3, 4, 5, …',
      },
    ]);
  });
});

describe('the bank', () => {
  const ACCOUNTS = 4;
  const OPENING = 100;
  const transfer = fc.record({
    from: fc.nat(ACCOUNTS - 1),
    to: fc.nat(ACCOUNTS - 1),
    amount: fc.integer({ min: 1, max: 9 }),
  });
  const look = (balances: readonly number[]): ReadBalances => ({ ...facts, kind: 'readBalances', balances });

  /** The balances after each transfer; `torn` leaves out the second half of one. */
  const replay = (
    transfers: readonly Pick<Transfer, 'from' | 'to' | 'amount'>[],
    torn: number,
  ): number[][] => {
    const balances = Array.from({ length: ACCOUNTS }, () => OPENING);
    return transfers.map(({ from, to, amount }, index) => {
      balances[from] = (balances[from] ?? 0) - amount;
      if (index !== torn) {
        balances[to] = (balances[to] ?? 0) + amount;
      }
      return [...balances];
    });
  };

  it('accepts whole transfers', () => {
    fc.assert(
      fc.property(fc.array(transfer, { minLength: 1 }), (transfers) => {
        const states = replay(transfers, -1);
        expect(checkBankTotal(states.map(look), ACCOUNTS * OPENING)).toEqual([]);
        const recorded = transfers.map((each, id) => ({ id, ...each }));
        expect(checkTransfersWhole('m-1', OPENING, recorded, states.at(-1) ?? [])).toEqual([]);
      }),
    );
  });

  it('finds a torn transfer, by a look in between and by the end', () => {
    fc.assert(
      fc.property(fc.array(transfer, { minLength: 1 }), fc.nat(), (transfers, position) => {
        const states = replay(transfers, position % transfers.length);
        expect(checkBankTotal(states.map(look), ACCOUNTS * OPENING)).toMatchObject([{ rule: 'bankTotal' }]);
        const recorded = transfers.map((each, id) => ({ id, ...each }));
        expect(checkTransfersWhole('m-1', OPENING, recorded, states.at(-1) ?? [])).toMatchObject([
          { rule: 'transfersWhole' },
        ]);
      }),
    );
  });

  it('does not judge a look that got no answer', () => {
    expect(checkBankTotal([{ ...look([1]), outcome: 'indeterminate' }], 100)).toEqual([]);
  });
});

describe('checkMonotonicReads', () => {
  const look = (id: number, start: number, process = 'r'): ReadLatest => ({
    ...facts,
    kind: 'readLatest',
    writer: 'w',
    process,
    id,
    start,
  });

  it('lets each reader be behind another', () => {
    expect(checkMonotonicReads([look(1, 0), look(5, 1), look(4, 2, 'other'), look(5, 3)])).toEqual([]);
  });

  it('does not judge what a Service led to a replica, and nothing else', () => {
    const misled = { ...look(4, 2), via: 'primaryService', writable: false } as const;
    expect(checkMonotonicReads([look(5, 1), misled])).toEqual([]);
    expect(checkMonotonicReads([look(5, 1), { ...misled, writable: true }])).toHaveLength(1);
    expect(checkMonotonicReads([look(5, 1), { ...misled, via: 'shardMap' }])).toHaveLength(1);
  });

  it('finds one that goes back', () => {
    expect(checkMonotonicReads([look(1, 0), look(5, 1), look(4, 2)])).toMatchObject([
      { rule: 'monotonicReads', message: '1 reads went back in time: r of w saw 4 after 5' },
    ]);
  });

  /** What several readers saw of one writer, each in its own order of time, and each never going back. */
  const looks = fc
    .array(fc.tuple(fc.constantFrom('r', 's', 't'), fc.nat(5)), { minLength: 1, maxLength: 50 })
    .map((steps) => {
      const seen = new Map<string, number>();
      return steps.map(([process, more], at) => {
        seen.set(process, (seen.get(process) ?? 1) + more);
        return look(seen.get(process) ?? 1, at, process);
      });
    });

  it('accepts readers that never go back, in whatever order their looks are given', () => {
    fc.assert(
      fc.property(looks, fc.infiniteStream(fc.nat()), (all, keys) => {
        const shuffled = all
          .map((each) => ({ each, key: keys.next().value as number }))
          .toSorted((left, right) => left.key - right.key);
        expect(checkMonotonicReads(shuffled.map(({ each }) => each))).toEqual([]);
      }),
    );
  });

  it('finds the one look that goes back, wherever it is', () => {
    fc.assert(
      fc.property(looks, fc.nat(), (all, position) => {
        const at = position % all.length;
        const { id, process } = all[at] ?? look(1, 0);
        const planted = look((id ?? 1) - 1, at + 0.5, process);
        expect(checkMonotonicReads([...all, planted])).toMatchObject([
          { rule: 'monotonicReads', message: expect.stringMatching(/^1 reads went back/u) },
        ]);
      }),
    );
  });
});

const changes: readonly MapChange[] = [
  { at: 0, epoch: 1, primary: 'm-0' },
  { at: 100, epoch: 2, primary: null },
  { at: 120, epoch: 2, primary: 'm-1' },
];
const before = append(1, { start: 10, end: 20 });
const opening = append(2, { start: 130, end: 140, member: 'm-1' });

describe('checkEpochOrder', () => {
  it.each<[string, Append]>([
    ['the new primary', append(3, { start: 150, end: 160, member: 'm-1' })],
    ['the old primary before the new one is open', append(3, { start: 110, end: 115 })],
    ['the old primary, of what was under way when the new one opened', append(3, { start: 139, end: 150 })],
    ['nobody', append(3, { start: 150, end: 160, outcome: 'indeterminate' })],
  ])('accepts a write acknowledged by %s', (_, write) => {
    expect(checkEpochOrder([before, opening, write], changes)).toEqual([]);
  });

  it('finds a write that the old primary acknowledged afterwards', () => {
    expect(checkEpochOrder([before, opening, append(3, { start: 141, end: 150 })], changes)).toMatchObject([
      { rule: 'epochOrder' },
    ]);
  });

  it('accepts the old primary once it is the new one again', () => {
    const again = [...changes, { at: 200, epoch: 3, primary: null }, { at: 210, epoch: 3, primary: 'm-0' }];
    expect(checkEpochOrder([before, opening, append(3, { start: 211, end: 220 })], again)).toEqual([]);
  });
});

describe('countStaleReads', () => {
  const read = (start: number, member: string, writable = true): Operation => ({
    ...facts,
    kind: 'read',
    key: 0,
    value: 0,
    member,
    start,
    end: start + 1,
    writable,
  });

  it('does not count what a replica answered', () => {
    expect(countStaleReads([before, opening, read(150, 'm-0', false)], changes).count).toBe(0);
  });

  it('counts what a deposed primary answered, and how late', () => {
    const operations = [
      before,
      opening,
      read(90, 'm-0'),
      read(145, 'm-1'),
      read(150, 'm-0'),
      read(160, 'm-0'),
    ];
    expect(countStaleReads(operations, changes)).toEqual({ count: 2, lastAfterMilliseconds: 20 });
  });

  it.each([
    ['within the fence', 20, undefined, []],
    ['after it', 15, undefined, [1]],
    ['within the fence, once it could run again', 15, 145, []],
    ['after it, long since it could run again', 5, 142, [2]],
  ])('bounds them: %s', (_name, fenceMilliseconds, resumed, late) => {
    const operations = [before, opening, read(150, 'm-0'), read(160, 'm-0')];
    const found = checkStaleReads(operations, changes, { fenceMilliseconds, resumed });
    expect(found.map(({ message }) => Number.parseInt(message, 10))).toEqual(late);
  });
});

describe('checkOneWritableMember', () => {
  const sample = (member: string, start: number, writable: boolean): WritableSample => ({
    member,
    start,
    end: start + 1,
    writable,
  });

  it('accepts a change-over', () => {
    expect(
      checkOneWritableMember([sample('m-0', 0, true), sample('m-1', 10, true), sample('m-0', 20, false)]),
    ).toEqual([]);
  });

  it('finds a member that is open before and after another is', () => {
    expect(
      checkOneWritableMember([sample('m-0', 0, true), sample('m-1', 10, true), sample('m-0', 20, true)]),
    ).toMatchObject([{ rule: 'oneWritableMember' }]);
  });
});

describe('findWriteGap', () => {
  it('finds the longest time without an acknowledgement after the failure, of the kind of client asked for', () => {
    const at = (end: number, rest: Partial<Append> = {}): Append =>
      append(end, { start: end - 1, end, ...rest });
    const operations = [
      at(10),
      at(60),
      at(65),
      at(70, { outcome: 'indeterminate' }),
      at(80, { via: 'primaryService' }),
      at(95),
      at(97),
    ];
    expect(findWriteGap(operations, 'shardMap', 64)).toEqual({ milliseconds: 30, from: 65 });
    expect(findWriteGap(operations, 'shardMap', 98)).toBeUndefined();
    expect(findWriteGap(operations, 'sameNode', 0)).toBeUndefined();
  });

  it('does not mix clients: each sees its own', () => {
    const one = (end: number, process: string): Append => append(end, { start: end - 1, end, process });
    expect(findWriteGap([one(10, 'a'), one(15, 'b'), one(20, 'a')], 'shardMap', 0)?.milliseconds).toBe(10);
  });
});
