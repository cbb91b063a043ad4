/** What becomes of a statement that a server could not run, or did not answer. */
import { BackendError } from '../backend/backend-error.ts';
import type { Outcome } from '../backend/outcome.ts';
import { assertNever } from '../../runtime/assert-never.ts';

/** What to do about a failed attempt. */
export type Verdict =
  /** Nothing of the statement was executed: another attempt, when the shard has a usable server, is safe. */
  | { readonly kind: 'again' }
  /** It may have been executed: repeat it only if that changes nothing. */
  | { readonly kind: 'unknown' }
  /** Not a matter of the server's state: for the client. */
  | { readonly kind: 'final' }
  /** The servers do not know the user, or not this credential. */
  | { readonly kind: 'denied' }
  /** Too many connections, here or there. */
  | { readonly kind: 'full' };

/** Of a connection that could not be had, or was lost. */
export function classifyBackendError(error: BackendError): Verdict {
  if (error.execution !== 'NotSent') {
    return { kind: 'unknown' };
  }
  switch (error.code) {
    case 'Unreachable':
    case 'LoginTimeout':
    case 'IdentityRefused':
    case 'ConnectionLost':
    case 'Timeout':
    case 'ProtocolViolation':
    case 'Retired':
      return { kind: 'again' };
    case 'AccessDenied':
      return { kind: 'denied' };
    case 'TooManyConnections':
    case 'PoolFull':
    case 'PoolTimeout':
      return { kind: 'full' };
    case 'Aborted':
      return { kind: 'final' };
    default:
      return assertNever(error.code);
  }
}

/** ER_OPTION_PREVENTS_STATEMENT: the server is closed for writes; it refuses before it executes. */
const READ_ONLY = 1290;
/** ER_SERVER_SHUTDOWN and ER_CONNECTION_KILLED: what was under way may have been committed. */
const ENDING = new Set([1053, 1927]);

/** Of a statement that the server answered with an error; undefined where there was none. */
export function classifyOutcome({ error }: Outcome): Verdict | undefined {
  if (error === undefined) {
    return undefined;
  }
  if (error.errno === READ_ONLY && /read[-_]only/i.test(error.message)) {
    return { kind: 'again' };
  }
  return ENDING.has(error.errno) ? { kind: 'unknown' } : { kind: 'final' };
}
