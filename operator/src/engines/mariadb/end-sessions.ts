import { EngineError } from '../engine-error.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from './roles.ts';
import type { ServerAccess } from './server-access.ts';

/** Of rows of PROCESSLIST: neither the server's own threads nor those that send its log to replicas. */
export const SESSIONS_OF_OTHERS = `USER NOT IN ('system user', 'event_scheduler') AND COMMAND NOT IN ('Daemon', 'Binlog Dump')`;

/** A session that has ended by itself. */
const NO_SUCH_THREAD = ': 1094 ';

/**
 * Tells sessions to end, which they do when they next look whether they should: idle ones at once. No error where one
 * has ended by itself: it ends the list, which then goes one by one.
 */
export async function endSessions(
  server: ServerAccess,
  ids: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const statements = ids.map((id) => ({ sql: `KILL CONNECTION ${id}` }));
  const groups = [statements, ...statements.map((each) => [each])];
  for (const group of groups.filter(({ length }) => length > 0)) {
    try {
      await server.runAll('end sessions', group, STATEMENT_TIMEOUT_MILLISECONDS, signal);
      if (group === statements) {
        return;
      }
    } catch (error) {
      if (!(error instanceof EngineError) || !error.message.includes(NO_SUCH_THREAD)) {
        throw error;
      }
    }
  }
}
