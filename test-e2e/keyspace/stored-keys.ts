/** Keys as they are stored: values that were written into a column, and what the server makes of them. */
import { assertNever } from '../../operator/src/core/assert-never.ts';
import { type Connection, escape, type RowDataPacket } from 'mysql2/promise';
import { canonicalKey } from '../../operator/src/core/keyspace/canonical-key.ts';
import { canonicalKeySql, orderedKeySql } from '../../operator/src/core/keyspace/canonical-key-sql.ts';
import { compareDecimals } from '../../operator/src/core/keyspace/decimal-text.ts';
import type { CanonicalKey, KeyLiteral } from '../../operator/src/core/keyspace/key-literal.ts';
import { type KeyRule, readKeyRule } from '../../operator/src/core/keyspace/key-rule.ts';
import { compareTexts } from '../../operator/src/core/keyspace/ranges.ts';
import type { KeyColumnCase } from './key-columns.ts';
import { quickRandom } from './random-values.ts';

/** A value with its key. */
export interface StoredKey {
  readonly id: number;
  readonly literal: KeyLiteral;
  readonly key: CanonicalKey;
}

/** The table of one column, filled. */
export interface StoredKeys {
  readonly table: string;
  readonly rule: KeyRule;
  readonly stored: readonly StoredKey[];
}

const ROWS_PER_STATEMENT = 500;

/** As SQL would have it of an application that quotes what it must. */
export function literalSql(literal: KeyLiteral): string {
  switch (literal.kind) {
    case 'number':
      return literal.text;
    case 'double':
      return `${literal.value}${String(literal.value).includes('e') ? '' : 'e0'}`;
    case 'string':
      return escape(Buffer.from(literal.bytes).toString('utf8'));
    case 'bytes':
      return `x'${Buffer.from(literal.bytes).toString('hex')}'`;
    case 'null':
      return 'NULL';
    default:
      return assertNever(literal);
  }
}

/** A text that is the same for equal keys only. */
export function identityOf(key: CanonicalKey): string {
  return key.kind === 'number' ? key.text : Buffer.from(key.bytes).toString('latin1');
}

/** Negative, zero or positive, as two keys of one column are ordered. */
export function compareKeys(left: CanonicalKey, right: CanonicalKey): number {
  if (left.kind === 'number' && right.kind === 'number') {
    return compareDecimals(left.text, right.text);
  }
  if (left.kind === 'text' && right.kind === 'text') {
    return compareTexts(left.bytes, right.bytes, left.padded);
  }
  throw new Error('keys of two kinds have no order');
}

/**
 * Makes a table for the column and writes every value that has a key, with `sql_mode` empty: what does not fit would be
 * stored as something else, and be seen.
 */
export async function storeKeys(
  connection: Connection,
  column: KeyColumnCase,
  table: string,
  count: number,
  seed: number,
): Promise<StoredKeys> {
  await connection.query(
    `SET sql_mode = ''; CREATE TABLE ${table} (id INT PRIMARY KEY, k ${column.definition}, KEY (k))`,
  );
  const rule = await readRule(connection, table);
  const random = quickRandom(seed);
  const stored: StoredKey[] = [];
  const add = (literal: KeyLiteral): void => {
    const key = canonicalKey(literal, rule);
    if (key.kind !== 'refused') {
      stored.push({ id: stored.length, literal, key });
    }
  };
  column.edges.forEach(add);
  while (stored.length < count) {
    column.write(random).forEach(add);
  }
  for (let start = 0; start < stored.length; start += ROWS_PER_STATEMENT) {
    const rows = stored.slice(start, start + ROWS_PER_STATEMENT);
    await connection.query(
      `INSERT INTO ${table} VALUES ${rows.map(({ id, literal }) => `(${id}, ${literalSql(literal)})`).join()}`,
    );
  }
  return { table, rule, stored };
}

async function readRule(connection: Connection, table: string): Promise<KeyRule> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT column_type columnType, collation_name collation FROM information_schema.columns ' +
      `WHERE table_schema = DATABASE() AND table_name = '${table}' AND column_name = 'k'`,
  );
  const { columnType, collation } = rows[0] as { columnType: string; collation: string | null };
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error(`${columnType} ${collation}: ${rule.reason}`);
  }
  return rule;
}

/** For each of the literals the `id`s of the rows whose key the server takes for equal. */
export async function readEqualRows(
  connection: Connection,
  table: string,
  literals: readonly KeyLiteral[],
): Promise<number[][]> {
  const found: number[][] = literals.map(() => []);
  for (let start = 0; start < literals.length; start += ROWS_PER_STATEMENT) {
    const probes = literals
      .slice(start, start + ROWS_PER_STATEMENT)
      .map(
        (literal, index) =>
          `SELECT ${start + index} probe, id FROM ${table} WHERE k = ${literalSql(literal)}`,
      );
    const [rows] = await connection.query<RowDataPacket[]>(probes.join(' UNION ALL '));
    for (const row of rows as { probe: number; id: number }[]) {
      found[row.probe]?.push(row.id);
    }
  }
  return found;
}

/** How many different values the server sees in the column, and how many of them have more than one key. */
export async function countKeys(
  connection: Connection,
  { table, rule }: StoredKeys,
): Promise<{ readonly different: number; readonly split: number }> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT COUNT(*) values_, CAST(SUM(keys_ > 1) AS INT) split FROM
       (SELECT COUNT(DISTINCT HEX(${canonicalKeySql('k', rule)})) keys_ FROM ${table} GROUP BY k) grouped`,
  );
  return { different: Number(rows[0]?.['values_']), split: Number(rows[0]?.['split']) };
}

/** The `id`s of all rows in the order of the column, and in the order of the canonical keys as the server has it. */
export async function readOrder(
  connection: Connection,
  { table, rule }: StoredKeys,
): Promise<{ readonly byColumn: number[]; readonly byKey: number[] }> {
  const idsBy = async (order: string): Promise<number[]> => {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT id FROM ${table} ORDER BY ${order}, id`);
    return rows.map((row) => row['id'] as number);
  };
  const isNumber = rule.kind === 'integer' || rule.kind === 'decimal';
  return { byColumn: await idsBy('k'), byKey: await idsBy(isNumber ? 'k' : orderedKeySql('k', rule)) };
}

/** A stored value in a line, for a failure. */
export function describeStored({ id, literal, key }: StoredKey): string {
  return `row ${id}: ${literalSql(literal)} has the key ${JSON.stringify(identityOf(key))}`;
}

/** Neighbours in an order of rows whose keys are the other way round. */
export function describeDisorder({ stored }: StoredKeys, ids: readonly number[]): string[] {
  // Where nothing is padded, the server compares NUL right and sorts it like nothing.
  const sorted = ids.flatMap((id) => stored[id] ?? []).filter(({ key }) => !identityOf(key).includes('\0'));
  return sorted.flatMap((here, index) => {
    const before = sorted[index - 1];
    return before !== undefined && compareKeys(before.key, here.key) > 0
      ? [`${describeStored(before)}, before ${describeStored(here)}`]
      : [];
  });
}
