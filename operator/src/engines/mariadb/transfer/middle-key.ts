/** The key at which a database would be cut into halves. */
import { middleKeySql } from '../../../core/keyspace/middle-key-sql.ts';
import { readKeyRule, type KeyRule } from '../../../core/keyspace/key-rule.ts';
import { EngineError } from '../../engine-error.ts';
import type { MiddleKeyOrder } from '../../slot-measure.ts';
import { quoteName } from '../keyspace-roles.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral, textAt } from './tables.ts';

/** Longest time that the server reads for it: half of an index, or of a table that is sorted. Seconds. */
const MOST_SECONDS = 25;

/** Kinds of keys that intervals are written for. */
const ORDERED: ReadonlySet<KeyRule['kind']> = new Set(['integer', 'decimal', 'text', 'date', 'datetime']);

/**
 * The key in the middle of the largest table that has one, by the engine's own estimate of rows. EngineError `NotMovable` where
 * no table has two keys.
 */
export async function readMiddleKey(
  session: RowSession,
  { database, keyOf }: MiddleKeyOrder,
  signal: AbortSignal,
): Promise<string> {
  const ask = async (what: string, sql: string) =>
    session.query(what, `SET STATEMENT max_statement_time = ${MOST_SECONDS} FOR ${sql}`, signal);
  const columns = await ask(
    'look for the largest table',
    'SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.COLLATION_NAME, CAST(s.n_rows AS CHAR) FROM information_schema.COLUMNS c ' +
      'JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME ' +
      'JOIN mysql.innodb_table_stats s ON s.database_name = c.TABLE_SCHEMA AND s.table_name = c.TABLE_NAME ' +
      `WHERE c.TABLE_SCHEMA = ${stringLiteral(database)} AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY s.n_rows DESC, c.TABLE_NAME`,
  );
  for (const row of columns) {
    const name = textAt(row, 0);
    const column = textAt(row, 1);
    const rule = readKeyRule({ columnType: textAt(row, 2), collation: row[3]?.toString('utf8') ?? null });
    if (
      rule.kind === 'refused' ||
      !ORDERED.has(rule.kind) ||
      column.toLowerCase() !== keyOf(name)?.toLowerCase()
    ) {
      continue;
    }
    const table = `${quoteName(database)}.${quoteName(name)}`;
    const keyed = { table, column: quoteName(column), rule };
    const middle = async (rows: number): Promise<string | undefined> => {
      const [found] = await ask('read the middle key', middleKeySql(keyed, Math.floor(rows / 2)));
      return found === undefined ? undefined : textAt(found, 0);
    };
    const counted = async (): Promise<number> => {
      const [found] = await ask('count rows', `SELECT CAST(COUNT(*) AS CHAR) FROM ${table}`);
      return Number(found === undefined ? 0 : textAt(found, 0));
    };
    // The estimate is of some time ago: rows may have been deleted since.
    const key = (await middle(Number(textAt(row, 4)))) ?? (await middle(await counted()));
    if (key !== undefined) {
      return key;
    }
  }
  throw new EngineError('NotMovable', `no table of ${database} has two keys that it could be cut between`);
}
