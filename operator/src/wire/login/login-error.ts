import type { ServerErrorText } from '../server-error.ts';

/**
 * Why a login failed.
 * - `Unreachable`: no connection could be made: nobody listens, no route, no such name.
 * - `LoginTimeout`: the login did not end in time, from the first packet of TCP on.
 * - `IdentityRefused`: the server does not speak TLS, or its certificate is not the cluster's for that server.
 * - `AccessDenied`: the server refused the user or the credential.
 * - `TooManyConnections`: the server has no connection left, for anybody or for this user.
 * - `ProtocolViolation`: the server sent what the protocol does not allow.
 * - `Aborted`: the signal aborted; its reason is the cause.
 */
export type LoginErrorCode =
  | 'Unreachable'
  | 'LoginTimeout'
  | 'IdentityRefused'
  | 'AccessDenied'
  | 'TooManyConnections'
  | 'ProtocolViolation'
  | 'Aborted';

/** A login that failed. Its message never holds a credential. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: LoginErrorCode;
  /** Where the server itself refused: what it said. */
  readonly serverError: ServerErrorText | undefined;

  constructor(
    code: LoginErrorCode,
    message: string,
    options: ErrorOptions & { readonly serverError?: ServerErrorText } = {},
  ) {
    super(message, options);
    this.code = code;
    this.serverError = options.serverError;
  }
}
