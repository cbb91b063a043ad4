/** One connection to the server over its socket, every request with a time limit. */
import type { RowDataPacket } from 'mysql2';
import { abortReason } from '../../runtime/abort.ts';
import { EngineError } from '../engine-error.ts';
import { AGENT_USER } from './credentials.ts';
import { toEngineError } from './server-error.ts';

/** A value to fill in for a `?`. */
export type SqlValue = string | number | bigint | null;
/** A row: column names to values. 64-bit integers are numbers where they fit, else text. */
export type Row = Readonly<Record<string, unknown>>;

/** One of several statements that are sent at once. */
export interface Statement {
  readonly sql: string;
  /** @default none */
  readonly values?: readonly SqlValue[];
}

/** A login over the socket takes no round trip through a network: longer than this, the server hangs. */
const LOGIN_TIMEOUT_MILLISECONDS = 2000;

/**
 * Keeps what the agent does out of the server's logs, which show the password in CHANGE MASTER TO as it is, and an
 * idle connection open for a year, the longest there is: its end is taken for the server's.
 */
const SESSION_SETTINGS =
  "SET SESSION sql_log_off = 1, slow_query_log = 0, time_zone = '+00:00', sql_mode = 'TRADITIONAL', wait_timeout = 31536000, lock_wait_timeout = 10, innodb_lock_wait_timeout = 10, autocommit = 1";

/** What an administrator limits for the sake of applications, and how they write, is none of the agent's statements' concern. */
const WITHOUT_LIMITS =
  "SET SESSION max_statement_time = 0, sql_big_selects = 1, sql_select_limit = 18446744073709551615, sql_safe_updates = 0, completion_type = 'NO_CHAIN'";

/** A login to the server. Requests are sent one after the other, in the order of the calls. */
export interface Connection {
  /** The server's number of it, by which it can be told from others. */
  readonly id: number;
  /** Resolves, once, when the connection is gone, with the reason. */
  readonly ended: Promise<Error>;
  /**
   * Runs one statement. `what` names it in errors. After a `Timeout`, or an abort of a statement under way, the
   * connection is closed: the answer that is still to come would belong to the next request.
   */
  query(
    what: string,
    sql: string,
    values: readonly SqlValue[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  /**
   * Runs several statements for one way there and back: one after the other, up to the first that fails,
   * which fails them all. Returns the rows of each. Otherwise as `query`. The text of a statement is never anybody else's
   * than ours, for a semicolon in it would begin another.
   */
  queryAll(
    what: string,
    statements: readonly Statement[],
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly (readonly Row[])[]>;
  close(): void;
}

/**
 * Logs in as the agent. EngineError `Unreachable` where nobody listens, `Timeout` where somebody does and does not
 * answer, `AccessDenied`.
 */
export async function openConnection(
  socketPath: string,
  password: string,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
  // Loaded by the first who connects: the operator describes engines and never talks to one.
  const { createConnection } = await import('./driver.ts');
  const driver = createConnection({
    socketPath,
    user: AGENT_USER,
    password,
    connectTimeout: LOGIN_TIMEOUT_MILLISECONDS,
    supportBigNumbers: true,
    dateStrings: true,
    charset: 'utf8mb4',
    multipleStatements: true,
  });
  // The driver forgets requests that are under way when its connection is destroyed: they are rejected here.
  const underWay = new Set<(reason: Error) => void>();
  const closeWith = (reason: Error): void => {
    driver.destroy();
    end(reason);
    underWay.forEach((fail) => fail(reason));
  };
  driver.on('error', (error) => closeWith(toEngineError(error, 'connection')));
  driver.on('end', () => closeWith(new EngineError('Unreachable', 'the server closed the connection')));

  const send = <Answer>(
    what: string,
    { sql, values = [] }: Statement,
    read: (rows: unknown) => Answer,
    timeoutMilliseconds: number,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const giveUp = (error: Error): void => {
      closeWith(error);
      reject(error);
    };
    const onAbort = (): void => giveUp(abortReason(signal));
    if (signal.aborted) {
      reject(abortReason(signal));
      return promise;
    }
    const timer = setTimeout(
      () => giveUp(new EngineError('Timeout', `${what}: no answer within ${timeoutMilliseconds} ms`)),
      timeoutMilliseconds,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    driver.query<RowDataPacket[]>(sql, [...values], (error, rows) => {
      if (error === null) {
        resolve(read(rows));
      } else {
        reject(toEngineError(error, what));
      }
    });
    underWay.add(reject);
    return promise.finally(() => {
      underWay.delete(reject);
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  };
  const connection: Connection = {
    get id() {
      return driver.threadId ?? 0;
    },
    ended,
    query: (what, sql, values, timeoutMilliseconds, signal) =>
      send(what, { sql, values }, rowsOf, timeoutMilliseconds, signal),
    queryAll: (what, statements, timeoutMilliseconds, signal) =>
      send(
        what,
        {
          sql: statements.map(({ sql }) => sql).join(';\n'),
          values: statements.flatMap(({ values = [] }) => values),
        },
        // The driver has a list of answers only where there are several.
        (results) => (statements.length === 1 ? [rowsOf(results)] : (results as unknown[]).map(rowsOf)),
        timeoutMilliseconds,
        signal,
      ),
    close: () => closeWith(new EngineError('Unreachable', 'the connection was closed')),
  };
  try {
    const settings = [{ sql: SESSION_SETTINGS }, { sql: WITHOUT_LIMITS }];
    await connection.queryAll('login', settings, LOGIN_TIMEOUT_MILLISECONDS, signal);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}

/** The rows of one answer; none, where it is that of a statement without any. */
function rowsOf(rows: unknown): readonly Row[] {
  return Array.isArray(rows) ? (rows as readonly Row[]) : [];
}
