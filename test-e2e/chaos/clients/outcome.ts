import type { Outcome } from '../history/operation.ts';

/** A statement was given up on by the client itself, which then no longer knows. */
export class GivenUpError extends Error {
  readonly code = 'GivenUp';
}

/**
 * Errors with which a server refuses a statement before it changes anything.
 * Source: https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
const REFUSALS: ReadonlySet<number> = new Set([
  1205, // ER_LOCK_WAIT_TIMEOUT
  1213, // ER_LOCK_DEADLOCK
  1290, // ER_OPTION_PREVENTS_STATEMENT: the server is read-only
  1836, // ER_READ_ONLY_MODE
  1062, // ER_DUP_ENTRY
  1146, // ER_NO_SUCH_TABLE
  1044, // ER_DBACCESS_DENIED_ERROR
  1049, // ER_BAD_DB_ERROR
  1142, // ER_TABLEACCESS_DENIED_ERROR
]);

/**
 * What a client knows of a statement that failed. Only an answer of the server that stands for a refusal is certain;
 * a broken connection, a time-out and the errors of a server that is being killed leave it open.
 */
export function classifyFailure(error: unknown): Exclude<Outcome, 'ok'> {
  const number = (error as { errno?: unknown }).errno;
  return typeof number === 'number' && REFUSALS.has(number) ? 'fail' : 'indeterminate';
}

/** Whether the server said that it takes no writes. */
export function isReadOnlyRefusal(error: unknown): boolean {
  const number = (error as { errno?: unknown }).errno;
  return number === 1290 || number === 1836;
}

/** A short name of the error, for the history. */
export function nameOfError(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
}
