/** Why a login failed, as the router tells failures apart. */
import type { ServerErrorText } from '../wire/server-error.ts';
import type { BackendServer } from './backend-connection.ts';
import { BackendError, type BackendErrorCode } from './backend-error.ts';

/**
 * Numbers of the server's errors. Source: https://mariadb.com/kb/en/mariadb-error-code-reference/
 * 1040 too many connections, 1203 and 1226 too many of this user; 1044, 1045, 1698 credential, 1130 host, 1862 expired
 * password, 4151 locked account.
 */
const CODES: ReadonlyMap<number, BackendErrorCode> = new Map([
  [1040, 'TooManyConnections'],
  [1203, 'TooManyConnections'],
  [1226, 'TooManyConnections'],
  [1044, 'AccessDenied'],
  [1045, 'AccessDenied'],
  [1130, 'AccessDenied'],
  [1698, 'AccessDenied'],
  [1862, 'AccessDenied'],
  [4151, 'AccessDenied'],
]);

/** A login that the server refused. Its words name the user and the router's address, never a credential. */
export function loginRefused(server: BackendServer, error: ServerErrorText): BackendError {
  return new BackendError(
    CODES.get(error.errno) ?? 'Unreachable',
    `${server.pod} refused a login: ${error.errno} ${error.message}`,
    { serverError: error },
  );
}

/** Codes of Node.js for a network that failed, and not a certificate. */
const NETWORK_CODES = /^E(?!RR_)[A-Z]+$/;

/** A TLS handshake that failed. */
export function tlsFailed(server: BackendServer, cause: Error): BackendError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  return NETWORK_CODES.test(code)
    ? new BackendError(
        'Unreachable',
        `${server.pod} closed the connection during the TLS handshake: ${code}`,
        { cause },
      )
    : new BackendError('IdentityRefused', `${server.pod} is not trusted: ${cause.message}`, { cause });
}

/** A connection that could not be made. */
export function connectFailed(server: BackendServer, cause: Error): BackendError {
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  return new BackendError('Unreachable', `${server.pod} cannot be reached: ${code}`, { cause });
}
