import { CLASS, utf8Classes } from './character-classes.ts';
import {
  UNTERMINATED,
  commentEnd,
  digitsEnd,
  isDigit,
  quotedEnd,
  quotedNameEnd,
  runEnd,
} from './lexical-spans.ts';
import { LITERAL, TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';

const AT = 0x40;
const DOT = 0x2e;
const SINGLE_QUOTE = 0x27;
const LESS = 0x3c;
const EQUAL = 0x3d;
const GREATER = 0x3e;
const EXCLAMATION_MARK = 0x21;
const COLON = 0x3a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ZERO = 0x30;
const LETTER_N = 0x4e;
const LETTER_X = 0x58;
const SMALL_B = 0x62;
const SMALL_E = 0x65;
const SMALL_X = 0x78;
const LETTER_CASE = 0x20;
const HINT = Buffer.from('shardwright:');

function markBytes(characters: string): Uint8Array {
  const marks = new Uint8Array(256);
  for (const character of characters) marks[character.charCodeAt(0)] = 1;
  return marks;
}

const hexDigits = markBytes('0123456789abcdefABCDEF');
const bitDigits = markBytes('01');

/** Reads a string in quotes. Like all readers here, it appends what it reads to `tokens` and returns where that ends. */
export function readString(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  escapes: boolean,
): number {
  const end = quotedEnd(sql, start, size, escapes);
  if (end === UNTERMINATED) return tokens.fail('a string that does not end');
  return tokens.addLiteral(LITERAL.string, start, end);
}

/** Reads `N'…'`, `x'…'` or `b'…'`. */
export function readPrefixed(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  escapes: boolean,
): number {
  const letter = (sql[start] as number) & ~LETTER_CASE;
  if (letter === LETTER_N) {
    const end = quotedEnd(sql, start + 1, size, escapes);
    if (end === UNTERMINATED) return tokens.fail('a string that does not end');
    return tokens.addLiteral(LITERAL.nationalString, start, end);
  }
  const hex = letter === LETTER_X;
  const end = runEnd(sql, start + 2, size, hex ? hexDigits : bitDigits);
  const odd = hex && (end - start) % 2 === 1;
  if (end >= size || sql[end] !== SINGLE_QUOTE || odd) {
    return tokens.fail('a hexadecimal or bit value with characters that do not belong there');
  }
  return tokens.addLiteral(hex ? LITERAL.hexString : LITERAL.bitString, start, end + 1);
}

/** Reads a name in quotes. */
export function readQuotedName(tokens: TokenList, sql: Uint8Array, start: number, size: number): number {
  const end = quotedNameEnd(sql, start, size);
  if (end === UNTERMINATED) return tokens.fail('a quoted name that does not end');
  tokens.add(TOKEN.name, start, end, 0);
  return end;
}

/** Reads the rest of a name from `start`, as it is after a dot. */
export function readAttachedName(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  nameBytes: Uint8Array,
): number {
  const end = runEnd(sql, start, size, nameBytes);
  tokens.add(TOKEN.name, start, end, 0);
  return end;
}

/** Reads what begins with a digit, or with a dot before a digit: a number, or a name such as `2fa`. */
export function readNumber(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  nameBytes: Uint8Array,
): number {
  const first = sql[start];
  let end = start;
  if (first !== DOT) {
    if (first === ZERO && start + 1 < size) {
      const prefix = sql[start + 1];
      if (prefix === SMALL_X || prefix === SMALL_B) {
        const hex = prefix === SMALL_X;
        const digits = runEnd(sql, start + 2, size, hex ? hexDigits : bitDigits);
        const name = digits < size && nameBytes[sql[digits] as number] === 1;
        if (digits === start + 2 || name) return readAttachedName(tokens, sql, start, size, nameBytes);
        return tokens.addLiteral(hex ? LITERAL.hexNumber : LITERAL.bitNumber, start, digits);
      }
    }
    end = digitsEnd(sql, start, size);
    const following = end < size ? (sql[end] as number) : 0;
    if (nameBytes[following] === 1) {
      const exponent = exponentEnd(sql, end, size);
      if (exponent === UNTERMINATED) return readAttachedName(tokens, sql, start, size, nameBytes);
      return tokens.addLiteral(LITERAL.number, start, exponent);
    }
    if (following !== DOT || sql[end + 1] === DOT) return tokens.addLiteral(LITERAL.number, start, end);
  }
  end = digitsEnd(sql, end + 1, size);
  if (end < size && ((sql[end] as number) | LETTER_CASE) === SMALL_E) {
    end = exponentEnd(sql, end, size);
    if (end === UNTERMINATED) return tokens.fail('a number without its exponent');
  }
  return tokens.addLiteral(LITERAL.number, start, end);
}

/** The end of an exponent whose `e` would be at `start`. */
function exponentEnd(sql: Uint8Array, start: number, size: number): number {
  if (((sql[start] as number) | LETTER_CASE) !== SMALL_E) return UNTERMINATED;
  const sign = sql[start + 1];
  const digits = start + (sign === PLUS || sign === MINUS ? 2 : 1);
  return digits < size && isDigit(sql[digits]) ? digitsEnd(sql, digits, size) : UNTERMINATED;
}

/** Reads `@name` or `@@name`, the name being quoted or not. */
export function readVariable(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  nameBytes: Uint8Array,
  quotes: { readonly ansi: boolean; readonly escapes: boolean },
): number {
  const system = start + 1 < size && sql[start + 1] === AT;
  const begin = start + (system ? 2 : 1);
  const type = begin < size ? utf8Classes[sql[begin] as number] : CLASS.invalid;
  let end = begin;
  if (type === CLASS.backtick || (type === CLASS.doubleQuote && quotes.ansi)) {
    end = quotedNameEnd(sql, begin, size);
  } else if (!system && (type === CLASS.singleQuote || type === CLASS.doubleQuote)) {
    end = quotedEnd(sql, begin, size, quotes.escapes);
  } else if (system) {
    end = runEnd(sql, begin, size, nameBytes);
  } else {
    while (end < size && (nameBytes[sql[end] as number] === 1 || sql[end] === DOT)) end++;
  }
  if (end === UNTERMINATED || (system && end === begin)) return tokens.fail('a variable without its name');
  tokens.add(system ? TOKEN.systemVariable : TOKEN.userVariable, start, end, 0);
  return end;
}

/** Reads an operator that begins with one of `< > ! : & |`. */
export function readOperator(tokens: TokenList, sql: Uint8Array, start: number, size: number): number {
  const first = sql[start] as number;
  const second = start + 1 < size ? (sql[start + 1] as number) : 0;
  if (first === LESS && second === EQUAL) {
    return tokens.addOperator(start, start + 2 < size && sql[start + 2] === GREATER ? 3 : 2);
  }
  let long = second === first;
  if (first === LESS) long = second === GREATER || second === LESS;
  else if (first === GREATER) long = second === EQUAL || second === GREATER;
  else if (first === EXCLAMATION_MARK || first === COLON) long = second === EQUAL;
  return tokens.addOperator(start, long ? 2 : 1);
}

/** Passes over a comment, one that is skipped for its version if `skipped`; notes a hint in it. */
export function readComment(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  skipped: boolean,
): number {
  const end = commentEnd(sql, start, size, skipped);
  if (end === UNTERMINATED) return tokens.fail('a comment that does not end');
  if (!skipped && tokens.hintStart === -1) {
    let text = start + 2;
    while (utf8Classes[sql[text] as number] === CLASS.space) text++;
    if (text + HINT.length <= end - 2 && HINT.every((byte, place) => sql[text + place] === byte)) {
      tokens.hintStart = text + HINT.length;
      tokens.hintEnd = end - 2;
    }
  }
  return end;
}
