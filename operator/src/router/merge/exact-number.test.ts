import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeDouble } from './double-text.ts';
import {
  addExact,
  compareExactTexts,
  divideExact,
  exactKey,
  readExact,
  roundExact,
  writeExact,
} from './exact-number.ts';

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(20))
  .map(([units, scale]) => ({ units, scale }));

describe('exact numbers', () => {
  it('are written as they were read', () => {
    fc.assert(fc.property(decimal, (number) => expect(readExact(writeExact(number))).toEqual(number)));
  });

  it('add up in any order', () => {
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1 }), (numbers) => {
        const sum = numbers.reduce(addExact);
        const reversed = numbers.toReversed().reduce(addExact);
        expect(writeExact(sum)).toBe(writeExact(reversed));
      }),
    );
  });

  it('compare by value, and have one key for each', () => {
    fc.assert(
      fc.property(decimal, decimal, (left, right) => {
        const difference = compareExactTexts(Buffer.from(writeExact(left)), Buffer.from(writeExact(right)));
        const scale = 10n ** 20n;
        const exact =
          (left.units * scale) / 10n ** BigInt(left.scale) -
          (right.units * scale) / 10n ** BigInt(right.scale);
        expect(Math.sign(difference)).toBe(exact < 0n ? -1 : exact > 0n ? 1 : 0);
        const keys = [left, right].map((number) => exactKey(Buffer.from(writeExact(number))));
        expect(keys[0] === keys[1]).toBe(difference === 0);
      }),
    );
  });

  // As MariaDB 10.11 and 11.8 answer.
  it.each([
    ['10', 3n, 4, '3.3333'],
    ['20', 3n, 4, '6.6667'],
    ['-20', 3n, 4, '-6.6667'],
    ['1', 8n, 2, '0.13'],
    ['-1', 8n, 2, '-0.13'],
    ['2', 3n, 9, '0.666666666'],
    ['0', 7n, 4, '0.0000'],
  ])('%s / %s', (dividend, divisor, scale, quotient) => {
    expect(writeExact(divideExact(readExact(dividend), divisor, scale))).toBe(quotient);
  });

  it.each([
    ['2.5', 0, '3'],
    ['-2.5', 0, '-3'],
    ['2.449', 1, '2.4'],
    ['2', 3, '2.000'],
  ])('%s rounded', (text, scale, rounded) => {
    expect(writeExact(roundExact(readExact(text), scale))).toBe(rounded);
  });

  it('are no words', () => {
    for (const text of ['', 'x', '1e5', '--1', '.', '1.2.3']) {
      expect(() => readExact(text)).toThrow(RangeError);
    }
  });
});

describe('doubles', () => {
  // As MariaDB 10.11 and 11.8 write them.
  it.each([
    [0, 31, '0'],
    [1.5, 31, '1.5'],
    [-0.1, 31, '-0.1'],
    [1e14, 31, '100000000000000'],
    [1e15, 31, '1e15'],
    [1.5e20, 31, '1.5e20'],
    [0.0001, 31, '0.0001'],
    [1e-7, 31, '1e-7'],
    [1.25, 1, '1.3'],
    [2, 4, '2.0000'],
  ])('%d', (value, decimals, text) => {
    expect(writeDouble(value, decimals)).toBe(text);
  });
});
