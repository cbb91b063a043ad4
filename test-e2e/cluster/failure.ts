/** Why the development cluster refused or gave up; `remedy` is what the user can do about it. */
export type ClusterErrorCode =
  | 'InvalidArguments'
  | 'MissingRequirement'
  | 'UnsupportedSystem'
  | 'CommandFailed'
  | 'Timeout'
  | 'NotFound'
  | 'Busy';

/** An expected failure, written for the person at the terminal: no stack trace is shown for it. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ClusterErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ClusterError';
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The text shown for any failure: the message, its remedy, or the stack of an unexpected error. */
export function describeFailure(error: unknown): string {
  if (error instanceof ClusterError) {
    return error.remedy === undefined ? error.message : `${error.message}\n\n${error.remedy}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
