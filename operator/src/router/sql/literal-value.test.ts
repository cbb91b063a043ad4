import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from './testing/parse.ts';

function bytesOf(text: string | Buffer, dialect = {}): Buffer | string {
  const literal = parse(text, dialect).literal(0);
  return literal.kind === 'string' || literal.kind === 'bytes' ? literal.bytes : literal.kind;
}

describe('literals', () => {
  it.each([
    ["SELECT 'a''b'", "a'b"],
    ["SELECT 'a\\'b'", "a'b"],
    ['SELECT "a""b\'c"', 'a"b\'c'],
    ["SELECT '\\0\\b\\n\\r\\t\\Z\\\\\\x\\\"'", '\0\b\n\r\t\x1a\\x"'],
    ["SELECT '\\%\\_'", '\\%\\_'],
    ["SELECT N'é'", 'é'],
    ["SELECT ''", ''],
  ])('reads the string of %s', (text, expected) => {
    expect(parse(text).literal(0)).toEqual({ kind: 'string', bytes: Buffer.from(expected) });
  });

  it('takes backslashes as they are under NO_BACKSLASH_ESCAPES', () => {
    expect(bytesOf("SELECT 'a\\n'", { noBackslashEscapes: true })).toEqual(Buffer.from('a\\n'));
  });

  it('turns strings of latin1, which has the Euro sign, into UTF-8', () => {
    const text = Buffer.from("SELECT '\xe9\x80'", 'latin1');
    expect(bytesOf(text, { charset: 'latin1' })).toEqual(Buffer.from('é€'));
  });

  it.each([
    ["x'4a4B'", [0x4a, 0x4b]],
    ['0x14a', [0x01, 0x4a]],
    ["b'101'", [5]],
    ['0b100000001', [1, 1]],
    ["x''", []],
  ])('reads the bytes of %s', (text, expected) => {
    expect(bytesOf(`SELECT ${text}`)).toEqual(Buffer.from(expected));
  });

  it('keeps numbers as they are written, and numbers parameters', () => {
    const statement = parse('SELECT ?, 1.50e3, ?');
    expect([0, 1, 2].map((index) => statement.literal(index))).toEqual([
      { kind: 'parameter', index: 0 },
      { kind: 'number', text: '1.50e3' },
      { kind: 'parameter', index: 1 },
    ]);
    expect(statement.parameters).toBe(2);
    expect(() => statement.literal(3)).toThrow(RangeError);
  });

  it('reads back any string that is quoted by doubling quotes and backslashes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const quoted = value.replaceAll('\\', '\\\\').replaceAll("'", "''");
        expect(bytesOf(`SELECT '${quoted}'`)).toEqual(Buffer.from(value));
      }),
    );
  });
});
