/**
 * Why an engine could not do what it was asked.
 * - `Unreachable`: no server answers, or the connection was lost: whether the request took effect is unknown.
 * - `Timeout`: no answer in time: as above, and the server may still carry the request out.
 * - `AccessDenied`: the server refused the agent's own credentials.
 * - `Refused`: a precondition that protects data does not hold; nothing was changed.
 * - `ReceivedNotApplied`: as `Refused`: the request would discard received changes that are not applied yet.
 * - `Busy`: an earlier request of the kind has not ended; nothing was sent.
 * - `NoSpace`: the volume has no room for what was to be written; nothing was changed.
 * - `ServerError`: the server answered with an error.
 * - `ProgramFailed`: a program of the engine ended with an error.
 * - `IncompleteClone`: a stream ended before the copy was complete.
 * - `UnreadableFiles`: files of the data directory are not what the engine expects.
 * - `InvalidPosition`, `InvalidConfiguration`: text that cannot be used.
 * - `SourceLost`: the member that a transfer reads from does not answer, or no longer: another one will do.
 * - `PositionLost`: the source no longer has the changes after a position, or never had that position.
 * - `DefinitionChanged`: a table or the like was defined anew at the source of a transfer, which no tail can repeat.
 * - `NotMovable`: a database holds what a transfer cannot carry exactly; nothing was changed.
 */
export type EngineErrorCode =
  | 'Unreachable'
  | 'Timeout'
  | 'AccessDenied'
  | 'Refused'
  | 'ReceivedNotApplied'
  | 'Busy'
  | 'NoSpace'
  | 'ServerError'
  | 'ProgramFailed'
  | 'IncompleteClone'
  | 'UnreadableFiles'
  | 'InvalidPosition'
  | 'InvalidConfiguration'
  | 'SourceLost'
  | 'PositionLost'
  | 'DefinitionChanged'
  | 'NotMovable';

/** The one error type that engines throw. Its message never holds a password or a statement that does. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** What an error says; the thing itself as text where somebody threw something else. */
export function errorMessage(error: unknown): string {
  const message: unknown = (error as Partial<Error> | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
