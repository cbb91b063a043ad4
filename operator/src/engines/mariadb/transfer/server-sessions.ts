/** Who is connected to the server and what they do, as far as a fence has to know. Pure. */
import type { Row } from '../connection.ts';
import { AGENT_USER } from '../credentials.ts';
import { numberOf, textOf } from '../slave-status.ts';

/** One session of a user. */
export interface ServerSession {
  readonly id: number;
  readonly user: string;
  readonly host: string;
  /** Its current database; empty for none. */
  readonly database: string;
  /** Number of the statement it runs, which no other statement ever has. */
  readonly statement: string;
  readonly isIdle: boolean;
  /** What its statement does now, in the server's words. */
  readonly state: string;
}

/** Everybody but the server's own threads and the agent: nothing of what these do is acknowledged to a user. */
export const SESSIONS = `SELECT ID AS id, USER AS user, COALESCE(HOST, '') AS host, COALESCE(DB, '') AS db,
    CAST(QUERY_ID AS CHAR) AS statement, COMMAND AS command, COALESCE(STATE, '') AS state
  FROM information_schema.PROCESSLIST
  WHERE USER NOT IN ('system user', 'event_scheduler', '${AGENT_USER}') AND COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker')`;

/** Reads the answer to {@link SESSIONS}. */
export function readSessions(rows: readonly Row[]): readonly ServerSession[] {
  return rows.map((row) => ({
    id: numberOf(row, 'id'),
    user: textOf(row, 'user'),
    host: textOf(row, 'host'),
    database: textOf(row, 'db'),
    statement: textOf(row, 'statement'),
    isIdle: textOf(row, 'command') === 'Sleep',
    state: textOf(row, 'state'),
  }));
}

/**
 * States of statements that have opened their tables, and so hold their metadata locks. Before that a statement may have been
 * checked already and hold nothing. Source: the server's `stage_...` instruments in sql/mysqld.cc; one that is not listed
 * counts as not there yet.
 */
const HAVE_OPENED = new Set([
  'Sending data',
  'Writing to net',
  'Updating',
  'Update',
  'Deleting from main table',
  'Commit',
  'Writing to binlog',
  'Waiting for semi-sync ACK from slave',
  'Waiting for prior transaction to commit',
  'Sorting result',
  'Creating sort index',
  'Copying to tmp table',
  'Query end',
  'closing tables',
  'User sleep',
  'Filling schema table',
]);

/**
 * The statements whose rights may have been checked before rights were taken, and that have not locked their tables since: a
 * lock on the tables is no proof that they are over. `before`: those of an earlier look that still were; without it, all
 * that run now may.
 */
export function unsettledStatements(
  sessions: readonly ServerSession[],
  before?: ReadonlyMap<string, ServerSession>,
): ReadonlyMap<string, ServerSession> {
  return new Map(
    sessions
      .filter(({ isIdle, state }) => !isIdle && !HAVE_OPENED.has(state))
      // A session that logs in has no statement yet.
      .map((session) => [`${session.id} ${session.statement}`, session] as const)
      .filter(([key]) => before?.has(key) !== false),
  );
}

/** Names a session in a message. */
export function describeSession({ id, user, host }: Pick<ServerSession, 'id' | 'user' | 'host'>): string {
  return `session ${id} of ${user} from ${host}`;
}
