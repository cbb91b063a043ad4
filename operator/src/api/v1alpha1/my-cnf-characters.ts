/**
 * What a line of `spec.config` may not hold, because the server would read something else than its writer, or than
 * the check of owned settings, sees.
 */

/**
 * Characters that cannot be seen, other than the blanks of ASCII: control characters, NUL among them, Unicode blanks
 * and line ends, marks of direction and of width. Valid in RE2 and, with the flag `u`, in JavaScript.
 */
export const INVISIBLE_CHARACTERS = '[^\\P{Z}\\x20]|[^\\P{Cc}\\t\\n\\v\\f\\r]|\\p{Cf}';

/** Fewest characters of a line that is too long. */
export const TOO_LONG_LINE = 1000;

/**
 * A line too long. The server reads option files in pieces of 4096 bytes and takes the rest of a longer line for
 * a line of its own; a character has at most four bytes.
 */
export const TOO_LONG_LINES = `[^\\n]{${TOO_LONG_LINE}}`;
