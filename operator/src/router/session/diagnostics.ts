import type { ServerErrorText } from '../../wire/server-error.ts';

/** What SHOW WARNINGS tells of the last statement: a row each with level, code and message. */
export interface Diagnostic {
  readonly level: string;
  readonly code: string;
  readonly message: string;
}

/** Nothing to tell. */
export const NO_DIAGNOSTICS: readonly Diagnostic[] = [];

/** An error is its own first diagnostic. */
export function diagnosticOf({ errno, message }: ServerErrorText): Diagnostic {
  return { level: 'Error', code: String(errno), message };
}
