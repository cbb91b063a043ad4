/** Removing what a move has left on the side that does not serve it. */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import { FIND_MOVE_PROGRESS, MOVE_PROGRESS_TABLE } from './move-progress.ts';
import { FIND_FENCES, FENCES_TABLE } from './recorded-fences.ts';
import type { RowSession } from './row-session.ts';
import { stringLiteral } from './tables.ts';
import { requireUnused } from './unused-database.ts';

/**
 * See SlotTransfer.drop. What is recorded goes first: a database that is half there must not count as one that was copied. The
 * fence goes last, for the rights that it stands for.
 */
export async function dropDatabase(
  session: RowSession,
  database: string,
  moveId: string,
  signal: AbortSignal,
): Promise<void> {
  await requireUnused(session, database, signal);
  await deleteIn(
    session,
    FIND_MOVE_PROGRESS,
    // Earlier moves have brought it here, and are over.
    `DELETE FROM ${MOVE_PROGRESS_TABLE} WHERE move_id = ${stringLiteral(moveId)} OR database_name = ${stringLiteral(database)}`,
    signal,
  );
  await session.query('leave keys alone', 'SET SESSION foreign_key_checks = 0', signal);
  await session.query('drop the database', `DROP DATABASE IF EXISTS ${quoteName(database)}`, signal);
  await deleteIn(
    session,
    FIND_FENCES,
    `DELETE FROM ${FENCES_TABLE} WHERE database_name = ${stringLiteral(database)}`,
    signal,
  );
}

/** See SlotTransfer.forget. */
export async function forgetMove(session: RowSession, moveId: string, signal: AbortSignal): Promise<void> {
  // The agent's own account could write to a replica, which then had what no other member has.
  const [row] = await session.query('look whether it is open', 'SELECT @@global.read_only', signal);
  if (row?.[0]?.toString() !== '0') {
    throw new EngineError('Refused', 'the server takes no writes');
  }
  await deleteIn(
    session,
    FIND_MOVE_PROGRESS,
    `DELETE FROM ${MOVE_PROGRESS_TABLE} WHERE move_id = ${stringLiteral(moveId)}`,
    signal,
  );
}

/** A table that was never needed was never made. */
async function deleteIn(
  session: RowSession,
  find: string,
  statement: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await session.query('look for what is recorded', find, signal)).length > 0) {
    await session.query('forget the move', statement, signal);
  }
}
