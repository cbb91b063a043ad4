/** Which rows of a table a copy and a comparison take. */
import { EngineError } from '../../engine-error.ts';
import type { PartOfRows } from '../../slot-transfer.ts';
import { partCondition, type PartKeys, partKeysQuery, readPartKeys } from './part-keys.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral, type Table, textAt } from './tables.ts';

/**
 * Key columns of all tables of a database; see `readPartKeys`. EngineError `NotMovable` as well for a foreign key that does not
 * refer to the key by the key, so that a row and the one it belongs to may come apart.
 */
export async function readKeys(
  session: RowSession,
  database: string,
  rows: PartOfRows,
  signal: AbortSignal,
): Promise<PartKeys> {
  const answer = await session.query('read the key columns', partKeysQuery(database), signal);
  const keys = readPartKeys(
    answer.map((row) => row.map((field) => field?.toString('utf8') ?? null)),
    rows,
  );
  const pairs = await session.query(
    'read foreign keys',
    `SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE
      WHERE TABLE_SCHEMA = ${stringLiteral(database)} AND REFERENCED_TABLE_NAME IS NOT NULL`,
    signal,
  );
  const names = new Set<string>();
  const followed = new Set<string>();
  for (const pair of pairs) {
    const [constraint, table, column, parent, parentColumn] = [0, 1, 2, 3, 4].map((at) => textAt(pair, at));
    const name = `${constraint} of table ${table}`;
    names.add(name);
    if (keys.get(table ?? '')?.column === column && keys.get(parent ?? '')?.column === parentColumn) {
      followed.add(name);
    }
  }
  const apart = [...names].filter((name) => !followed.has(name));
  if (apart.length > 0) {
    throw new EngineError(
      'NotMovable',
      `rows could come apart from those that they refer to, since the key is no part of the foreign key ${apart.join(', ')}: make it one`,
    );
  }
  return keys;
}

/** The condition that rows of a table have to fulfil; null where all are taken. */
export function conditionOf(rows: PartOfRows | null, keys: PartKeys | null, { name }: Table): string | null {
  if (rows === null) {
    return null;
  }
  const key = keys?.get(name);
  if (key === undefined) {
    throw new EngineError('NotMovable', `the rows of table ${name} have no key to be divided by`);
  }
  return partCondition(rows, key);
}
