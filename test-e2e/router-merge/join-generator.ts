/**
 * Random SELECTs whose tables may or may not meet across slots: joins of all kinds, subqueries, derived tables and common table
 * expressions, bound to keys here and there. Many of them have to be refused; the others must be right.
 */
import { pick, type Random } from './random-choice.ts';
import type { GeneratedStatement } from './generated-statement.ts';

interface TableChoice {
  readonly table: string;
  readonly key: string | null;
  readonly columns: readonly string[];
}

const TABLES: readonly TableChoice[] = [
  { table: 'users', key: 'id', columns: ['id', 'age', 'flags'] },
  { table: 'orders', key: 'user_id', columns: ['id', 'user_id', 'amount'] },
  { table: 'orders', key: 'user_id', columns: ['id', 'user_id', 'amount'] },
  { table: 'countries', key: null, columns: ['size', 'size', 'size'] },
];

interface Named extends TableChoice {
  readonly name: string;
  readonly text: string;
}

/** Makes statements. */
class JoinGenerator {
  readonly #random: Random;
  #names = 0;
  #commonTables: string[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  statement(): GeneratedStatement {
    const select = this.#select([], 0);
    const text = this.#pick([
      select,
      select,
      select,
      `${select} UNION ALL ${this.#select([], 1)}`,
      `${select} UNION ${this.#select([], 1)}`,
    ]);
    const common = this.#commonTables.length === 0 ? '' : `WITH ${this.#commonTables.join(', ')} `;
    return { sql: common + text, ordered: false };
  }

  /** A SELECT of two columns of numbers. `outer`: tables whose columns may be used. */
  #select(outer: readonly Named[], depth: number): string {
    const tables = [this.#table(depth)];
    let from = tables[0]?.text ?? '';
    const joins = Math.floor(this.#random() * 3);
    for (let index = 0; index < joins; index += 1) {
      const table = this.#table(depth);
      tables.push(table);
      const kind = this.#pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'LEFT JOIN', 'CROSS JOIN']);
      from +=
        kind === 'CROSS JOIN'
          ? ` CROSS JOIN ${table.text}`
          : ` ${kind} ${table.text} ON ${this.#condition(tables, outer, depth, 2)}`;
    }
    const where = this.#chance(0.8) ? ` WHERE ${this.#condition(tables, outer, depth, 3)}` : '';
    const [one, other] = [this.#column(tables), this.#column(tables)];
    const list = this.#pick([
      `${one} AS x, ${other} AS y`,
      `${one} AS x, ${other} AS y`,
      `DISTINCT ${one} AS x, ${other} AS y`,
      `COUNT(*) AS x, SUM(${other}) AS y`,
      `${one} AS x, ${this.#subquery(tables, depth)} AS y`,
    ]);
    const group = list.startsWith('COUNT') && this.#chance(0.5) ? ` GROUP BY ${one}` : '';
    return `SELECT ${list} FROM ${from}${where}${group}`;
  }

  #table(depth: number): Named {
    this.#names += 1;
    const name = `t${this.#names}`;
    if (depth < 2 && this.#chance(0.15)) {
      const inner = this.#select([], depth + 1);
      const derived = { name, table: name, key: 'x', columns: ['x', 'y'] };
      if (this.#chance(0.4)) {
        this.#commonTables.push(`${name}c AS (${inner})`);
        return { ...derived, text: `${name}c AS ${name}` };
      }
      return { ...derived, text: `(${inner}) AS ${name}` };
    }
    const choice = this.#pick(TABLES);
    return { ...choice, name, text: `${choice.table} ${name}` };
  }

  #condition(tables: readonly Named[], outer: readonly Named[], depth: number, most: number): string {
    const atoms = Array.from({ length: 1 + Math.floor(this.#random() * most) }, () =>
      this.#atom(tables, outer, depth),
    );
    return atoms.join(this.#chance(0.15) ? ' OR ' : ' AND ');
  }

  #atom(tables: readonly Named[], outer: readonly Named[], depth: number): string {
    const one = this.#keyed(tables);
    const other = this.#keyed([...tables, ...outer]);
    const key = 1 + Math.floor(this.#random() * 8);
    return this.#pick([
      () => `${one} = ${other}`,
      () => `${one} = ${other}`,
      () => `${one} = ${other}`,
      () => `${one} = ${key}`,
      () => `${one} = ${key}`,
      () => `${one} IN (${key}, ${key + 1})`,
      () => `${this.#column(tables)} = ${this.#column([...tables, ...outer])}`,
      () => `${this.#column(tables)} > ${Math.floor(this.#random() * 9)}`,
      () => `NOT ${one} = ${key}`,
      () => `${one} <=> ${other}`,
      () =>
        depth < 2
          ? `${one} ${this.#pick(['IN', 'IN', 'NOT IN'])} (${this.#inner(tables, depth)})`
          : `${one} IS NOT NULL`,
      () =>
        depth < 2
          ? `${this.#pick(['EXISTS', 'NOT EXISTS'])} (${this.#select(tables, depth + 1)})`
          : `${this.#column(tables)} IS NULL`,
    ])();
  }

  /** A query of one column. */
  #inner(outer: readonly Named[], depth: number): string {
    const table = this.#table(2);
    const limit = this.#chance(0.1) ? ` HAVING COUNT(*) > 1` : '';
    const column = this.#keyed([table]);
    const group = limit === '' ? '' : ` GROUP BY ${this.#pick([column, this.#column([table])])}`;
    return `SELECT ${column} FROM ${table.text} WHERE ${this.#condition([table], outer, depth + 2, 2)}${group}${limit}`;
  }

  #subquery(outer: readonly Named[], depth: number): string {
    const table = this.#table(2);
    return `(SELECT ${this.#pick(['COUNT(*)', 'MAX', 'SUM']).replace(/^(MAX|SUM)$/, `$1(${this.#column([table])})`)} FROM ${table.text} WHERE ${this.#condition([table], outer, depth + 2, 2)})`;
  }

  /** Mostly the key of a table. */
  #keyed(tables: readonly Named[]): string {
    const table = this.#pick(tables);
    return table.key !== null && this.#chance(0.8) ? `${table.name}.${table.key}` : this.#column(tables);
  }

  #column(tables: readonly Named[]): string {
    const table = this.#pick(tables);
    return `${table.name}.${this.#pick(table.columns)}`;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<Value>(values: readonly Value[]): Value {
    return pick(this.#random, values);
  }
}

/** A SELECT that may have to be refused. */
export function generateJoin(random: Random): GeneratedStatement {
  return new JoinGenerator(random).statement();
}
