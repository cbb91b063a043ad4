import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ColumnName } from './expression.ts';
import type { Conjunct, Scope } from './query-shape.ts';
import { parseAs } from './testing/parse.ts';

const TABLES = ['a', 'b', 'c'] as const;
const COLUMNS = ['k', 'x'] as const;

/** Rows of each table. */
type Rows = Readonly<Record<(typeof TABLES)[number], readonly (readonly [number | null, number | null])[]>>;

const value = fc.option(fc.integer({ min: 1, max: 3 }), { freq: 6 });
const rows: fc.Arbitrary<Rows> = fc.record({
  a: fc.array(fc.tuple(value, value), { maxLength: 6 }),
  b: fc.array(fc.tuple(value, value), { maxLength: 6 }),
  c: fc.array(fc.tuple(value, value), { maxLength: 6 }),
});

function condition(tables: readonly string[]): fc.Arbitrary<string> {
  const column = fc
    .tuple(fc.constantFrom(...tables), fc.constantFrom(...COLUMNS))
    .map((names) => names.join('.'));
  const literal = fc.integer({ min: 1, max: 3 }).map(String);
  const simple = fc.oneof(
    fc.tuple(column, column).map(([left, right]) => `${left} = ${right}`),
    fc.tuple(column, literal).map(([left, right]) => `${left} = ${right}`),
    fc.tuple(literal, column).map(([left, right]) => `${left} = ${right}`),
    fc.tuple(column, literal, literal).map(([left, one, two]) => `${left} IN (${one}, ${two})`),
    fc.tuple(column, literal, literal).map(([left, one, two]) => `(${left} = ${one} OR ${left} = ${two})`),
    fc.tuple(column, literal).map(([left, right]) => `${left} > ${right}`),
    fc.tuple(column, literal, literal).map(([left, low, high]) => `${left} BETWEEN ${low} AND ${high}`),
  );
  const other = fc.oneof(
    simple.map((text) => `NOT (${text})`),
    fc.tuple(simple, simple).map(([left, right]) => `(${left} OR ${right})`),
    column.map((name) => `${name} IS NULL`),
  );
  return fc
    .array(fc.oneof({ weight: 4, arbitrary: simple }, { weight: 1, arbitrary: other }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.join(' AND '));
}

const join = fc.constantFrom('JOIN', 'LEFT JOIN', 'RIGHT JOIN');
const from = fc.oneof(
  fc
    .tuple(join, condition(['a', 'b']), join, condition(TABLES))
    .map(([one, on, two, and]) => `a ${one} b ON ${on} ${two} c ON ${and}`),
  fc
    .tuple(join, join, condition(['b', 'c']), condition(TABLES))
    .map(([one, two, on, and]) => `a ${one} (b ${two} c ON ${on}) ON ${and}`),
);
const query = fc
  .tuple(from, fc.option(condition(TABLES)))
  .map(
    ([tables, where]) =>
      `SELECT a.k, a.x, b.k, b.x, c.k, c.x FROM ${tables}${where === null ? '' : ` WHERE ${where}`}`,
  );

/** What a query gives, in some fixed order. */
function run(sql: string, data: Rows): string[] {
  const database = new DatabaseSync(':memory:');
  try {
    for (const table of TABLES) {
      database.exec(`CREATE TABLE ${table} (k INT, x INT)`);
      const insert = database.prepare(`INSERT INTO ${table} VALUES (?, ?)`);
      for (const row of data[table]) insert.run(...row);
    }
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement
      .all()
      .map((row) => JSON.stringify(row))
      .sort();
  } finally {
    database.close();
  }
}

/** The rows without those of one table that do not pass. */
function without(
  data: Rows,
  table: string,
  passes: (row: Readonly<Record<string, number | null>>) => boolean,
): Rows {
  return {
    ...data,
    [table]: data[table as 'a'].filter(([k, x]) => passes({ k, x })),
  };
}

describe('conditions', () => {
  it('hold for the rows that they are said to bind: without the others a query gives the same', () => {
    let checked = 0;
    fc.assert(
      fc.property(query, rows, (sql, data) => {
        const { statement, shape } = parseAs('select', sql);
        const scope = shape.scopes[0] as Scope;
        const numberOf = (index: number): number => {
          const literal = statement.literal(index);
          return literal.kind === 'number' ? Number(literal.text) : NaN;
        };
        for (const conjunct of scope.conjuncts) {
          const test = passesOf(conjunct, numberOf);
          if (test === null || !binds(scope, conjunct, test.column)) continue;
          const { table, name } = test.column;
          const kept = without(data, table ?? '', (row) => test.passes(row[name] ?? null));
          expect(run(sql, kept)).toEqual(run(sql, data));
          checked++;
        }
      }),
      { numRuns: 250 },
    );
    expect(checked).toBeGreaterThan(250);
  });

  it('of equal columns bind the one to what the other has', () => {
    let checked = 0;
    fc.assert(
      fc.property(query, rows, fc.integer({ min: 1, max: 3 }), (sql, data, key) => {
        const { shape } = parseAs('select', sql);
        const scope = shape.scopes[0] as Scope;
        for (const conjunct of scope.conjuncts) {
          if (conjunct.kind !== 'columnsEqual') continue;
          const { left, right } = conjunct;
          for (const [bound, other] of [
            [left, right],
            [right, left],
          ] as const) {
            if (bound.table === other.table || !binds(scope, conjunct, bound)) continue;
            const given = without(data, other.table ?? '', (row) => row[other.name] === key);
            const kept = without(given, bound.table ?? '', (row) => row[bound.name] === key);
            expect(run(sql, kept)).toEqual(run(sql, given));
            checked++;
          }
        }
      }),
      { numRuns: 250 },
    );
    expect(checked).toBeGreaterThan(50);
  });
});

/** True when a condition restricts the rows of a column's table. */
function binds(scope: Scope, conjunct: Conjunct, column: ColumnName): boolean {
  return conjunct.binds.some((index) => scope.sources[index]?.name === column.table);
}

/** What a condition asks of one column, or null for one of another sort. */
function passesOf(
  conjunct: Conjunct,
  numberOf: (literal: number) => number,
): { readonly column: ColumnName; readonly passes: (value: number | null) => boolean } | null {
  switch (conjunct.kind) {
    case 'equal': {
      if (conjunct.value.kind !== 'literal') return null;
      const expected = numberOf(conjunct.value.literal);
      return { column: conjunct.column, passes: (actual) => actual === expected };
    }
    case 'in': {
      const values = conjunct.values.map((item) => (item.kind === 'literal' ? numberOf(item.literal) : NaN));
      return { column: conjunct.column, passes: (actual) => actual !== null && values.includes(actual) };
    }
    case 'range': {
      const bounds = [conjunct.low, conjunct.high].map((bound) =>
        bound?.value.kind === 'literal'
          ? { at: numberOf(bound.value.literal), inclusive: bound.inclusive }
          : null,
      );
      const [low, high] = bounds;
      return {
        column: conjunct.column,
        passes: (actual) =>
          actual !== null &&
          (!low || (low.inclusive ? actual >= low.at : actual > low.at)) &&
          (!high || (high.inclusive ? actual <= high.at : actual < high.at)),
      };
    }
    default:
      return null;
  }
}
