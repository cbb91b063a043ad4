import { assertNever } from '../../runtime/assert-never.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import type { ServerErrorText } from '../../wire/server-error.ts';
import { ClientError, KilledError } from './client-error.ts';
import type { EndReason, RefusalReason } from './client-observer.ts';

/** Why a connection is to end. The cause is what to tell the client, if it is a {@link ClientError}. */
export class EndError extends Error {
  readonly code: EndReason;

  constructor(code: EndReason, cause?: unknown) {
    super(`the connection ends: ${code}`, cause === undefined ? undefined : { cause });
    this.name = 'EndError';
    this.code = code;
  }
}

/** Error 1159: the login took too long. */
export function loginTimeout(): ClientError {
  return new ClientError(1159, '08S01', 'Got timeout reading communication packets: the login took too long');
}

/** Error 1053: this process stops. */
export function shuttingDown(): ClientError {
  return new ClientError(1053, '08S01', 'Server shutdown in progress: connect again');
}

/** Error 1203, in the server's words. */
export function tooManyOfUser(user: string): ClientError {
  return new ClientError(
    1203,
    '42000',
    `User ${user} already has more than 'max_user_connections' active connections`,
  );
}

/** Error 1040, in the server's words. */
export function tooManyConnections(): ClientError {
  return new ClientError(1040, '08004', 'Too many connections');
}

/** CR_CONN_HOST_ERROR, as other routers of this protocol tell it: nobody is there to serve the client now. */
export function noWorker(): ClientError {
  return new ClientError(
    2003,
    'HY000',
    'No worker of the router can serve this connection now: connect again',
  );
}

/** What a client is told of an error that is not meant for it. */
const INTERNAL: ServerErrorText = {
  errno: 1105,
  sqlState: 'HY000',
  message: 'The router failed to run this command; its log says why',
};

/** The text for a client whose command failed with `error`. */
export function textForClient(error: unknown): ServerErrorText {
  return error instanceof ClientError ? error : INTERNAL;
}

/** What a client can still be told about the end of its connection; null for nothing. */
export function lastWords(error: unknown): ServerErrorText | null {
  if (error instanceof EndError) return error.cause instanceof ClientError ? error.cause : null;
  if (!(error instanceof ProtocolError)) return textForClient(error);
  const { message } = error;
  switch (error.code) {
    case 'too-large':
      return {
        errno: 1153,
        sqlState: '08S01',
        message: `Got a packet bigger than 'max_allowed_packet' bytes: ${message}`,
      };
    case 'out-of-order':
      return { errno: 1156, sqlState: '08S01', message: `Got packets out of order: ${message}` };
    case 'malformed':
      return { errno: 1835, sqlState: 'HY000', message: `Malformed communication packet: ${message}` };
    case 'unsupported':
      return {
        errno: 1251,
        sqlState: '08004',
        message: `Client does not support what is needed: ${message}`,
      };
    case 'closed':
      return null;
    default:
      return assertNever(error.code);
  }
}

/** Under which reason an end is counted. */
export function endReason(error: unknown): EndReason {
  if (error instanceof EndError) return error.code;
  if (error instanceof ProtocolError) return error.code === 'closed' ? 'gone' : 'protocol';
  return error instanceof KilledError ? 'killed' : 'internal';
}

/** Under which reason a login that failed is counted. */
export function refusalReason(error: unknown): RefusalReason {
  if (error instanceof ClientError) {
    if (error.errno === 1159) return 'login-timeout';
    return error.errno === 1203 ? 'too-many-of-user' : 'access-denied';
  }
  if (error instanceof ProtocolError) return error.code === 'closed' ? 'gone' : 'protocol';
  return error instanceof EndError ? 'gone' : 'internal';
}
