/** Closing a server for writes, and giving that up without leaving it half done. */
import { EngineError } from '../engine-error.ts';
import type { Position } from '../position.ts';
import { toPosition } from './gtid.ts';
import { appliedOf } from './observe.ts';
import type { ServerAccess } from './server-access.ts';

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
): Promise<Position> {
  const [own = 0] = server.ownConnections();
  let cancelled: Promise<unknown> | undefined;
  const timer = server.clock.setTimer(timeoutMilliseconds, () => {
    // It is no write: to cancel it acknowledges nothing.
    const sql = `KILL QUERY ${own}`;
    cancelled = server.beside('cancel the closing', sql, [], CANCEL_MILLISECONDS, signal).catch(() => {});
  });
  try {
    const facts = await server.factsAfter(
      { what: 'close for writes', statements: [{ sql: 'SET GLOBAL read_only = ON' }] },
      timeoutMilliseconds + CANCEL_MILLISECONDS,
      signal,
    );
    return toPosition(appliedOf(facts));
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
