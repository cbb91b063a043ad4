import type { ServerErrorText } from '../../wire/server-error.ts';

/**
 * Why a server connection could not do what it was asked.
 * - `Unreachable`: no connection could be made: nobody listens, no route, no such name.
 * - `LoginTimeout`: the login did not end in time, from the first packet of TCP on.
 * - `IdentityRefused`: the server does not speak TLS, or its certificate is not the cluster's for that server.
 * - `AccessDenied`: the server refused the user or the credential.
 * - `TooManyConnections`: the server has no connection left, for anybody or for this user.
 * - `ConnectionLost`: the connection ended by itself.
 * - `Timeout`: no answer in time; the connection was given up.
 * - `ProtocolViolation`: the server sent what the protocol does not allow; the connection was given up.
 * - `Aborted`: the signal of the request aborted; the connection was given up.
 * - `Retired`: the router gave the connection up: its server left its role, or the pool closed.
 * - `PoolFull`: too many requests wait for a connection already.
 * - `PoolTimeout`: no connection became free in time.
 */
export type BackendErrorCode =
  | 'Unreachable'
  | 'LoginTimeout'
  | 'IdentityRefused'
  | 'AccessDenied'
  | 'TooManyConnections'
  | 'ConnectionLost'
  | 'Timeout'
  | 'ProtocolViolation'
  | 'Aborted'
  | 'Retired'
  | 'PoolFull'
  | 'PoolTimeout';

/**
 * What is known about the statement of a request that failed.
 * - `NotSent`: not one byte of it was handed to the network: it can be run elsewhere.
 * - `Unanswered`: it was sent, and no part of its answer came: it may or may not have been executed.
 * - `Answered`: a part of its answer came: it was executed, or at least begun.
 */
export type Execution = 'NotSent' | 'Unanswered' | 'Answered';

/** An error that a server answered with. It holds what the server said, which may quote the statement. */
export type ServerError = ServerErrorText;

/** The one error type of server connections and pools. Its message never holds a credential or a statement. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code: BackendErrorCode;
  readonly execution: Execution;
  /** Where the server itself refused: what it said. */
  readonly serverError: ServerError | undefined;

  constructor(
    code: BackendErrorCode,
    message: string,
    options: ErrorOptions & { readonly execution?: Execution; readonly serverError?: ServerError } = {},
  ) {
    super(message, options);
    this.code = code;
    this.execution = options.execution ?? 'NotSent';
    this.serverError = options.serverError;
  }

  /** The same failure as another request sees it. */
  during(execution: Execution): BackendError {
    return new BackendError(this.code, this.message, {
      execution,
      cause: this,
      ...(this.serverError === undefined ? {} : { serverError: this.serverError }),
    });
  }
}
