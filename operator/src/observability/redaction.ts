/**
 * A last line of defence: nothing secret is meant to reach the log, and what looks secret is blanked in case
 * it does.
 */

const REPLACEMENT = '[redacted]';

/** Objects nested deeper than this are told as their type only; a log line is no dump. */
const DEEPEST_LEVEL = 6;

/** Endings, after letters only are kept, of the field names whose values are blanked. */
const SECRET_ENDINGS = [
  'password',
  'passwd',
  'passphrase',
  'token',
  'secret',
  'secrets',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'privatekey',
  'apikey',
];

/** `user:password@` after `//`, as in database and HTTP addresses. */
const USER_INFORMATION = /\/\/[^\s/@:]*:[^\s/@]+@/g;

/** Whether a field of this name may hold a secret: `password`, `db_password`, `accessToken`; not `secretName`. */
export function looksSecret(fieldName: string): boolean {
  const letters = fieldName.toLowerCase().replaceAll(/[^a-z]/g, '');
  return SECRET_ENDINGS.some((ending) => letters.endsWith(ending));
}

/**
 * A copy of `value` fit for a log line: fields that look secret and passwords inside URLs are blanked, errors
 * become plain objects, big integers become strings, and cycles and deep levels are cut.
 */
export function redact(value: unknown): unknown {
  return redactLevel(value, 0, new Set());
}

function redactLevel(value: unknown, level: number, ancestors: ReadonlySet<object>): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(USER_INFORMATION, `//${REPLACEMENT}@`);
  }
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    return `[${typeof value}]`;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  }
  if (ancestors.has(value)) {
    return '[circular]';
  }
  if (level >= DEEPEST_LEVEL) {
    return Array.isArray(value) ? '[array]' : '[object]';
  }
  const inside = new Set([...ancestors, value]);
  if (Array.isArray(value)) {
    return value.map((item: unknown) => redactLevel(item, level + 1, inside));
  }
  const entries = value instanceof Error ? errorEntries(value) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      name,
      looksSecret(name) ? REPLACEMENT : redactLevel(item, level + 1, inside),
    ]),
  );
}

/** Name, message, stack and cause are not enumerable, so that a plain copy of an error would be empty. */
function errorEntries(error: Error): [string, unknown][] {
  return [
    ['name', error.name],
    ['message', error.message],
    ...Object.entries(error),
    ['stack', error.stack],
    ...(error.cause === undefined ? [] : [['cause', error.cause] satisfies [string, unknown]]),
  ];
}
