import { describe, expect, it } from '@jest/globals';
import { COLLATION, COLUMN_FLAG, COLUMN_TYPE } from '../../wire/column-type.ts';
import { literalWriter } from './input-literal.ts';
import { MergeError } from './merge-error.ts';
import { column } from './testing/row-sources.ts';

const { unsigned, zerofill, set, enum: enumeration } = COLUMN_FLAG;
const TEXT = column('t', COLUMN_TYPE.varString);
const of = (type: number, more = {}) => ({ ...column('n', type), ...more });
const DOUBLE = of(COLUMN_TYPE.double, { decimals: 31 });

function write(definition: typeof TEXT, text: string | null, bytes?: Buffer, charset?: string): string {
  return literalWriter(definition)({
    text: text === null ? null : Buffer.from(text, 'latin1'),
    bytes: bytes ?? null,
    charset: charset ?? null,
  });
}

describe('a value is a literal of its type', () => {
  it.each([
    ['a whole number', of(COLUMN_TYPE.longlong), '-5', 'CAST(-5 AS SIGNED)'],
    [
      'one without sign',
      of(COLUMN_TYPE.long, { flags: unsigned }),
      '18446744073709551615',
      'CAST(18446744073709551615 AS UNSIGNED)',
    ],
    ['a year', of(COLUMN_TYPE.year, { flags: unsigned | zerofill }), '1999', 'CAST(1999 AS UNSIGNED)'],
    ['a decimal', of(COLUMN_TYPE.newDecimal, { decimals: 3 }), '-12.500', '-12.500'],
    ['a decimal without decimals', of(COLUMN_TYPE.newDecimal), '7', '7.'],
    ['a double', DOUBLE, '0.1', '1e-1'],
    ['a double of all digits', DOUBLE, '-1.7976931348623157e308', '-1.7976931348623157e+308'],
    ['a double that is -0', DOUBLE, '-0', '-0e0'],
    ['a date', of(COLUMN_TYPE.date), '2024-02-29', "DATE'2024-02-29'"],
    [
      'a time of day',
      of(COLUMN_TYPE.datetime),
      '2024-02-29 10:00:00.250',
      "TIMESTAMP'2024-02-29 10:00:00.250'",
    ],
    ['a span', of(COLUMN_TYPE.time), '-838:59:59', "TIME'-838:59:59'"],
    ['bytes', { ...TEXT, collation: COLLATION.binary }, '\xff\0', "x'ff00'"],
    ['nothing', DOUBLE, null, 'NULL'],
    ['no whole number', of(COLUMN_TYPE.long, { flags: unsigned }), null, 'CAST(NULL AS UNSIGNED)'],
    ['nothing of no type', of(COLUMN_TYPE.null), null, 'NULL'],
  ])('%s', (_name, definition, text, expected) => {
    expect(write(definition, text)).toBe(expected);
  });

  it('a text in the character set that its server has it in, whatever the client has got', () => {
    expect(write(TEXT, 'é', Buffer.from([0xe9]), 'latin1')).toBe("_latin1 x'e9'");
    expect(write(TEXT, null, undefined, 'latin1')).toBe('NULL');
  });
});

describe('what no literal says exactly is refused', () => {
  it.each([
    ['a FLOAT, of which the text has six digits', of(COLUMN_TYPE.float), '0.1'],
    ['a DOUBLE of which the text is rounded', of(COLUMN_TYPE.double, { decimals: 2 }), '0.10'],
    ['bits', of(COLUMN_TYPE.bit), '1'],
    ['a TIMESTAMP, which may be one of two', of(COLUMN_TYPE.timestamp), '2024-01-01 00:00:00'],
    ['a member of an ENUM', { ...TEXT, flags: enumeration }, 'a'],
    ['members of a SET', { ...TEXT, flags: set }, 'a'],
    ['a number with zeros in front', of(COLUMN_TYPE.long, { flags: zerofill | unsigned }), '007'],
    ['a text of which more is known, as JSON', { ...TEXT, extended: Buffer.from('json') }, '{}'],
    ['a geometry', of(COLUMN_TYPE.geometry), ''],
    ['a day that does not exist', of(COLUMN_TYPE.date), '2024-00-00'],
    ['the day zero', of(COLUMN_TYPE.datetime), '0000-00-00 00:00:00'],
    ['a sum that is beyond all numbers', DOUBLE, 'Infinity'],
    ['the year zero', of(COLUMN_TYPE.year, { flags: unsigned | zerofill }), '0000'],
    ['what is no number', of(COLUMN_TYPE.newDecimal), '1e5'],
  ])('%s', (_name, definition, text) => {
    expect(() => write(definition, text)).toThrow(MergeError);
  });

  it('a text whose character set has a name that is none', () => {
    expect(() => write(TEXT, 'a', Buffer.from('a'), "latin1 x'' OR 1")).toThrow(MergeError);
  });
});
