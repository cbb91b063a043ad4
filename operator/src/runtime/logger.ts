/** Structured facts that accompany a message. Never put a secret here. */
export type LogFields = Record<string, unknown>;

/** Where this library writes what happens; wrap any logging package in it. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every message. */
  child(fields: LogFields): Logger;
}

/** Discards everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};

/** The fields that describe an error in a log line: its message, its code and the messages of its causes. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) {
    return { error: String(error) };
  }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const cause = error.cause instanceof Error ? { cause: describeCauses(error.cause) } : {};
  return { error: error.message, ...code, ...cause };
}

/** Causes deeper than this are not told: a cycle of causes would never end. */
const DEEPEST_CAUSE = 5;

function describeCauses(first: Error): string {
  const messages: string[] = [];
  let cause: unknown = first;
  while (cause instanceof Error && messages.length < DEEPEST_CAUSE) {
    messages.push(cause.message);
    cause = cause.cause;
  }
  return messages.join(': ');
}
