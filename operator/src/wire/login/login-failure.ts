/** Why a login failed, told apart. */
import type { ServerErrorText } from '../server-error.ts';
import { LoginError, type LoginErrorCode } from './login-error.ts';
import type { LocalServer, ServerAddress } from './server-address.ts';

/**
 * Numbers of the server's errors. Source: https://mariadb.com/kb/en/mariadb-error-code-reference/
 * 1040 too many connections, 1203 and 1226 too many of this user; 1044, 1045, 1698 credential, 1130 host, 1862 expired
 * password, 4151 locked account.
 */
const CODES: ReadonlyMap<number, LoginErrorCode> = new Map([
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

/** A login that the server refused. Its words name the user and the client's address, never a credential. */
export function loginRefused(server: ServerAddress | LocalServer, error: ServerErrorText): LoginError {
  return new LoginError(
    CODES.get(error.errno) ?? 'Unreachable',
    `${server.pod} refused a login: ${error.errno} ${error.message}`,
    { serverError: error },
  );
}

/** Codes of Node.js for a network that failed, and not a certificate. */
const NETWORK_CODES = /^E(?!RR_)[A-Z]+$/;

/** A TLS handshake that failed. */
export function tlsFailed(server: ServerAddress, cause: Error): LoginError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  return NETWORK_CODES.test(code)
    ? new LoginError('Unreachable', `${server.pod} closed the connection during the TLS handshake: ${code}`, {
        cause,
      })
    : new LoginError('IdentityRefused', `${server.pod} is not trusted: ${cause.message}`, { cause });
}

/** A connection that could not be made. */
export function connectFailed(server: ServerAddress | LocalServer, cause: Error): LoginError {
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  return new LoginError('Unreachable', `${server.pod} cannot be reached: ${code}`, { cause });
}
