/** Closing a server for writes, and giving that up without leaving it half done. */
import { EngineError } from '../engine-error.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';
import { numberOf } from './slave-status.ts';

/** For a statement that was cancelled to end: it only waits. */
const CANCEL_MILLISECONDS = 2000;

/**
 * See Roles.closeWrites. The statement waits for every write under way, and all others wait for the statement: given
 * up by its caller alone, it would go on holding them up, and close the server at a moment when nobody expects it.
 */
export async function closeWrites(
  server: ServerAccess,
  timeoutMilliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const [row = {}] = await server.run(
    'identify the connection',
    'SELECT CONNECTION_ID() AS id',
    [],
    STATEMENT_TIMEOUT_MILLISECONDS,
    signal,
  );
  let cancelled: Promise<unknown> | undefined;
  const timer = server.clock.setTimer(timeoutMilliseconds, () => {
    // It is no write: to cancel it acknowledges nothing.
    const sql = `KILL QUERY ${numberOf(row, 'id')}`;
    cancelled = server.beside('cancel the closing', sql, [], CANCEL_MILLISECONDS, signal).catch(() => {});
  });
  try {
    await server.run(
      'close for writes',
      'SET GLOBAL read_only = ON',
      [],
      timeoutMilliseconds + CANCEL_MILLISECONDS,
      signal,
    );
  } catch (cause) {
    if (cancelled === undefined) {
      throw cause;
    }
    throw new EngineError('Timeout', `writes have not ended within ${timeoutMilliseconds} ms`, { cause });
  } finally {
    timer.cancel();
    await cancelled;
  }
}
