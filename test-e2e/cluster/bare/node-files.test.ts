import { describe, expect, it } from '@jest/globals';
import { hasResourceCapability } from './node-files.ts';

describe('hasResourceCapability', () => {
  it.each([
    ['CapEff:\t000001ffffffffff', true],
    ['CapEff:\t000001fffeffffff', false],
    ['', false],
  ])('reads %j', (status, expected) => {
    expect(hasResourceCapability(status)).toBe(expected);
  });
});
