import { describe, expect, it } from '@jest/globals';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import type { WireValue } from '../../wire/wire-value.ts';
import { binaryFromText } from './binary-from-text.ts';

const CASES: readonly [name: string, type: number, unsigned: boolean, text: string, value: WireValue][] = [
  ['INT', COLUMN_TYPE.long, false, '-5', -5],
  ['BIGINT', COLUMN_TYPE.longlong, false, '-9223372036854775808', -(2n ** 63n)],
  ['BIGINT UNSIGNED', COLUMN_TYPE.longlong, true, '18446744073709551615', 2n ** 64n - 1n],
  ['DOUBLE', COLUMN_TYPE.double, false, '1.5e10', 1.5e10],
  ['DECIMAL', COLUMN_TYPE.newDecimal, false, '1.50', Buffer.from('1.50')],
  ['VARCHAR', COLUMN_TYPE.varString, false, 'ü', Buffer.from('ü')],
];

describe('values of merged rows in the binary protocol', () => {
  it.each(CASES)('%s', (_name, type, unsigned, text, value) => {
    expect(binaryFromText({ type, unsigned }, Buffer.from(text))).toEqual(value);
  });

  it('DATETIME(3), zero dates and TIME', () => {
    expect(
      binaryFromText({ type: COLUMN_TYPE.datetime, unsigned: false }, Buffer.from('2026-01-31 10:11:12.345')),
    ).toEqual({
      kind: 'datetime',
      year: 2026,
      month: 1,
      day: 31,
      hour: 10,
      minute: 11,
      second: 12,
      microsecond: 345_000,
    });
    expect(
      binaryFromText({ type: COLUMN_TYPE.date, unsigned: false }, Buffer.from('0000-00-00')),
    ).toMatchObject({ year: 0 });
    expect(
      binaryFromText({ type: COLUMN_TYPE.time, unsigned: false }, Buffer.from('-838:59:59')),
    ).toMatchObject({
      negative: true,
      days: 34,
      hours: 22,
    });
  });

  it('refuses what is none', () => {
    expect(() => binaryFromText({ type: COLUMN_TYPE.date, unsigned: false }, Buffer.from('x'))).toThrow(
      TypeError,
    );
  });
});
