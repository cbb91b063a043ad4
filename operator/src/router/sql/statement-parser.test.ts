import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reservedWords } from './reserved-words.ts';
import { DEFAULT_PARSER_LIMITS, StatementParser } from './statement-parser.ts';
import { DEFAULT_DIALECT, parse } from './testing/parse.ts';

const SAMPLE =
  "SELECT a, COUNT(*) FROM app.t AS x WHERE x.k = 5 AND name IN ('a', 'b') GROUP BY a ORDER BY 2 DESC LIMIT 10";

const space = fc.constantFrom(' ', '\n', '\t ', ' /* c */ ', ' -- c\n', ' # c\n', '/**/ ');
const literal = fc.oneof(
  fc.integer({ min: 0 }).map(String),
  fc.string({ unit: 'grapheme' }).map((text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`),
  fc.constantFrom('?', 'NULLIF', '1.5e3', '0xff', "x'00'", "b'1'").filter((text) => text !== 'NULLIF'),
);

describe('digests', () => {
  it.each([
    ['select  A from `T` where b=5', 'SELECT A FROM `T` WHERE b = ?'],
    ["insert into t values (1,'x',?)", 'INSERT INTO t VALUES ( ? , ? , ? )'],
    ['SELECT Status FROM t -- c', 'SELECT Status FROM t'],
    ['select t.Select', 'SELECT t . Select'],
    ['/*!50001 select */ 1', 'SELECT ?'],
    ['SELECT \\N', 'SELECT NULL'],
  ])('of %s', (text, digest) => {
    expect(parse(text).entry.digest).toBe(digest);
  });

  it('hold no literal, and are cut where they are too long', () => {
    const parser = new StatementParser({ ...DEFAULT_PARSER_LIMITS, digest: 20 });
    expect(parser.parse(Buffer.from("SELECT 'secret', b, c, d"), DEFAULT_DIALECT).entry.digest).toBe(
      'SELECT ? , b , c , …',
    );
  });

  it('are the same whatever the white space, comments, literals and case of reserved words', () => {
    const words = SAMPLE.split(/(?<=[ (),=])|(?=[ (),=])/).filter((word) => word.trim() !== '');
    const reserved = new Set(reservedWords);
    fc.assert(
      fc.property(
        fc.array(space, { minLength: words.length, maxLength: words.length }),
        fc.array(literal, { minLength: words.length, maxLength: words.length }),
        fc.array(fc.boolean(), { minLength: words.length, maxLength: words.length }),
        (spaces, literals, lower) => {
          const text = words
            .map((word, index) => {
              if (/^(\d|')/.test(word)) return literals[index];
              return reserved.has(word) && lower[index] === true ? word.toLowerCase() : word;
            })
            .map((word, index) => `${word}${spaces[index]}`)
            .join('');
          expect(parse(text).entry.digest).toBe(parse(SAMPLE).entry.digest);
          expect(parse(text).shape).toBe(parse(SAMPLE).shape);
        },
      ),
    );
  });

  it('differ where names, operators, the number of literals or what the session means by them differ', () => {
    const texts = [
      'SELECT a',
      'SELECT A',
      'SELECT `a`',
      'SELECT a a',
      'SELECT a.a',
      'SELECT a, 1',
      'SELECT a, 1, 1',
    ];
    const shapes = new Set(texts.map((text) => parse(text).shape));
    expect(shapes.size).toBe(texts.length);
    const concatenated = parse('SELECT a || b', { pipesAsConcat: true });
    expect(concatenated.shape).not.toBe(parse('SELECT a || b').shape);
    expect(parse('SELECT < = 1').entry.digest).not.toBe(parse('SELECT <= 1').entry.digest);
  });
});

describe('StatementParser', () => {
  it('reads a shape once for all statements with its digest', () => {
    const parser = new StatementParser<string>(DEFAULT_PARSER_LIMITS);
    const first = parser.parse(Buffer.from('SELECT 1'), DEFAULT_DIALECT);
    first.entry.plan = 'kept';
    const second = parser.parse(Buffer.from("select 'x'"), DEFAULT_DIALECT);
    expect(second.entry).toBe(first.entry);
    expect(second.entry.plan).toBe('kept');
    expect(parser.cache.statistics()).toEqual({ entries: 1, hits: 1, misses: 1 });
  });

  it('reads one statement after the other', () => {
    const text = Buffer.from('SELECT 1; SELECT "a;b" ;\n DELETE FROM t;');
    const found: string[] = [];
    for (let from: number | null = 0; from !== null;) {
      const statement: ReturnType<typeof parse> = new StatementParser<never>(DEFAULT_PARSER_LIMITS).parse(
        text,
        DEFAULT_DIALECT,
        from,
      );
      found.push(statement.sql.toString());
      from = statement.next;
    }
    expect(found).toEqual(['SELECT 1', ' SELECT "a;b" ', '\n DELETE FROM t']);
  });

  it('gives the text of tokens also after something else was read', () => {
    const parser = new StatementParser<never>(DEFAULT_PARSER_LIMITS);
    const statement = parser.parse(Buffer.from('SET x = 1 + 2'), DEFAULT_DIALECT);
    parser.parse(Buffer.from('SELECT other, things FROM elsewhere'), DEFAULT_DIALECT);
    expect(statement.textOf({ first: 3, end: 6 })).toBe('1 + 2');
  });

  it('gives the hint of a statement, which is no part of its digest', () => {
    const hinted = parse('/*shardwright: shard=1 */ SELECT 1');
    expect(hinted.hint).toBe('shard=1');
    expect(parse('SELECT 1').hint).toBeNull();
    expect(hinted.shape).toBe(parse('SELECT 1').shape);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const dialect of [{}, { charset: 'latin1', ansiQuotes: true } as const]) {
          const statement = parse(Buffer.from(bytes), dialect);
          expect(statement.end).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws, whatever the words', () => {
    const word = fc.constantFrom(
      ...reservedWords,
      ..."a t ( ) ( ) , . ; = < * - + ? 1 'x' `n` @v @@s := || JSON_TABLE( WINDOW DATE END TABLES COUNT( NEXT VALUE SET STATEMENT".split(
        ' ',
      ),
    );
    const start = fc.constantFrom(
      ...'SELECT|SELECT * FROM|INSERT INTO t|UPDATE|DELETE FROM|CREATE TABLE t (|ALTER TABLE|SHOW|SET|WITH a AS (|EXPLAIN|GRANT|LOAD DATA|SELECT * FROM t WHERE|'.split(
        '|',
      ),
    );
    fc.assert(
      fc.property(start, fc.array(word, { maxLength: 30 }), (first, rest) => {
        const { shape } = parse(`${first} ${rest.join(' ')}`);
        expect(shape.scopes.every((scope) => scope !== undefined)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['parentheses', 'SELECT ', '('],
    ['nested queries', '', '(SELECT '],
    ['tables in parentheses', 'SELECT * FROM ', '('],
    ['calls', 'SELECT ', 'f('],
    ['negations', 'SELECT ', 'NOT '],
    ['signs', 'SELECT ', '- '],
    ['sums', 'SELECT a', ' - a'],
    ['assignments', 'SELECT ', '@a := '],
    ['cases', 'SELECT ', 'CASE WHEN '],
    ['unions', 'SELECT 1', ' UNION SELECT 1'],
    ['joins', 'SELECT * FROM t', ' LEFT JOIN t'],
    ['WITH', 'WITH a AS (SELECT 1)', ', a AS (SELECT 1)'],
    ['explanations', '', 'EXPLAIN SET STATEMENT a = 1 FOR '],
    ['sets', 'SET STATEMENT a = ', '(SELECT '],
  ])('gives up on too much of one thing: %s', (_name, start, repeated) => {
    expect(parse(`${start}${repeated.repeat(20_000)}`).shape.kind).toBe('unknown');
  });

  it.each([
    ['conditions', 'SELECT * FROM t WHERE a = 1', ' AND a = 1', 'select'],
    ['alternatives', 'SELECT * FROM t WHERE a = 1', ' OR a = 1', 'select'],
    ['values', 'SELECT * FROM t WHERE a IN (1', ', 1', 'unknown'],
    ['rows', 'INSERT INTO t VALUES (1)', ', (1)', 'insert'],
    ['columns', 'SELECT a', ', `a`', 'select'],
    ['quoted names', '', '`a` ', 'unknown'],
    ['comments', 'SELECT 1', ' /* */', 'select'],
    ['open comments', 'SELECT 1', ' /*', 'unknown'],
    ['semicolons in a program', 'CREATE PROCEDURE p() BEGIN', ' SELECT 1;', 'definition'],
    ['quotes', "SELECT '", "''", 'unknown'],
    ['versions', 'SELECT 1', ' /*!999999 /* */ */', 'select'],
    ['assignments', 'SET a = 1', ', a = 1', 'set'],
    ['tables', 'LOCK TABLES t READ', ', t READ', 'lockTables'],
    ['columns of a table', 'CREATE TABLE t (a INT', ', b INT', 'unknown'],
  ])('reads 200,000 of one thing in time: %s', (_name, start, repeated, kind) => {
    const text = Buffer.from(`${start}${repeated.repeat(200_000 / repeated.length)}`);
    const begin = performance.now();
    expect(parse(text).shape.kind).toBe(kind);
    // About 0.1 s on one core; what is quadratic takes minutes.
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
