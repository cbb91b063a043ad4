import { describe, expect, it } from '@jest/globals';
import { readKeyRule } from './key-rule.ts';

describe('readKeyRule', () => {
  it.each([
    ['tinyint(4)', { kind: 'integer', least: '-128', most: '127' }],
    ['tinyint(1) unsigned', { kind: 'integer', least: '0', most: '255' }],
    ['smallint(6)', { kind: 'integer', least: '-32768', most: '32767' }],
    ['mediumint(8) unsigned', { kind: 'integer', least: '0', most: '16777215' }],
    ['int(11)', { kind: 'integer', least: '-2147483648', most: '2147483647' }],
    ['int(5) unsigned zerofill', { kind: 'integer', least: '0', most: '4294967295' }],
    ['bigint(20)', { kind: 'integer', least: '-9223372036854775808', most: '9223372036854775807' }],
    ['bigint(20) unsigned', { kind: 'integer', least: '0', most: '18446744073709551615' }],
    ['decimal(10,2)', { kind: 'decimal', precision: 10, scale: 2, isUnsigned: false }],
    ['decimal(38,0) unsigned', { kind: 'decimal', precision: 38, scale: 0, isUnsigned: true }],
    ['binary(16)', { kind: 'binary', length: 16, isFixed: true }],
    ['varbinary(255)', { kind: 'binary', length: 255, isFixed: false }],
    ['uuid', { kind: 'uuid' }],
    ['date', { kind: 'date', digits: 0 }],
    ['datetime', { kind: 'datetime', digits: 0 }],
    ['datetime(6)', { kind: 'datetime', digits: 6 }],
  ])('knows %s', (columnType, rule) => expect(readKeyRule({ columnType, collation: null })).toEqual(rule));

  it.each([
    ['utf8mb4_bin', { characters: 'utf8mb4', foldsCase: false, padded: true, trims: true, isOrdered: true }],
    ['utf8mb4_nopad_bin', { characters: 'utf8mb4', padded: false, trims: false, isOrdered: true }],
    ['utf8mb3_bin', { characters: 'utf8mb3', isOrdered: true }],
    ['latin1_bin', { characters: 'ascii', foldsCase: false, isOrdered: true }],
    ['ascii_nopad_bin', { characters: 'ascii', trims: false }],
    ['utf8mb4_general_ci', { characters: 'printable', foldsCase: true, padded: true, isOrdered: false }],
    ['utf8mb4_uca1400_ai_ci', { characters: 'printable', foldsCase: true, padded: true }],
    ['utf8mb4_uca1400_nopad_as_cs', { characters: 'printable', foldsCase: false, trims: false }],
    ['latin1_swedish_ci', { characters: 'printable', foldsCase: true }],
  ])('knows varchar under %s', (collation, rule) =>
    expect(readKeyRule({ columnType: 'varchar(36)', collation })).toMatchObject({
      kind: 'text',
      length: 36,
      ...rule,
    }),
  );

  it('trims CHAR whatever its collation', () => {
    const rule = readKeyRule({ columnType: 'char(8)', collation: 'utf8mb4_nopad_bin' });
    expect(rule).toMatchObject({ trims: true, padded: false, isOrdered: false });
  });

  it.each([
    'float',
    'double',
    'double(10,2)',
    'json',
    'longtext',
    'text',
    'blob',
    "enum('a','b')",
    "set('a')",
    'timestamp',
    'timestamp(6)',
    'time',
    'year(4)',
    'bit(1)',
    'inet6',
    'geometry',
    'decimal(10,2) unsigned zerofill',
    'varchar(100) /*M!100301 COMPRESSED*/',
    'datetime /* mariadb-5.3 */',
    '',
  ])('refuses the type %s', (columnType) =>
    expect(readKeyRule({ columnType, collation: 'utf8mb4_bin' })).toMatchObject({
      kind: 'refused',
      code: 'UnsupportedType',
    }),
  );

  it.each([
    'utf8mb4_swedish_ci',
    'utf8mb4_uca1400_turkish_as_ci',
    'latin1_german2_ci',
    'utf16_bin',
    'cp1250_bin',
    null,
  ])('refuses the collation %s', (collation) =>
    expect(readKeyRule({ columnType: 'char(8)', collation })).toMatchObject({
      kind: 'refused',
      code: 'UnsupportedCollation',
    }),
  );
});
