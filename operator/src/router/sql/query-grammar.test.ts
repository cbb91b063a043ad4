import { describe, expect, it } from '@jest/globals';
import { assertNever } from '../../core/assert-never.ts';
import type { Expression } from './expression.ts';
import type { Conjunct, TableReference } from './query-shape.ts';
import type { StatementShape } from './statement-shape.ts';
import { parse, parseAs } from './testing/parse.ts';

/** A value of a condition in short: `#0` for a literal, a column's name, or the kind. */
function value(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return `${expression.negative ? '-' : ''}${expression.introducer ?? ''}#${String(expression.literal)}`;
    case 'column':
      return expression.column.name;
    case 'call':
      return `${expression.name}()`;
    case 'operation':
      return expression.operator;
    default:
      return expression.kind;
  }
}

function column(name: { readonly table: string | null; readonly name: string }): string {
  return name.table === null ? name.name : `${name.table}.${name.name}`;
}

function condition(conjunct: Conjunct): string {
  const binds = ` [${conjunct.binds.join('')}]`;
  switch (conjunct.kind) {
    case 'equal':
      return `${column(conjunct.column)} ${conjunct.nullSafe ? '<=>' : '='} ${value(conjunct.value)}${binds}`;
    case 'columnsEqual':
      return `${column(conjunct.left)} == ${column(conjunct.right)}${binds}`;
    case 'in':
      return `${column(conjunct.column)} in ${conjunct.values.map(value).join(',')}${conjunct.elements === null ? ' or' : ''}${binds}`;
    case 'inQuery':
      return `${column(conjunct.column)} in query ${String(conjunct.query)}${binds}`;
    case 'range': {
      const { low, high } = conjunct;
      const from = low === null ? '' : `${value(low.value)} ${low.inclusive ? '<=' : '<'} `;
      const to = high === null ? '' : ` ${high.inclusive ? '<=' : '<'} ${value(high.value)}`;
      return `${from}${column(conjunct.column)}${to}${binds}`;
    }
    case 'using':
      return `using ${conjunct.column} ${conjunct.left.join('')}|${conjunct.right.join('')}${binds}`;
    default:
      return assertNever(conjunct);
  }
}

function conditions(shape: StatementShape, scope = 0): string[] {
  return shape.scopes[scope]?.conjuncts.map(condition) ?? [];
}

function table({ schema, name, alias, access, scope }: TableReference): string {
  const qualified = schema === null ? name : `${schema}.${name}`;
  return `${access === 'write' ? '!' : ''}${qualified}${alias === null ? '' : ` ${alias}`}@${String(scope)}`;
}

function tables(text: string): string[] {
  return parse(text).shape.tables.map(table);
}

describe('conditions', () => {
  it.each([
    ['a = 1', ['a = #0 [0]']],
    ['1 = a AND b = ?', ['a = #0 [0]', 'b = #1 [0]']],
    ['(a = 1 AND (b = 2 AND x.c = 3))', ['a = #0 [0]', 'b = #1 [0]', 'x.c = #2 [0]']],
    ['a = -1', ['a = -#0 [0]']],
    ['a = - - 1', ['a = NEGATE [0]']],
    ["a = _binary'x'", ['a = binary#0 [0]']],
    ["a = 'x' 'y'", ['a = CONCATENATION [0]']],
    ["a = DATE '2020-01-01'", ['a = TYPED [0]']],
    ["a = 'x' COLLATE utf8mb4_bin", ['a = COLLATE [0]']],
    ['a = NOW()', ['a = NOW() [0]']],
    ['a = @x', ['a = userVariable [0]']],
    ['a <=> 1', ['a <=> #0 [0]']],
    ['a = b', ['a == b [0]']],
    ['a IN (1, 2)', ['a in #0,#1 [0]']],
    ['a IN (SELECT b FROM u)', ['a in query 1 [0]']],
    ['a IN ((SELECT b FROM u) UNION (SELECT 1))', ['a in query 2 [0]']],
    ['a IN ((SELECT 1), 2)', ['a in subquery,#1 [0]']],
    ['a NOT IN (1, 2)', []],
    ['a = 1 OR b = 2', []],
    ['a = 1 OR a = 2 OR a IN (3, 4)', ['a in #0,#1,#2,#3 or [0]']],
    ['a = 1 OR a <=> NULL', []],
    ['a = 1 OR a = 2 AND b = 3', []],
    ['NOT a = 1', []],
    ['(a = 1) IS TRUE', []],
    ['a = 1 XOR b = 2', []],
    ['a = 1 = b', ['b = = [0]']],
    ['(a, b) = (1, 2)', ['a = #0 [0]', 'b = #1 [0]']],
    ['(a, b) IN ((1, 2), (3, 4))', ['a in #0,#2 [0]', 'b in #1,#3 [0]']],
    ['(a, b) IN ((1, 2), (3, 4, 5))', ['a in #0,#2 [0]', 'b in #1,#3 [0]']],
    ['a BETWEEN 1 AND 2 AND b = 3', ['#0 <= a <= #1 [0]', 'b = #2 [0]']],
    ['a NOT BETWEEN 1 AND 2', []],
    ['a > 1 AND 2 >= a', ['#0 < a [0]', 'a <= #1 [0]']],
    ['a + 1 = 2', []],
    ['f(a) = 2', []],
    ['a LIKE 1', []],
    ['a = 1 && b = 2', ['a = #0 [0]', 'b = #1 [0]']],
    ['a = 1 || b = 2', []],
    ['a = (1)', ['a = #0 [0]']],
    ['a = (SELECT 1)', ['a = subquery [0]']],
  ])('of WHERE %s', (where, expected) => {
    expect(conditions(parse(`SELECT * FROM t AS x WHERE ${where}`).shape)).toEqual(expected);
  });

  it('takes || for what the session means by it', () => {
    const text = 'SELECT * FROM t WHERE a = b || c = 1';
    expect(conditions(parse(text).shape)).toEqual([]);
    expect(conditions(parse('SELECT * FROM t WHERE a = 1 || 2', { pipesAsConcat: true }).shape)).toEqual([
      'a = || [0]',
    ]);
  });

  it('takes NOT for what the session means by it', () => {
    const text = 'SELECT * FROM t WHERE NOT a = 1';
    expect(parse(text).shape.scopes[0]?.where).toMatchObject({ operator: 'NOT' });
    expect(parse(text, { highNotPrecedence: true }).shape.scopes[0]?.where).toMatchObject({ operator: '=' });
  });

  it.each([
    ['a JOIN b ON a.k = b.k', ['a.k == b.k [01]']],
    ['a LEFT JOIN b ON a.k = b.k AND b.x = 1', ['a.k == b.k [1]', 'b.x = #0 [1]']],
    ['a RIGHT OUTER JOIN b ON a.k = b.k', ['a.k == b.k [0]']],
    ['a JOIN b ON a.k = 1 LEFT JOIN c ON c.k = a.k', ['a.k = #0 [01]', 'c.k == a.k [2]']],
    ['a LEFT JOIN b ON b.k = 1 JOIN c ON c.k = a.k', ['b.k = #0 [1]', 'c.k == a.k [012]']],
    ['a LEFT JOIN (b JOIN c ON b.k = c.k) ON a.k = b.k', ['b.k == c.k [12]', 'a.k == b.k [12]']],
    ['a LEFT JOIN b JOIN c ON b.k = c.k ON a.k = b.k', ['b.k == c.k [12]', 'a.k == b.k [12]']],
    ['a LEFT JOIN b LEFT JOIN c ON b.k = c.k ON a.k = b.k', ['b.k == c.k [2]', 'a.k == b.k [12]']],
    ['a JOIN b JOIN c ON b.k = c.k ON a.k = b.k', ['b.k == c.k [012]', 'a.k == b.k [012]']],
    ['a JOIN b LEFT JOIN c ON b.k = c.k ON a.k = b.k', ['b.k == c.k [2]', 'a.k == b.k [012]']],
    ['(a, b) LEFT JOIN c ON a.k = c.k', ['a.k == c.k [2]']],
    ['a JOIN b USING (k, l)', ['using k 0|1 [01]', 'using l 0|1 [01]']],
    ['a LEFT JOIN b USING (k)', ['using k 0|1 [1]']],
    ['a, b JOIN c ON b.k = c.k', ['b.k == c.k [12]']],
  ])('of FROM %s hold for the rows that they restrict', (from, expected) => {
    expect(conditions(parse(`SELECT * FROM ${from}`).shape)).toEqual(expected);
  });

  it('of WHERE hold for all tables, of HAVING for none', () => {
    expect(
      conditions(parse('SELECT * FROM a LEFT JOIN b ON TRUE WHERE b.k = 1 HAVING b.k = 2').shape),
    ).toEqual(['b.k = #0 [01]']);
  });
});

describe('tables', () => {
  it.each([
    ['SELECT * FROM a, app.b AS c, `d e` f', ['a@0', 'app.b c@0', 'd e f@0']],
    ['SELECT 1', []],
    ['SELECT 1 FROM DUAL', []],
    [
      'SELECT (SELECT x FROM a), f((SELECT 1 FROM b)) FROM c WHERE EXISTS (SELECT 1 FROM d)',
      ['a@1', 'b@2', 'c@0', 'd@3'],
    ],
    ['SELECT * FROM (SELECT * FROM a) b', ['a@1']],
    ['SELECT * FROM ((SELECT * FROM a) UNION (SELECT * FROM b)) c', ['a@1', 'b@2']],
    ['SELECT * FROM a UNION SELECT * FROM b', ['a@0', 'b@1']],
    ['(SELECT * FROM a) UNION (SELECT * FROM b) ORDER BY (SELECT 1 FROM c)', ['a@0', 'b@1', 'c@2']],
    ['SELECT * FROM a ORDER BY (SELECT 1 FROM b) LIMIT 1', ['a@0', 'b@1']],
    ['SELECT CASE WHEN a IN (SELECT 1 FROM b) THEN (SELECT 1 FROM c) END', ['b@1', 'c@2']],
    ['SELECT SUM(a) OVER (ORDER BY (SELECT 1 FROM b)) FROM c', ['b@1', 'c@0']],
    ['SELECT GROUP_CONCAT(a ORDER BY (SELECT 1 FROM b)) FROM c', ['b@1', 'c@0']],
    ['SELECT * FROM a JOIN b ON a.x = (SELECT 1 FROM c)', ['a@0', 'b@0', 'c@1']],
    ['SELECT NEXT VALUE FOR app.s', ['!app.s@0']],
    ['SELECT NEXTVAL(s)', ['!s@0']],
    ['SELECT * FROM JSON_TABLE((SELECT j FROM a), "$" COLUMNS (x INT PATH "$")) AS t', ['a@1']],
    ['SELECT INTERVAL (SELECT 1 FROM a) DAY + b FROM c', ['a@1', 'c@0']],
    ['WITH a AS (SELECT * FROM b) SELECT * FROM a, app.a', ['b@0', 'app.a@1']],
    ['WITH a AS (SELECT * FROM a) SELECT * FROM a', ['a@0']],
    ['WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a', []],
    ['WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM (SELECT * FROM b) c', []],
    ['SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a', ['a@0']],
    ['SELECT 1 FROM a WHERE b IN ((SELECT 1 FROM c) UNION (SELECT 2 FROM d))', ['a@0', 'c@1', 'd@2']],
    ['SELECT 1 FROM a WHERE b IN ((SELECT 1 FROM c) + 1, (SELECT 2 FROM d))', ['a@0', 'c@1', 'd@2']],
    [
      'SELECT INTERVAL(1, (SELECT 1 FROM a)) + 2, d + INTERVAL ((SELECT 1 FROM b) + 1) * 2 DAY',
      ['a@1', 'b@2'],
    ],
    ['SELECT {fn f((SELECT 1 FROM a))}', ['a@1']],
    ['SELECT * FROM a PARTITION (p0) AS x USE INDEX (i) WHERE 1', ['a x@0']],
    ['SELECT * FROM a FOR SYSTEM_TIME AS OF (SELECT 1 FROM b) AS x', ['b@1', 'a x@0']],
    ['VALUES ((SELECT 1 FROM a))', ['a@0']],
    ['SET @x = (SELECT 1 FROM a)', ['a@0']],
    ['DO (SELECT 1 FROM a)', ['a@0']],
    ['CALL p((SELECT 1 FROM a))', ['a@0']],
    ['SET STATEMENT max_statement_time = (SELECT 1 FROM a) FOR SELECT * FROM b', ['a@0', 'b@1']],
  ])('of %s', (text, expected) => {
    expect(tables(text)).toEqual(expected);
  });

  it('refuses queries of WITH RECURSIVE that refer to each other, but not tables with such names elsewhere', () => {
    const mutual = 'WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a';
    expect(parse(mutual).shape.kind).toBe('unknown');
    expect(tables(mutual.replace('RECURSIVE ', ''))).toEqual(['b@0']);
  });

  it('refuses a name that differs from one of WITH only in its case: which of them it means is the server’s secret', () => {
    expect(parse('WITH a AS (SELECT 1) SELECT * FROM A').shape.kind).toBe('unknown');
  });
});

describe('scopes', () => {
  it('can see the scope around them only in expressions', () => {
    const { shape } = parse(
      'SELECT (SELECT 1 UNION SELECT 2), ((SELECT 3)) FROM (SELECT 4) a WHERE EXISTS ((SELECT 5) UNION (SELECT (SELECT 6)))',
    );
    expect(shape.scopes.map((scope) => scope.parent)).toEqual([null, 0, 0, 0, null, 0, 0, 6]);
  });

  it.each([
    ['SELECT RANK() OVER (PARTITION BY a, b ORDER BY c), SUM(d) OVER () FROM t', [['a', 'b'], []]],
    ['SELECT RANK() OVER w, SUM(d) OVER (w ROWS 2 PRECEDING) FROM t WINDOW w AS (PARTITION BY a)', [['a']]],
    ['SELECT 1 FROM t ORDER BY RANK() OVER (PARTITION BY a)', [['a']]],
  ])('have the partitions of their windows: %s', (sql, partitions) => {
    const [scope] = parse(sql).shape.scopes;
    expect(
      scope?.windows.map((by) => by.map((each) => (each.kind === 'column' ? each.column.name : null))),
    ).toEqual(partitions);
  });

  it('tells what a scatter must know', () => {
    const { shape } = parseAs(
      'select',
      'SELECT SQL_CALC_FOUND_ROWS DISTINCT a, COUNT(DISTINCT b) AS n, t.*, MAX(c) OVER w FROM t GROUP BY a, 2 WITH ROLLUP HAVING n > 1 WINDOW w AS () ORDER BY n DESC, a LIMIT 5, 10 FOR UPDATE',
    );
    expect(shape.scopes[0]).toMatchObject({
      distinct: true,
      options: ['SQL_CALC_FOUND_ROWS'],
      aggregates: true,
      windows: [[]],
      rollup: true,
      groupBy: [{ expression: { kind: 'column' } }, { expression: { kind: 'literal' } }],
      having: { operator: '>' },
      items: [
        { expression: { kind: 'column' }, alias: null },
        {
          expression: { kind: 'call', name: 'COUNT', distinct: true, aggregate: true, window: false },
          alias: 'n',
        },
        { expression: { kind: 'star', table: 't' } },
        { expression: { kind: 'call', name: 'MAX', window: true } },
      ],
    });
    expect(shape.queries[0]).toMatchObject({
      orderBy: [{ descending: true }, { descending: false }],
      limit: { offset: { literal: 2 }, count: { literal: 3 }, special: false },
      lock: 'update',
      into: null,
    });
  });

  it.each([
    ['SELECT MAX(a) OVER () FROM t', false],
    ['SELECT a FROM t ORDER BY COUNT(*)', true],
    ['SELECT a FROM t HAVING COUNT(*) > 1', true],
    ['SELECT a FROM t WHERE b = (SELECT MAX(c) FROM u)', false],
    ['SELECT app.max(a) FROM t', false],
    ['SELECT a UNION SELECT b ORDER BY COUNT(*)', false],
  ])('has aggregates in %s: %j', (text, expected) => {
    expect(parse(text).shape.scopes[0]?.aggregates).toBe(expected);
  });

  it.each([
    ['SELECT a INTO @x FROM t', 'variables'],
    ['SELECT a FROM t INTO @x, @y', 'variables'],
    ['SELECT a FROM t FOR UPDATE INTO @x', 'variables'],
    ["SELECT a FROM t INTO OUTFILE 'f' LINES TERMINATED BY 'x'", 'outfile'],
    ["SELECT a INTO DUMPFILE 'f' FROM t", 'dumpfile'],
    ['SELECT a FROM t', null],
  ])('says where the rows of %s go', (text, expected) => {
    expect(parse(text).shape.queries[0]?.into).toBe(expected);
  });

  it.each([
    ['LIMIT 1', ['none', '#0', false]],
    ['LIMIT 1 OFFSET 2', ['#1', '#0', false]],
    ['LIMIT 1 ROWS EXAMINED 2', ['none', '#0', true]],
    ['OFFSET 1 ROWS FETCH FIRST 2 ROWS ONLY', ['#0', '#1', false]],
    ['FETCH FIRST ROW ONLY', ['none', 'none', true]],
    ['FETCH NEXT 2 ROWS WITH TIES', ['none', '#0', true]],
  ])('reads %s', (clause, expected) => {
    const limit = parse(`SELECT a FROM t ORDER BY a ${clause}`).shape.queries[0]?.limit;
    const show = (part: Expression | null | undefined): string => (part ? value(part) : 'none');
    expect([show(limit?.offset), show(limit?.count), limit?.special]).toEqual(expected);
  });

  it('tells unions apart', () => {
    const { shape } = parseAs(
      'select',
      'SELECT 1 UNION ALL SELECT 2 UNION SELECT 3 INTERSECT (SELECT 4 LIMIT 1)',
    );
    expect(shape.queries[shape.query]?.body).toEqual({
      kind: 'set',
      operator: 'UNION',
      all: false,
      left: {
        kind: 'set',
        operator: 'UNION',
        all: true,
        left: { kind: 'select', scope: 0 },
        right: { kind: 'select', scope: 1 },
      },
      right: {
        kind: 'set',
        operator: 'INTERSECT',
        all: false,
        left: { kind: 'select', scope: 2 },
        right: { kind: 'query', query: 1 },
      },
    });
  });
});

describe('what else a statement uses', () => {
  it('is listed', () => {
    const { shape } = parse(
      'SELECT @A, @b := last_insert_id(), @@Global.max_connections, @@x, app.F(1), `g`(2), CURRENT_USER FROM t WHERE COUNT(*) = @@session.y',
    );
    expect(shape).toMatchObject({
      functions: ['APP.F', 'COUNT', 'CURRENT_USER', 'G', 'LAST_INSERT_ID'],
      userVariables: ['a', 'b'],
      assignsUserVariables: true,
      systemVariables: ['max_connections', 'x', 'y'],
    });
  });

  it('has every schema’s name in front of anything', () => {
    const statement = parse('SELECT app.t.a, app.t.*, app.f(1) FROM app.t JOIN `b`.u ON app.t.x = u.y');
    expect(
      statement.shape.qualifiers.map(({ schema, of, name, tokens }) => [
        schema,
        of,
        name,
        statement.textOf(tokens),
      ]),
    ).toEqual([
      ['app', 'column', 't', 'app.'],
      ['app', 'star', 't', 'app.'],
      ['app', 'routine', 'f', 'app.'],
      ['app', 'table', 't', 'app.'],
      ['b', 'table', 'u', '`b`.'],
      ['app', 'column', 't', 'app.'],
    ]);
  });
});
