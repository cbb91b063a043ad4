import { CLASS, utf8Classes } from './character-classes.ts';

const BACKSLASH = 0x5c;
const NEW_LINE = 0x0a;
const STAR = 0x2a;
const SLASH = 0x2f;
const SPACE = 0x20;
const DELETE = 0x7f;
const EXCLAMATION_MARK = 0x21;
const CAPITAL_M = 0x4d;
const ZERO = 0x30;
const NINE = 0x39;

/** What an unterminated comment, string or name has for an end. */
export const UNTERMINATED = -1;

/** The end of the quoted text that begins at `start`, after its closing quote; `UNTERMINATED` without one. A doubled quote is part of it. */
export function quotedEnd(sql: Uint8Array, start: number, size: number, escapes: boolean): number {
  const quote = sql[start];
  let index = start + 1;
  while (index < size) {
    const byte = sql[index];
    if (byte === quote) {
      if (index + 1 < size && sql[index + 1] === quote) index++;
      else return index + 1;
    } else if (byte === BACKSLASH && escapes) {
      index++;
    }
    index++;
  }
  return UNTERMINATED;
}

/** The end of a name in quotes that begins at `start`; `UNTERMINATED` also for a NUL inside, where the server's name would end. */
export function quotedNameEnd(sql: Uint8Array, start: number, size: number): number {
  const quote = sql[start];
  for (let index = start + 1; index < size; index++) {
    const byte = sql[index];
    if (byte === quote) {
      if (index + 1 >= size || sql[index + 1] !== quote) return index + 1;
      index++;
    } else if (byte === 0) {
      return UNTERMINATED;
    }
  }
  return UNTERMINATED;
}

/** True where `--` at `start` begins a comment: a space, a control character or the end follows. */
export function isDashComment(sql: Uint8Array, start: number, size: number): boolean {
  if (start + 2 >= size) return true;
  const byte = sql[start + 2] as number;
  return byte <= SPACE || byte === DELETE;
}

/** The end of a comment that goes on to the end of its line. A NUL ends it, too, as it does in the server. */
export function lineCommentEnd(sql: Uint8Array, start: number, size: number): number {
  let index = start;
  while (index < size && sql[index] !== NEW_LINE && sql[index] !== 0) index++;
  return index;
}

/** The end of the comment that begins with the two bytes at `start`; one that is skipped for its version can have one comment inside. */
export function commentEnd(sql: Uint8Array, start: number, size: number, nested: boolean): number {
  let index = start + 2;
  while (index + 1 < size) {
    if (sql[index] === STAR && sql[index + 1] === SLASH) return index + 2;
    if (nested && sql[index] === SLASH && sql[index + 1] === STAR) {
      const inner = commentEnd(sql, index, size, false);
      if (inner === UNTERMINATED) return UNTERMINATED;
      index = inner;
    } else {
      index++;
    }
  }
  return UNTERMINATED;
}

/** MySQL's versions whose conditional comments MariaDB skips, as their syntax may be unknown to it. Source: sql/sql_lex.cc. */
const FIRST_FOREIGN_VERSION = 50_700;
const LAST_FOREIGN_VERSION = 99_999;

/**
 * Where the text of a conditional comment begins that the server executes; 0 for a comment of the ordinary sort, and
 * `UNTERMINATED` for one that the server skips for its version.
 */
export function conditionalText(sql: Uint8Array, start: number, size: number, serverVersion: number): number {
  let index = start + 2;
  const own = sql[index] === CAPITAL_M && index + 1 < size && sql[index + 1] === EXCLAMATION_MARK;
  if (own) index++;
  if (index >= size || sql[index] !== EXCLAMATION_MARK) return 0;
  index++;
  let digits = 0;
  let version = 0;
  while (digits < 6 && index + digits < size && isDigit(sql[index + digits])) {
    version = version * 10 + ((sql[index + digits] as number) - ZERO);
    digits++;
  }
  if (digits < 5) return index;
  const foreign = version >= FIRST_FOREIGN_VERSION && version <= LAST_FOREIGN_VERSION && !own;
  return version <= serverVersion && !foreign ? index + digits : UNTERMINATED;
}

/** True for the ASCII digits. */
export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/** True for what separates tokens. */
export function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && utf8Classes[byte] === CLASS.space;
}

/** The end of the digits from `start`. */
export function digitsEnd(sql: Uint8Array, start: number, size: number): number {
  let index = start;
  while (index < size && isDigit(sql[index])) index++;
  return index;
}

/** The end of the bytes from `start` that a table of bytes marks. */
export function runEnd(sql: Uint8Array, start: number, size: number, marks: Uint8Array): number {
  let index = start;
  while (index < size && marks[sql[index] as number] === 1) index++;
  return index;
}
