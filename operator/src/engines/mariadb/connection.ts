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

/** A login over the socket takes no round trip through a network: longer than this, the server hangs. */
const LOGIN_TIMEOUT_MILLISECONDS = 2000;

/**
 * Keeps what the agent does out of the server's logs, which show the password in CHANGE MASTER TO as it is, and an
 * idle connection open for a year, the longest there is: its end is taken for the server's.
 */
const SESSION_SETTINGS =
  "SET SESSION sql_log_off = 1, slow_query_log = 0, time_zone = '+00:00', sql_mode = 'TRADITIONAL', wait_timeout = 31536000, lock_wait_timeout = 10, innodb_lock_wait_timeout = 10, autocommit = 1";

/** A login to the server. Requests are sent one after the other, in the order of the calls. */
export interface Connection {
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

  const connection: Connection = {
    ended,
    query(what, sql, values, timeoutMilliseconds, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Row[]>();
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
          resolve(Array.isArray(rows) ? rows : []);
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
    },
    close: () => closeWith(new EngineError('Unreachable', 'the connection was closed')),
  };
  try {
    await connection.query('login', SESSION_SETTINGS, [], LOGIN_TIMEOUT_MILLISECONDS, signal);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}
