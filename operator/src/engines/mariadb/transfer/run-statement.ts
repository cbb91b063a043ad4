import type { Connection, Row, SqlValue, Statement } from '../connection.ts';
import { STATEMENT_TIMEOUT_MILLISECONDS } from '../roles.ts';

/** Runs one statement that waits for the server itself and no longer. `what` names it in errors. */
export type RunStatement = (
  what: string,
  sql: string,
  values?: readonly SqlValue[],
) => Promise<readonly Row[]>;

/** On a connection, until the signal aborts. */
export function runOn(connection: Pick<Connection, 'query'>, signal: AbortSignal): RunStatement {
  return (what, sql, values = []) =>
    connection.query(what, sql, values, STATEMENT_TIMEOUT_MILLISECONDS, signal);
}

/** Runs several, one after the other, for one way there and back; the rows of each. See `Connection.queryAll`. */
export type RunStatements = (
  what: string,
  statements: readonly Statement[],
) => Promise<readonly (readonly Row[])[]>;

/** On a connection, until the signal aborts. */
export function runAllOn(connection: Pick<Connection, 'queryAll'>, signal: AbortSignal): RunStatements {
  return (what, statements) => connection.queryAll(what, statements, STATEMENT_TIMEOUT_MILLISECONDS, signal);
}
