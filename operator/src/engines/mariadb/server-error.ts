/** Errors of the driver and the server, told apart once. */
import { EngineError } from '../engine-error.ts';

/** Numbers that mean the agent's credentials were refused. */
const ACCESS_DENIED = new Set([1045, 1698]);

/** A syntax error, whose message quotes the statement. */
const SYNTAX_ERROR = 1064;

/** Errors of the driver that carry a number only when they come from the server. */
interface DriverError extends Error {
  readonly errno?: number;
  readonly code?: string;
  readonly sqlState?: string;
}

/**
 * Turns whatever the driver threw into an EngineError. The driver attaches the statement to its errors, which may
 * hold a password: only number and message are kept, and the original is no cause.
 */
export function toEngineError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) {
    return error;
  }
  const { message, errno, code, sqlState } = error as DriverError;
  if (sqlState === undefined || errno === undefined) {
    return new EngineError('Unreachable', `${what}: ${code ?? message}`);
  }
  if (ACCESS_DENIED.has(errno)) {
    return new EngineError('AccessDenied', `${what}: ${message}`);
  }
  const words = errno === SYNTAX_ERROR ? 'syntax error' : message;
  return new EngineError('ServerError', `${what}: ${errno} ${words}`);
}
