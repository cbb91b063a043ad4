import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  appendItems,
  keepElements,
  keepRows,
  placeTable,
  prependItems,
  quoteName,
  replaceItems,
  replaceLimit,
  replaceQualifier,
} from './edits.ts';
import type { ParsedStatement } from './parsed-statement.ts';
import type { Query, Scope } from './query-shape.ts';
import { type Edit, keptParameters, rewriteStatement, sendableText } from './rewrite.ts';
import { parse, parseAs } from './testing/parse.ts';

function rewrite(statement: ParsedStatement<never>, ...edits: readonly Edit[]): string {
  return rewriteStatement(statement, edits).toString();
}

function rootOf(text: string): { statement: ParsedStatement<never>; scope: Scope; query: Query } {
  const { statement, shape } = parseAs('select', text);
  return { statement, scope: shape.scopes[0] as Scope, query: shape.queries[shape.query] as Query };
}

describe('rewriteStatement', () => {
  it('without edits gives the statement as it is, byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const statement = parse(Buffer.concat([Buffer.from('SELECT '), bytes]));
        expect(rewriteStatement(statement, [])).toEqual(statement.sql);
        if (statement.shape.tokenCount === 0) return;
        const nothing: Edit = { tokens: { first: 0, end: 1 }, text: 'SELECT' };
        expect(rewriteStatement(statement, [nothing])).toEqual(statement.sql);
      }),
    );
  });

  it('keeps what is not text of the session’s character set', () => {
    const text = Buffer.concat([Buffer.from("SELECT '"), Buffer.from([0xff, 0x80]), Buffer.from("' FROM t")]);
    const statement = parse(text);
    const place = statement.shape.tables.map((table) => placeTable(table, 'd'));
    expect(rewriteStatement(statement, place).subarray(0, 10)).toEqual(text.subarray(0, 10));
  });

  it('refuses edits that overlap', () => {
    const { statement, scope } = rootOf('SELECT a, b FROM t');
    expect(() =>
      rewrite(statement, replaceItems(scope, ['x']), { tokens: { first: 2, end: 3 }, text: '' }),
    ).toThrow(RangeError);
  });

  it('works on one of several statements', () => {
    const first = parse('SELECT 1; SELECT a FROM t; SELECT 2');
    expect(first.sql.toString()).toBe('SELECT 1');
    expect(rewrite(first, { tokens: { first: 1, end: 2 }, text: '9' })).toBe('SELECT 9');
  });
});

describe('sendableText', () => {
  it('sends a stored program as one statement, and others as they are', () => {
    const program = parse('CREATE PROCEDURE p() SELECT 1; DELETE FROM t');
    expect(program.next).toBeNull();
    expect(sendableText(program, []).toString()).toBe(
      `EXECUTE IMMEDIATE CONVERT(x'${program.sql.toString('hex')}' USING utf8mb4)`,
    );
    const index = parse('CREATE INDEX event ON t (a); DELETE FROM t');
    expect(sendableText(index, []).toString()).toBe('CREATE INDEX event ON t (a)');
    expect(sendableText(parse('DROP PROCEDURE p; SELECT 1'), []).toString()).toBe('DROP PROCEDURE p');
  });
});

describe('edits', () => {
  it.each([
    ['SELECT * FROM t', 'd`b', 'SELECT * FROM `d``b`.`t`'],
    ['SELECT * FROM app.t AS x', 'd', 'SELECT * FROM `d`.`t` AS x'],
    ['SELECT * FROM `app` . `a``b`', 'd', 'SELECT * FROM `d`.`a``b`'],
    ['SELECT * FROM app.select', null, 'SELECT * FROM `select`'],
  ])('put the table of %s into %s', (text, database, expected) => {
    const statement = parse(text);
    expect(rewrite(statement, ...statement.shape.tables.map((table) => placeTable(table, database)))).toBe(
      expected,
    );
  });

  it.each([
    ['d', 'SELECT `d`.t.a, `d`.t.*, `d`.f(1) FROM `d`.t'],
    [null, 'SELECT `t`.a, `t`.*, `f`(1) FROM `t`'],
  ])('replace qualifiers by %s', (database, expected) => {
    const statement = parse('SELECT app.t.a, app.t.*, app.f(1) FROM app.t');
    const edits = statement.shape.qualifiers.map((qualifier) => replaceQualifier(qualifier, database));
    expect(rewrite(statement, ...edits)).toBe(expected);
  });

  it('add to select lists, whatever comes after them', () => {
    const { statement, scope } = rootOf('SELECT a -- first\n, b -- last\nFROM t');
    expect(rewrite(statement, prependItems(scope, ['x', 'y']), appendItems(scope, ['z']))).toBe(
      'SELECT x, y,  a -- first\n, b , z  -- last\nFROM t',
    );
    expect(rewrite(statement, replaceItems(scope, ['q']))).toBe('SELECT q -- last\nFROM t');
    const bare = rootOf('SELECT 1 -- end');
    expect(
      parse(rewrite(bare.statement, appendItems(bare.scope, ['2']))).shape.scopes[0]?.items,
    ).toHaveLength(2);
  });

  it.each([
    ['SELECT a FROM t LIMIT 5, 10', 'SELECT a FROM t LIMIT 15', 'SELECT a FROM t '],
    [
      'SELECT a FROM t ORDER BY a LIMIT 5 OFFSET 10',
      'SELECT a FROM t ORDER BY a LIMIT 15',
      'SELECT a FROM t ORDER BY a ',
    ],
    ['SELECT a FROM t FOR UPDATE', 'SELECT a FROM t LIMIT 15  FOR UPDATE', null],
    ['SELECT a FROM t -- c', 'SELECT a FROM t LIMIT 15  -- c', null],
  ])('replace the limit of %s', (text, limited, unlimited) => {
    const { statement, query } = rootOf(text);
    expect(rewrite(statement, replaceLimit(query, 15n) as Edit)).toBe(limited);
    const without = replaceLimit(query, null);
    expect(without === null ? null : rewrite(statement, without)).toBe(unlimited);
  });

  it('leave some rows of an INSERT, and say which parameters stay', () => {
    const { statement, shape } = parseAs(
      'insert',
      'INSERT INTO t (a, b) VALUES (?, 1), (/* x */ ?, ?),(?, (2)) ON DUPLICATE KEY UPDATE b = ?',
    );
    if (shape.source.kind !== 'values') throw new Error('no rows');
    const edit = keepRows(shape.source.rows, [2, 0]);
    expect(rewrite(statement, edit)).toBe(
      'INSERT INTO t (a, b) VALUES (?, (2)), (?, 1) ON DUPLICATE KEY UPDATE b = ?',
    );
    expect(keptParameters(statement, [edit])).toEqual([3, 0, 4]);
    expect(keptParameters(statement, [])).toEqual([0, 1, 2, 3, 4]);
  });

  it('leave some elements of an IN list', () => {
    const { statement, shape } = parseAs(
      'select',
      "SELECT * FROM t WHERE (k, l) IN ((1, 'a'), (2, 'b'), (3, 'c'))",
    );
    const [conjunct] = shape.scopes[0]?.conjuncts ?? [];
    if (conjunct?.kind !== 'in' || conjunct.elements === null) throw new Error('no list');
    expect(rewrite(statement, keepElements(conjunct.elements, [1]))).toBe(
      "SELECT * FROM t WHERE (k, l) IN ((2, 'b'))",
    );
    const { elements } = conjunct;
    expect(() => keepElements(elements, [])).toThrow(RangeError);
    expect(() => keepElements(elements, [3])).toThrow(RangeError);
  });

  it('keep the shape of a statement but for what they change', () => {
    const name = fc.string({ minLength: 1, maxLength: 10 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(name, (database) => {
        const statement = parse('SELECT t.a FROM t JOIN u USING (k) WHERE t.k = 5');
        const edits = statement.shape.tables.map((table) => placeTable(table, database));
        const { shape } = parse(rewriteStatement(statement, edits));
        expect(shape.tables.map((table) => table.schema)).toEqual([database, database]);
        expect(shape.scopes[0]?.conjuncts).toHaveLength(2);
        expect(quoteName(database)).toMatch(/^`.*`$/s);
      }),
    );
  });
});
