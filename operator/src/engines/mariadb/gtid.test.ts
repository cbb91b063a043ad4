import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  compareGtidLists,
  formatGtidList,
  mariadbPositions,
  mergeGtidLists,
  parseGtidList,
  type Gtid,
  type GtidList,
} from './gtid.ts';

const gtidLists: fc.Arbitrary<GtidList> = fc
  .array(
    fc.record({
      domain: fc.integer({ min: 0, max: 3 }),
      server: fc.integer({ min: 1, max: 3 }),
      sequence: fc.bigInt({ min: 1n, max: 6n }),
    }),
    { maxLength: 4 },
  )
  .map((gtids: Gtid[]) => new Map(gtids.map((gtid) => [gtid.domain, gtid])));

const opposite = { equal: 'equal', ahead: 'behind', behind: 'ahead', diverged: 'diverged' } as const;

describe('GTID lists', () => {
  it.each([
    ['', '', 'equal'],
    ['0-1-5', '', 'ahead'],
    ['', '0-1-5', 'behind'],
    ['0-1-5', '0-1-5', 'equal'],
    ['0-1-7', '0-2-5', 'ahead'],
    ['0-1-5', '0-2-5', 'diverged'],
    ['0-1-5,1-1-9', '0-1-5', 'ahead'],
    ['0-1-5,1-1-9', '0-1-6', 'diverged'],
    ['0-1-5,1-1-9', '0-1-5,1-1-10', 'behind'],
    ['0-1-18446744073709551615', '0-1-18446744073709551614', 'ahead'],
  ] as const)('%s against %s is %s', (left, right, expected) => {
    expect(mariadbPositions.compare(mariadbPositions.parse(left), mariadbPositions.parse(right))).toBe(
      expected,
    );
  });

  it.each([
    ['0-1-5', '0-1-5', true],
    ['0-1-7', '0-1-5', true],
    ['0-1-4', '0-1-5', false],
    ['0-2-7', '0-1-5', false],
    ['0-1-7,1-1-9', '0-1-5', true],
    ['0-1-7', '0-1-5,1-1-9', false],
    ['0-1-7', '', false],
  ] as const)('%s goes on from %s for certain: %s', (held, needed, expected) => {
    const { continues, parse } = mariadbPositions;
    expect(continues(parse(held), parse(needed))).toBe(expected);
  });

  it.each(['0-1', '0-1-2-3', 'x-1-2', '0-1-2;', '-1-2-3'])('refuses %s', (text) => {
    expect(() => mariadbPositions.parse(text)).toThrow(expect.objectContaining({ code: 'InvalidPosition' }));
  });

  it('writes equal positions as equal text', () => {
    expect(mariadbPositions.parse(' 1-2-3, 0-1-5 ')).toBe('0-1-5,1-2-3');
    expect(mariadbPositions.parse('0-1-5,0-2-9')).toBe('0-2-9');
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(gtidLists, (list) => {
        expect(compareGtidLists(parseGtidList(formatGtidList(list)), list)).toBe('equal');
      }),
    );
  });

  it('compares alike from both sides', () => {
    fc.assert(
      fc.property(gtidLists, gtidLists, (left, right) => {
        expect(compareGtidLists(right, left)).toBe(opposite[compareGtidLists(left, right)]);
      }),
    );
  });

  it('covers both sides after a merge unless a number has two servers', () => {
    fc.assert(
      fc.property(gtidLists, gtidLists, (left, right) => {
        const merged = mergeGtidLists(left, right);
        fc.pre(
          [...left.values()].every(({ domain, server, sequence }) => {
            const other = right.get(domain);
            return other === undefined || other.sequence !== sequence || other.server === server;
          }),
        );
        expect(['equal', 'ahead']).toContain(compareGtidLists(merged, left));
        expect(['equal', 'ahead']).toContain(compareGtidLists(merged, right));
      }),
    );
  });

  it('is transitive in what it covers', () => {
    fc.assert(
      fc.property(gtidLists, gtidLists, gtidLists, (first, second, third) => {
        fc.pre(compareGtidLists(first, second) === 'ahead' && compareGtidLists(second, third) === 'ahead');
        expect(compareGtidLists(first, third)).toBe('ahead');
      }),
    );
  });
});
