/** Which databases are fenced, as the database itself records it: a promoted replica knows them, too. */
import type { Row, Statement } from '../connection.ts';
import { OWN_SCHEMA } from '../own-schema.ts';
import { numberOf, textOf } from '../slave-status.ts';
import type { RunStatement } from './run-statement.ts';

/** Where fences are recorded. */
export const FENCES_TABLE = `${OWN_SCHEMA}.slot_fences`;

/** One row where the table is there. */
export const FIND_FENCES = `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${OWN_SCHEMA}' AND TABLE_NAME = 'slot_fences'`;

/** Made when first needed: databases of former versions lack it. */
const CREATE_FENCES = `CREATE TABLE IF NOT EXISTS ${FENCES_TABLE} (
  database_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  attempt BIGINT UNSIGNED NOT NULL,
  map_revision BIGINT UNSIGNED NOT NULL,
  fenced_at DATETIME(6) NOT NULL) ENGINE=InnoDB`;

/** Records a fence, for values database_name, attempt, map_revision. Changes a row in any case: its commit is a new one. */
export const RECORD_FENCE = `INSERT INTO ${FENCES_TABLE} (database_name, attempt, map_revision, fenced_at)
  VALUES (?, ?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE
  attempt = VALUES(attempt), map_revision = VALUES(map_revision), fenced_at = VALUES(fenced_at)`;

/** Forgets a fence, for the value database_name. */
export const FORGET_FENCE = `DELETE FROM ${FENCES_TABLE} WHERE database_name = ?`;

/** A recorded fence. */
export interface RecordedFence {
  readonly attempt: number;
  /** Of the map that wanted it. */
  readonly revision: number;
}

/** The recorded fences by database; of a server that never fenced anything none. */
export async function readFences(run: RunStatement): Promise<ReadonlyMap<string, RecordedFence>> {
  if (!(await hasTable(run))) {
    return new Map();
  }
  const rows = await run('read fences', `SELECT database_name, attempt, map_revision FROM ${FENCES_TABLE}`);
  return new Map(
    rows.map((row) => [
      textOf(row, 'database_name'),
      { attempt: numberOf(row, 'attempt'), revision: numberOf(row, 'map_revision') },
    ]),
  );
}

/** Asks for the recorded fence of one database; see {@link toFence}. The table must be there. */
export function selectFence(database: string): Statement {
  return {
    sql: `SELECT attempt, map_revision FROM ${FENCES_TABLE} WHERE database_name = ?`,
    values: [database],
  };
}

/** Reads the answer; undefined for none. */
export function toFence([row]: readonly Row[]): RecordedFence | undefined {
  return row && { attempt: numberOf(row, 'attempt'), revision: numberOf(row, 'map_revision') };
}

/** Makes the table on a primary. Writes nothing, and logs nothing, where it is. */
export async function ensureFencesTable(run: RunStatement): Promise<void> {
  if (!(await hasTable(run))) {
    await run('keep fences', CREATE_FENCES);
  }
}

async function hasTable(run: RunStatement): Promise<boolean> {
  return (await run('look for fences', FIND_FENCES)).length > 0;
}
