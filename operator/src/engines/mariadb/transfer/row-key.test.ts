import { describe, expect, it } from '@jest/globals';
import { readKeyRule } from '../../../core/keyspace/key-rule.ts';
import { COLUMN_TYPE, type ColumnFormat } from './row-format.ts';
import { readRowKey } from './row-key.ts';

/** Key of a value as servers lay it out, in hexadecimal, as text. */
function keyOf(
  columnType: string,
  type: number,
  metadata: ColumnFormat['metadata'],
  hex: string,
  collation: string | null = null,
): string {
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error(rule.reason);
  }
  // Somewhere within an event.
  const event = Buffer.from(`ffff${hex}eeee`, 'hex');
  const key = readRowKey(rule, { type, metadata }, event, 2);
  return key.kind === 'number' ? key.text : Buffer.from(key.bytes).toString('utf8');
}

describe('a key in the log', () => {
  it.each([
    ['tinyint(4)', COLUMN_TYPE.tiny, 'ff', '-1'],
    ['tinyint(3) unsigned', COLUMN_TYPE.tiny, 'ff', '255'],
    ['smallint(6)', COLUMN_TYPE.short, '0080', '-32768'],
    ['mediumint(8) unsigned', COLUMN_TYPE.int24, 'ffffff', '16777215'],
    ['mediumint(9)', COLUMN_TYPE.int24, 'feffff', '-2'],
    ['int(11)', COLUMN_TYPE.long, '15cd5b07', '123456789'],
    ['bigint(20)', COLUMN_TYPE.longlong, '0000000000000080', '-9223372036854775808'],
    ['bigint(20) unsigned', COLUMN_TYPE.longlong, 'ffffffffffffffff', '18446744073709551615'],
  ])('of type %s', (columnType, type, hex, text) => {
    expect(keyOf(columnType, type, [0, 0], hex)).toBe(text);
  });

  // As in the comment of decimal2bin in the server's strings/decimal.c: 1234567890.1234 and its negative.
  it.each([
    ['decimal(14,4)', [14, 4], '810dfb38d204d2', '1234567890.1234'],
    ['decimal(14,4)', [14, 4], '7ef204c72dfb2d', '-1234567890.1234'],
    ['decimal(5,0)', [5, 0], '80002a', '42'],
    ['decimal(5,0)', [5, 0], '800000', '0'],
    ['decimal(2,2)', [2, 2], '85', '0.05'],
    ['decimal(2,2)', [2, 2], '7a', '-0.05'],
  ] as const)('of type %s: %s %s', (columnType, metadata, hex, text) => {
    expect(keyOf(columnType, COLUMN_TYPE.newdecimal, metadata, hex)).toBe(text);
  });

  it('is the text without the spaces that do not count, whatever the width of its length', () => {
    const varchar = (hex: string, collation: string, bytes = 160): string =>
      keyOf('varchar(40)', COLUMN_TYPE.varchar, [bytes & 255, bytes >> 8], hex, collation);
    expect(varchar('03616220', 'utf8mb4_bin')).toBe('ab');
    expect(varchar('03616220', 'utf8mb4_nopad_bin')).toBe('ab ');
    expect(varchar('0300616220', 'utf8mb4_bin', 1200)).toBe('ab');
    expect(varchar('02c384', 'utf8mb4_bin')).toBe('Ä');
    expect(() => varchar('01c4', 'latin1_bin')).toThrow('beyond ASCII');
    const char = (metadata: ColumnFormat['metadata'], hex: string): string =>
      keyOf('char(100)', COLUMN_TYPE.string, metadata, hex, 'utf8mb4_bin');
    expect(char([0xfe, 120], '026162')).toBe('ab');
    // 400 bytes: two bits of it are in the type.
    expect(char([0xee, 0x90], '02006162')).toBe('ab');
  });

  it('is a date, or a date and time with the digits that count', () => {
    expect(keyOf('date', COLUMN_TYPE.newdate, [0, 0], '5cd40f')).toBe('2026-02-28');
    const moment = (digits: number, fraction: string): string =>
      keyOf(
        `datetime${digits === 0 ? '' : `(${digits})`}`,
        COLUMN_TYPE.datetime2,
        [digits, 0],
        `99b938cefb${fraction}`,
      );
    expect(moment(0, '')).toBe('2026-02-28 12:59:59');
    expect(moment(1, '32')).toBe('2026-02-28 12:59:59.5');
    expect(moment(4, '04d2')).toBe('2026-02-28 12:59:59.1234');
    expect(moment(6, '01e240')).toBe('2026-02-28 12:59:59.123456');
    expect(moment(6, '000000')).toBe('2026-02-28 12:59:59');
  });

  it('is refused where the log has it otherwise than the column', () => {
    expect(() => keyOf('bigint(20)', COLUMN_TYPE.double, [8, 0], '0000000000000000')).toThrow('type 5');
    expect(() => keyOf('decimal(14,4)', COLUMN_TYPE.newdecimal, [14, 2], '810dfb38d204d2')).toThrow(
      'type 246',
    );
    expect(() => keyOf('datetime', 12, [0, 0], '0000000000000000')).toThrow('type 12');
    expect(() => keyOf('varchar(40)', COLUMN_TYPE.blob, [1, 0], '0161', 'utf8mb4_bin')).toThrow('type 252');
  });
});
