import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dialect } from './dialect.ts';
import { scanStatement } from './scanner.ts';
import { DEFAULT_DIALECT } from './testing/parse.ts';
import { TOKEN } from './token-kind.ts';
import { TokenList } from './token-list.ts';

const MARKS: Readonly<Record<number, string>> = {
  [TOKEN.word]: 'w',
  [TOKEN.reserved]: 'r',
  [TOKEN.name]: 'n',
  [TOKEN.literal]: 'l',
  [TOKEN.userVariable]: 'u',
  [TOKEN.systemVariable]: 's',
  [TOKEN.operator]: 'o',
};

function scan(text: string | Buffer, dialect: Partial<Dialect> = {}, maxTokens = 1_000_000): TokenList {
  const tokens = new TokenList(maxTokens);
  scanStatement(tokens, Buffer.from(text), 0, { ...DEFAULT_DIALECT, ...dialect });
  return tokens;
}

/** Each token as its kind's mark and its text. */
function show(text: string | Buffer, dialect: Partial<Dialect> = {}): string {
  const buffer = Buffer.from(text);
  const tokens = scan(buffer, dialect);
  if (tokens.failure !== null) return `failure: ${tokens.failure}`;
  return Array.from({ length: tokens.count }, (_, index) => {
    const source = buffer.toString('latin1', tokens.starts[index], tokens.ends[index]);
    return `${MARKS[tokens.kinds[index] as number] ?? '?'}:${source}`;
  }).join(' ');
}

describe('scanStatement', () => {
  it.each([
    ['select a from T', 'r:select w:a r:from w:T'],
    ['a.b', 'n:a o:. n:b'],
    ['select.from', 'n:select o:. n:from'],
    ['a. select', 'w:a o:. r:select'],
    ['a .b', 'w:a o:. n:b'],
    ['a.1b', 'n:a o:. n:1b'],
    ['a.5', 'n:a o:. n:5'],
    ['`a`.5', 'n:`a` l:.5'],
    ['a .5', 'w:a l:.5'],
    ['1 1.5 .5 1. 1e5 1E+5 1.5e-3 1..2', 'l:1 l:1.5 l:.5 l:1. l:1e5 l:1E+5 l:1.5e-3 l:1 o:.. l:2'],
    ['1a 2e 1e+ 1e5x', 'n:1a n:2e n:1e o:+ l:1e5 w:x'],
    ['0x1F 0x 0xg 0X1F 0b01 0b2', 'l:0x1F n:0x n:0xg n:0X1F l:0b01 n:0b2'],
    ["x'4a' X'4A' b'01' n'x' N'x'", "l:x'4a' l:X'4A' l:b'01' l:n'x' l:N'x'"],
    ["x 'a' xy'a'", "w:x l:'a' w:xy l:'a'"],
    ["'a''b' 'a\\'b' \"a'b\"", "l:'a''b' l:'a\\'b' l:\"a'b\""],
    ['`a``b` `select`', 'n:`a``b` n:`select`'],
    [
      "@a @a.b$1 @'x y' @`x` @ @@a @@global.b @@`x`",
      "u:@a u:@a.b$1 u:@'x y' u:@`x` u:@ s:@@a s:@@global o:. n:b s:@@`x`",
    ],
    ["x@localhost 'x'@'%'", "w:x u:@localhost l:'x' u:@'%'"],
    [
      '<=> <= <> << < >= >> > != := && || & | ! : = - * / % ^ ~ ( ) , . { }',
      'o:<=> o:<= o:<> o:<< o:< o:>= o:>> o:> o:!= o::= o:&& o:|| o:& o:| o:! o:: o:= o:- o:* o:/ o:% o:^ o:~ o:( o:) o:, o:. o:{ o:}',
    ],
    ['a --b', 'w:a o:- o:- w:b'],
    ['a -- b\nc', 'w:a w:c'],
    ['a --', 'w:a'],
    ['a --\tb\nc # d\ne', 'w:a w:c w:e'],
    ['a /* b */ c /**/ d /*/ e */ f', 'w:a w:c w:d w:f'],
    ['a /* b /* c */ d', 'w:a w:d'],
    ['/*! a */ b /*!50001 c */ d /*!100000 e */', 'w:a w:b w:c w:d w:e'],
    ['/*!50700 a */ /*!99999 b */ /*M!50700 c */ /*M! d */ /*!110800 e */', 'w:c w:d'],
    ['/*!110800 a /* b */ c */ d', 'w:d'],
    ['/*!1234 a */', 'l:1234 w:a'],
    ['/*! a /* b */ c */ d', 'w:a w:c w:d'],
    ['a */ b', 'w:a o:* o:/ w:b'],
    ['? ?', 'l:? l:?'],
    ['\\N', 'r:\\N'],
    ['é ñ1', 'w:\xc3\xa9 w:\xc3\xb11'],
    ["_utf8mb4'a'", "w:_utf8mb4 l:'a'"],
    ['a\v\f\r\nb', 'w:a w:b'],
  ])('cuts %j', (text, expected) => {
    expect(show(text)).toBe(expected);
  });

  it.each([
    ["'a", 'failure: a string that does not end'],
    ["'a\\'", 'failure: a string that does not end'],
    ['`a', 'failure: a quoted name that does not end'],
    ['`a\0b`', 'failure: a quoted name that does not end'],
    ['a /* b', 'failure: a comment that does not end'],
    ['/*! a', 'failure: a conditional comment that does not end'],
    ["x'4'", 'failure: a hexadecimal or bit value with characters that do not belong there'],
    ["b'2'", 'failure: a hexadecimal or bit value with characters that do not belong there'],
    ['@@', 'failure: a variable without its name'],
    ['1.5e', 'failure: a number without its exponent'],
    ['a \0 b', 'failure: a character that cannot stand outside of quotes'],
    ['a \\ b', 'failure: a character that cannot stand outside of quotes'],
    ['# a\0 b', 'failure: a character that cannot stand outside of quotes'],
  ])('refuses %j', (text, expected) => {
    expect(show(text)).toBe(expected);
  });

  it('takes double quotes for names under ANSI_QUOTES', () => {
    expect(show('"a""b" @"c"', { ansiQuotes: true })).toBe('n:"a""b" u:@"c"');
    expect(show('"a\\"', { ansiQuotes: true })).toBe('n:"a\\"');
  });

  it('takes backslashes as they are under NO_BACKSLASH_ESCAPES', () => {
    expect(show("'a\\' b", { noBackslashEscapes: true })).toBe("l:'a\\' w:b");
  });

  it('takes letters of latin1 for names, and nothing else beyond ASCII', () => {
    expect(show(Buffer.from('é', 'latin1'), { charset: 'latin1' })).toBe('w:\xe9');
    for (const byte of [0x80, 0xa0, 0xd7, 0xf7]) {
      expect(show(Buffer.from([byte]), { charset: 'latin1' })).toMatch(/^failure/);
    }
  });

  it('reads conditional comments for the version of the server', () => {
    expect(show('/*M!110800 a */ b', { serverVersion: 110_801 })).toBe('w:a w:b');
  });

  it.each([
    ['a; b', 1, 1, 2],
    ['a', 1, 1, null],
    ['a ; ; ', 1, 1, null],
    [';a', 0, 0, 1],
    ["';' ; x", 1, 4, 5],
    ['CREATE PROCEDURE p() BEGIN SELECT 1; END; ', 10, 40, null],
    ['CREATE OR REPLACE DEFINER = x@y TRIGGER t; z', 11, 44, null],
    ['BEGIN NOT ATOMIC SELECT 1; END', 7, 30, null],
    ['BEGIN; SELECT 1', 1, 5, 6],
    ['CREATE TABLE event (a INT); b', 7, 26, 27],
  ])('ends %j at its semicolon', (text, count, end, next) => {
    expect(scan(text)).toMatchObject({ count, end, next, failure: null });
  });

  it('numbers parameters and keeps where literals are', () => {
    expect(scan("? 'a' ?")).toMatchObject({ parameters: 2, literals: [0, 1, 8, 2, 5, 2, 6, 7, 24] });
  });

  it('finds the first hint', () => {
    const text = 'SELECT /* x */ /* shardwright: key = 5 */ 1 /*shardwright:b*/';
    const tokens = scan(text);
    expect(text.slice(tokens.hintStart, tokens.hintEnd)).toBe(' key = 5 ');
    expect(scan('SELECT /*! shardwright: */ 1').hintStart).toBe(-1);
  });

  it('refuses more tokens than it may keep', () => {
    expect(scan('a '.repeat(1024), {}, 1024).failure).toBeNull();
    expect(scan('a '.repeat(1025), {}, 1024).failure).toBe('more than 1024 words and signs');
  });

  it('covers every byte: between tokens there are only white space and comments', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'a',
        '.',
        "'",
        '"',
        '`',
        '\\',
        '--',
        ' ',
        '\n',
        '#',
        '/*',
        '*/',
        '1',
        'e',
        '0x',
        ';',
        '?',
        '@',
        '<',
        '=',
        '>',
        '(',
        ')',
        'é',
        'x',
      ),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const buffer = Buffer.from(parts.join(''));
        const tokens = scan(buffer);
        if (tokens.failure !== null || buffer.includes('/*!') || buffer.includes('/*M!')) return;
        let done = 0;
        for (let index = 0; index < tokens.count; index++) {
          const start = tokens.starts[index] as number;
          const end = tokens.ends[index] as number;
          expect(start).toBeGreaterThanOrEqual(done);
          expect(end).toBeGreaterThan(start);
          expect(scan(buffer.subarray(done, start)).count).toBe(0);
          done = end;
        }
        expect(scan(buffer.subarray(done, tokens.end)).count).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});
