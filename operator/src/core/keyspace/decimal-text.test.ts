import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareDecimals, digitsOf, naturalOfBytes, shortestDecimal } from './decimal-text.ts';

describe('shortestDecimal', () => {
  it.each([
    ['0', '0'],
    ['7', '7'],
    ['1234567890123456789012345', '1234567890123456789012345'],
    ['007', '7'],
    ['000', '0'],
    ['-0', '0'],
    ['+5', '5'],
    ['-5', '-5'],
    ['1.0', '1'],
    ['1.', '1'],
    ['.5', '0.5'],
    ['-.50', '-0.5'],
    ['-00.00', '0'],
    ['10.0100', '10.01'],
    ['100', '100'],
    ['1.000001', '1.000001'],
  ])('makes "%s" into "%s"', (text, shortest) => expect(shortestDecimal(text)).toBe(shortest));

  it.each([
    '',
    '.',
    '-',
    '+',
    '1e3',
    ' 1',
    '1 ',
    '1\n',
    '0x1',
    '1,5',
    '--1',
    '1.2.3',
    '١',
    'NaN',
    'Infinity',
    '-.',
  ])('takes "%s" for no decimal number', (text) => expect(shortestDecimal(text)).toBeUndefined());

  it('gives one number one text', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.nat(3), fc.nat(3), (value, zeros, decimals) => {
        const digits = `${'0'.repeat(zeros)}${value < 0n ? -value : value}`;
        const written = `${value < 0n ? '-' : ''}${digits}${decimals > 0 ? `.${'0'.repeat(decimals)}` : ''}`;
        expect(shortestDecimal(written)).toBe(String(value));
      }),
    );
  });
});

describe('naturalOfBytes', () => {
  it.each([
    ['0', 0],
    ['7', 7],
    ['10', 10],
    ['999999999999999', 999_999_999_999_999],
  ])('knows %s', (text, value) => expect(naturalOfBytes(Buffer.from(text))).toBe(value));

  it.each(['', '00', '01', '-1', '+1', '1.0', '1e3', ' 1', '1 ', '1a', ':', '/', '1000000000000000'])(
    'leaves "%s" to others',
    (text) => expect(naturalOfBytes(Buffer.from(text))).toBeUndefined(),
  );
});

describe('digitsOf', () => {
  it.each([
    ['0', 0, 0],
    ['-0.05', 0, 2],
    ['7', 1, 0],
    ['-120.5', 3, 1],
    ['10', 2, 0],
  ])('counts those of %s', (text, before, after) => expect(digitsOf(text)).toEqual({ before, after }));
});

describe('compareDecimals', () => {
  it('orders as numbers are ordered', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.nat(4), (left, right, scale) => {
        const sign = left < right ? -1 : Number(left > right);
        expect(Math.sign(compareDecimals(withPoint(left, scale), withPoint(right, scale)))).toBe(sign);
      }),
    );
  });

  it.each([
    ['1', '1.5', -1],
    ['-1', '-1.5', 1],
    ['-0.5', '0', -1],
    ['9', '10', -1],
    ['-9', '-10', 1],
    ['0.09', '0.1', -1],
    ['2', '2', 0],
  ])('compares %s with %s', (left, right, sign) =>
    expect(Math.sign(compareDecimals(left, right))).toBe(sign),
  );
});

/** A number with so many digits after the point. */
function withPoint(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const text = `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}.${digits.slice(digits.length - scale)}`;
  return shortestDecimal(text) ?? '';
}
