/** A view of one moment on a server, with the position of that moment. */
import { EngineError } from '../../engine-error.ts';
import type { Position } from '../../position.ts';
import { mariadbPositions } from '../gtid.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral, textAt } from './tables.ts';

/**
 * What a session that reads begins with: bytes as they are stored, times that are the same everywhere, and no limit on
 * how long one may take.
 */
export const READ_SETTINGS =
  "SET SESSION time_zone = '+00:00', sql_mode = '', character_set_results = NULL, net_write_timeout = 86400, max_statement_time = 0, sql_quote_show_create = 1, lock_wait_timeout = 30";

/** Opens the view. What is read on the session from now on is as of the position; see BINLOG_GTID_POS. */
export async function openSnapshot(session: RowSession, signal: AbortSignal): Promise<Position> {
  await session.query('read settings', 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ', signal);
  await session.query('open a snapshot', 'START TRANSACTION WITH CONSISTENT SNAPSHOT', signal);
  const status = await session.query('find the snapshot', "SHOW STATUS LIKE 'binlog_snapshot_%'", signal);
  const values = new Map(status.map((row) => [textAt(row, 0).toLowerCase(), textAt(row, 1)]));
  const file = values.get('binlog_snapshot_file') ?? '';
  const offset = values.get('binlog_snapshot_position') ?? '';
  if (file === '' || !/^\d+$/.test(offset)) {
    throw new EngineError('SourceLost', 'the server keeps no log of changes');
  }
  const [row] = await session.query(
    'find the snapshot’s position',
    `SELECT BINLOG_GTID_POS(${stringLiteral(file)}, ${offset})`,
    signal,
  );
  const position = row?.[0]?.toString('latin1');
  if (position === undefined) {
    throw new EngineError('SourceLost', 'the server does not know the position of its own snapshot');
  }
  return mariadbPositions.parse(position);
}

/** Lets go of what was locked since the snapshot was opened: a definition that waits for it holds replication up. */
export async function releaseTables(session: RowSession, signal: AbortSignal): Promise<void> {
  await session.query('release tables', 'ROLLBACK TO SAVEPOINT shardwright', signal);
}

/** Marks what `releaseTables` goes back to. */
export async function markTables(session: RowSession, signal: AbortSignal): Promise<void> {
  await session.query('mark tables', 'SAVEPOINT shardwright', signal);
}
