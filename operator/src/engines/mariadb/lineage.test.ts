import { describe, expect, it } from '@jest/globals';
import { newestByWriter, toLineage } from './lineage.ts';

describe('a lineage', () => {
  it.each([
    ['', ''],
    ['0-2-7,0-1-5', '0-1-5,0-2-7'],
    ['0-1-5,0-2-7,0-1-9,', '0-1-9,0-2-7'],
    ['3-1-5,0-1-4', '0-1-4,3-1-5'],
  ])('of %j is %j', (text, expected) => {
    expect(toLineage(text)).toBe(expected);
  });

  it('tells the newest transaction of one server', () => {
    const newest = newestByWriter(toLineage('0-1-5,0-2-7,3-1-9'));
    expect(newest({ domain: 0, server: 1 })).toBe(5n);
    expect(newest({ domain: 0, server: 3 })).toBeUndefined();
  });

  it('refuses what is no GTID', () => {
    expect(() => toLineage('0-1')).toThrow(expect.objectContaining({ code: 'InvalidPosition' }));
  });
});
