import { describe, expect, it } from '@jest/globals';
import { fitsAside } from './return-actions.ts';

const GIB = 2 ** 30;

describe('setting a data directory aside', () => {
  it.each([
    ['a small one on a large volume', 2, 1, true],
    ['one that would leave no room for the clone', 6, 5, false],
    ['one beside which the clone would nearly fill the volume', 5, 2.5, false],
    ['one beside which it would not', 4, 3, true],
  ])('%s', (_situation, used, data, expected) => {
    expect(fitsAside({ usedBytes: used * GIB, totalBytes: 10 * GIB }, data * GIB)).toBe(expected);
  });
});
