import { describe, expect, it } from '@jest/globals';
import { differingBuckets, differingDefinitions, differingRows } from './differences.ts';

describe('differences', () => {
  it('finds buckets that differ, on either side alone too', () => {
    const source = new Map([
      [1, '2 7 9'],
      [2, '1 1 1'],
      [9, '1 2 3'],
    ]);
    const target = new Map([
      [1, '2 7 9'],
      [2, '1 1 2'],
      [4, '1 5 5'],
    ]);
    expect(differingBuckets(source, target)).toEqual([2, 4, 9]);
  });

  it('tells missing, unexpected and different rows apart', () => {
    const source = new Map([
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ]);
    const target = new Map([
      ['1', 'a'],
      ['2', 'x'],
      ['4', 'd'],
    ]);
    expect(differingRows('t', source, target).map(({ key, kind }) => [key, kind])).toEqual([
      ['2', 'different'],
      ['3', 'missing'],
      ['4', 'unexpected'],
    ]);
  });

  it('names what is not defined the same', () => {
    const source = new Map([
      ['TABLE a', '1'],
      ['VIEW b', '1'],
      ['EVENT c', '1'],
    ]);
    const target = new Map([
      ['TABLE a', '1'],
      ['VIEW b', '2'],
      ['TRIGGER d', '1'],
    ]);
    expect(differingDefinitions(source, target).map(({ message }) => message)).toEqual([
      'VIEW b is defined otherwise here',
      'EVENT c is missing here',
      'TRIGGER d is here and not at the source',
    ]);
  });
});
