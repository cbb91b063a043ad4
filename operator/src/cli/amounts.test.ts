import { expect, it } from '@jest/globals';
import { bytesText, countText, secondsText, shareText } from './amounts.ts';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [12_500_000, '12.5 MB'],
  [2e18, '2000.0 PB'],
  [undefined, 'unknown'],
])('%s bytes are %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

it.each([
  [0, '0s'],
  [59.2, '1m00s'],
  [250, '4m10s'],
  [7500, '2h05m'],
  [273_600, '3d04h'],
  [undefined, 'unknown'],
])('%s seconds are %s', (seconds, text) => expect(secondsText(seconds)).toBe(text));

it('writes counts and shares', () => {
  expect(countText(1_234_567)).toBe('1,234,567');
  expect(countText(undefined)).toBe('unknown');
  expect(shareText(1 / 3)).toBe('33.3 %');
});
