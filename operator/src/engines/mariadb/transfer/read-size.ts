/** How large databases are, by the figures that InnoDB keeps: no table is opened for them. */
import type { DatabaseSize, MeasuredSize } from '../../slot-measure.ts';
import type { Row } from '../connection.ts';
import { numberOf, textOf } from '../slave-status.ts';
import type { RowSession } from './row-session.ts';
import type { RunStatement } from './run-statement.ts';
import { stringLiteral } from './tables.ts';

/** As of the last time that a tenth of a table had changed. */
const SIZES = `SELECT s.SCHEMA_NAME AS name, CAST(COALESCE(SUM(t.n_rows), 0) AS CHAR) AS n_rows,
    CAST(COALESCE(SUM(t.clustered_index_size + t.sum_of_other_index_sizes), 0) * @@innodb_page_size AS CHAR) AS bytes
  FROM information_schema.SCHEMATA s LEFT JOIN mysql.innodb_table_stats t ON t.database_name = s.SCHEMA_NAME`;

/** Rows read and changed, where `userstat` has the server count them; one row without a name is there in any case. */
const HANDLED = `SELECT NULL AS name, IF(@@global.userstat, '1', '0') AS handled
  UNION ALL SELECT TABLE_SCHEMA, CAST(SUM(ROWS_READ + ROWS_CHANGED) AS CHAR) FROM information_schema.TABLE_STATISTICS GROUP BY TABLE_SCHEMA`;

/** Of those databases that exist. */
export async function readDatabaseSizes(
  run: RunStatement,
  databases: readonly string[],
): Promise<readonly MeasuredSize[]> {
  if (databases.length === 0) {
    return [];
  }
  const rows = await run('measure databases', `${SIZES} GROUP BY s.SCHEMA_NAME`);
  const [setting = {}, ...counts] = await run('measure the load of databases', HANDLED);
  const isCounted = textOf(setting, 'handled') === '1';
  const handled = new Map(counts.map((row) => [textOf(row, 'name'), numberOf(row, 'handled')]));
  const wanted = new Set(databases);
  return rows
    .map(toSize)
    .filter(({ database }) => wanted.has(database))
    .map((size) => ({ ...size, rowsHandled: isCounted ? (handled.get(size.database) ?? 0) : null }));
}

function toSize(row: Row): DatabaseSize {
  return { database: textOf(row, 'name'), rows: numberOf(row, 'n_rows'), bytes: numberOf(row, 'bytes') };
}

/** Of one database, over a session that carries rows. */
export async function readDatabaseSize(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<DatabaseSize> {
  const [row] = await session.query(
    'measure the database',
    `${SIZES} WHERE s.SCHEMA_NAME = ${stringLiteral(database)}`,
    signal,
  );
  const [, rows, bytes] = row ?? [];
  return { database, rows: Number(rows?.toString() ?? 0), bytes: Number(bytes?.toString() ?? 0) };
}
