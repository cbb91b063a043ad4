import { describe, expect, it } from '@jest/globals';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import type { WireValue } from '../../wire/wire-value.ts';
import { parameterLiteral, parameterSql } from './parameter-values.ts';

const type = (number: number) => ({ type: number, unsigned: false });
const NOON: WireValue = {
  kind: 'datetime',
  year: 2026,
  month: 1,
  day: 2,
  hour: 12,
  minute: 0,
  second: 0,
  microsecond: 500_000,
};
const PAST: WireValue = {
  kind: 'time',
  negative: true,
  days: 1,
  hours: 2,
  minutes: 3,
  seconds: 4,
  microseconds: 0,
};

const CASES: readonly [name: string, type: number, value: WireValue, sql: string][] = [
  ['NULL', COLUMN_TYPE.longlong, null, 'NULL'],
  ['integers', COLUMN_TYPE.long, -5, '-5'],
  ['big integers', COLUMN_TYPE.longlong, 2n ** 63n - 1n, '9223372036854775807'],
  ['doubles stay doubles', COLUMN_TYPE.double, 3, '3e+0'],
  ['decimals', COLUMN_TYPE.newDecimal, Buffer.from('1.50'), '1.50'],
  ['plain text', COLUMN_TYPE.varString, Buffer.from('abc'), "'abc'"],
  ['text that would end its literal', COLUMN_TYPE.varString, Buffer.from("'; DROP"), "'''; DROP'"],
  ['other characters', COLUMN_TYPE.varString, Buffer.from('ü'), "'ü'"],
  ['a decimal that is none', COLUMN_TYPE.newDecimal, Buffer.from('1 OR 1'), "'1 OR 1'"],
  ['bytes', COLUMN_TYPE.blob, Buffer.from([0, 255]), "x'00ff'"],
  ['dates', COLUMN_TYPE.date, NOON, "'2026-01-02'"],
  ['times of day', COLUMN_TYPE.datetime, NOON, "'2026-01-02 12:00:00.5'"],
  ['durations', COLUMN_TYPE.time, PAST, "'-26:03:04'"],
];

describe('parameters as text of SQL', () => {
  const UTF8 = { charset: 'utf8mb4', noBackslashEscapes: false } as const;

  it.each(CASES)('%s', (_name, number, value, sql) => {
    expect(parameterSql(type(number), value, UTF8)).toBe(sql);
  });

  it('escape as the session reads', () => {
    const text = Buffer.from('a\\');
    expect(parameterSql(type(COLUMN_TYPE.varString), text, UTF8)).toBe("'a\\\\'");
    expect(parameterSql(type(COLUMN_TYPE.varString), text, { ...UTF8, noBackslashEscapes: true })).toBe(
      "'a\\'",
    );
  });

  it('are given by their bytes where these are no text', () => {
    expect(parameterSql(type(COLUMN_TYPE.varString), Buffer.from([0xfc]), UTF8)).toBe("_utf8mb4 x'fc'");
    expect(
      parameterSql(type(COLUMN_TYPE.varString), Buffer.from([0xfc]), {
        charset: 'latin1',
        noBackslashEscapes: false,
      }),
    ).toBe("_latin1 x'fc'");
  });
});

describe('parameters as keys', () => {
  it('are what the client sent', () => {
    expect(parameterLiteral(type(COLUMN_TYPE.double), 7, 'utf8mb4')).toEqual({ kind: 'double', value: 7 });
    expect(parameterLiteral(type(COLUMN_TYPE.long), 7, 'utf8mb4')).toEqual({ kind: 'number', text: '7' });
    expect(parameterLiteral(type(COLUMN_TYPE.longlong), 7n, 'utf8mb4')).toEqual({
      kind: 'number',
      text: '7',
    });
    expect(parameterLiteral(type(COLUMN_TYPE.varString), Buffer.from([0xfc]), 'latin1')).toEqual({
      kind: 'string',
      bytes: Buffer.from('ü'),
    });
    expect(parameterLiteral(type(COLUMN_TYPE.blob), Buffer.from('a'), 'utf8mb4')).toEqual({
      kind: 'bytes',
      bytes: Buffer.from('a'),
    });
    expect(parameterLiteral(type(COLUMN_TYPE.datetime), NOON, 'utf8mb4')).toEqual({
      kind: 'string',
      bytes: Buffer.from('2026-01-02 12:00:00.5'),
    });
  });
});
