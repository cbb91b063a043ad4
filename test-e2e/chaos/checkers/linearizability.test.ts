import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CompareAndSet, Read, RegisterOperation, Write } from '../history/operation.ts';
import { registerHistory } from './generated-history.ts';
import { checkRegister } from './linearizability.ts';

const facts = { process: 'a', via: 'shardMap', member: 'm', key: 1, outcome: 'ok' } as const;
const write = (value: number, start: number, end: number, outcome: Write['outcome'] = 'ok'): Write => ({
  ...facts,
  kind: 'write',
  value,
  start,
  end,
  outcome,
});
const read = (value: number, start: number, end: number): Read => ({
  ...facts,
  kind: 'read',
  value,
  start,
  end,
});
const swap = (
  expected: number,
  value: number,
  start: number,
  end: number,
  applied: boolean | null = true,
): CompareAndSet => ({
  ...facts,
  kind: 'compareAndSet',
  expected,
  value,
  applied,
  start,
  end,
  outcome: applied === null ? 'indeterminate' : 'ok',
});

const verdict = (...operations: RegisterOperation[]): string => checkRegister(operations, 0).kind;

describe('checkRegister', () => {
  it.each<[string, RegisterOperation[]]>([
    ['nothing', []],
    ['a read of what it began with', [read(0, 0, 1)]],
    ['a read of what was written', [write(1, 0, 1), read(1, 2, 3)]],
    ['either value while a write is under way', [write(1, 0, 10), read(1, 1, 2), read(1, 3, 4)]],
    ['the old value while a write is under way', [write(1, 0, 10), read(0, 1, 2), read(1, 11, 12)]],
    [
      'a write without an answer that took effect late',
      [write(1, 0, 1, 'indeterminate'), read(0, 5, 6), read(1, 7, 8)],
    ],
    ['a write without an answer that never took effect', [write(1, 0, 1, 'indeterminate'), read(0, 5, 6)]],
    ['a swap without an answer that took effect', [swap(0, 1, 0, 1, null), read(1, 5, 6)]],
    ['a refused swap', [write(1, 0, 1), swap(0, 2, 2, 3, false), read(1, 4, 5)]],
    ['one of two swaps at once', [swap(0, 1, 0, 5), swap(0, 2, 0, 5, false), read(1, 6, 7)]],
  ])('accepts %s', (_, operations) => expect(verdict(...operations)).toBe('linearizable'));

  it.each<[string, RegisterOperation[]]>([
    ['a lost write', [write(1, 0, 1), read(0, 2, 3)]],
    ['a stale read', [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)]],
    ['a value nobody wrote', [read(7, 0, 1)]],
    ['what failed taking effect', [write(1, 0, 1, 'fail'), read(1, 2, 3)]],
    ['a value seen, then not', [write(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]],
    ['both of two swaps of one value', [swap(0, 1, 0, 5), swap(0, 2, 0, 5)]],
    ['a refused swap that should have succeeded', [swap(0, 2, 2, 3, false)]],
    ['a value that comes back', [write(1, 0, 1), write(2, 2, 3), read(2, 4, 5), read(1, 6, 7)]],
    [
      'a write without an answer that takes effect twice',
      [write(1, 0, 1, 'indeterminate'), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7), read(1, 8, 9)],
    ],
  ])('refuses %s', (_, operations) => expect(verdict(...operations)).toBe('violated'));

  it('names an operation near the violation', () => {
    const late = read(1, 6, 7);
    expect(checkRegister([write(1, 0, 1), write(2, 2, 3), late, read(2, 8, 9)], 0)).toEqual({
      kind: 'violated',
      at: late,
    });
  });

  it('says so when it gives up', () => {
    expect(checkRegister([write(1, 0, 1), read(1, 2, 3)], 0, 1).kind).toBe('undecided');
  });

  it('decides thousands of operations, many of them unanswered, within its bound', () => {
    const answered = Array.from({ length: 2000 }, (_, index) => [
      write(index + 1, index * 4, index * 4 + 2),
      read(index + 1, index * 4 + 2.5, index * 4 + 3),
    ]).flat();
    const unanswered = Array.from({ length: 40 }, (_, index) =>
      write(1_000_000 + index, index * 100 + 1, index * 100 + 5, 'indeterminate'),
    );
    expect(verdict(...answered, ...unanswered)).toBe('linearizable');
  });
});

describe('checkRegister, for any use of a correct register', () => {
  it('accepts it', () => {
    fc.assert(
      fc.property(registerHistory, (history) => {
        const operations = history.map(({ operation }) => operation);
        expect(checkRegister(operations, 0).kind).toBe('linearizable');
      }),
    );
  });

  it('does not depend on the order in which operations are given', () => {
    fc.assert(
      fc.property(
        registerHistory,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (history, random) => {
          const shuffled = history
            .map(({ operation }) => ({ operation, rank: random.next().value as number }))
            .toSorted((a, b) => a.rank - b.rank)
            .map(({ operation }) => operation);
          expect(checkRegister(shuffled, 0).kind).toBe('linearizable');
        },
      ),
    );
  });

  it('finds a read of a value that nobody wrote, wherever it is', () => {
    fc.assert(
      fc.property(registerHistory, fc.nat(), (history, position) => {
        const operations = history.map(({ operation }) => operation);
        const at = (position % (operations.length + 1)) * 10 + 1;
        expect(verdict(...operations, { ...read(-7, at, at + 3), process: 'planted' })).toBe('violated');
      }),
    );
  });

  it('finds a write that is lost after everything else was done', () => {
    fc.assert(
      fc.property(registerHistory, (history) => {
        const operations = history.map(({ operation }) => operation);
        const last = Math.max(...operations.map(({ end }) => end));
        const before = valueAfter(history);
        const unanswered = operations.some(({ outcome }) => outcome === 'indeterminate');
        fc.pre(!unanswered);
        const planted = [write(1_000_000, last + 1, last + 2), read(before, last + 3, last + 4)];
        expect(verdict(...operations, ...planted)).toBe('violated');
      }),
    );
  });

  it('finds a value that comes back after another was read', () => {
    fc.assert(
      fc.property(registerHistory, (history) => {
        const operations = history.map(({ operation }) => operation);
        const last = Math.max(...operations.map(({ end }) => end));
        const planted = [
          write(1_000_000, last + 1, last + 2),
          write(1_000_001, last + 3, last + 4),
          read(1_000_001, last + 5, last + 6),
          read(1_000_000, last + 7, last + 8),
        ];
        expect(verdict(...operations, ...planted)).toBe('violated');
      }),
    );
  });

  it('finds two swaps of one value that both say they succeeded', () => {
    fc.assert(
      fc.property(registerHistory, (history) => {
        const operations = history.map(({ operation }) => operation);
        const last = Math.max(...operations.map(({ end }) => end));
        const planted = [
          write(1_000_000, last + 1, last + 2),
          swap(1_000_000, 1_000_001, last + 3, last + 9),
          swap(1_000_000, 1_000_002, last + 3, last + 9),
        ];
        expect(verdict(...operations, ...planted)).toBe('violated');
      }),
    );
  });
});

/** What the register holds when all has been done. */
function valueAfter(history: readonly { operation: RegisterOperation; effect: number | null }[]): number {
  let value = 0;
  for (const { operation, effect } of history) {
    if (effect === null) {
      continue;
    }
    if (operation.kind === 'write' || (operation.kind === 'compareAndSet' && operation.expected === value)) {
      value = operation.value;
    }
  }
  return value;
}
