import { CLASS, latin1Classes, latin1NameBytes, utf8Classes, utf8NameBytes } from './character-classes.ts';
import type { Dialect } from './dialect.ts';
import {
  UNTERMINATED,
  conditionalText,
  isDashComment,
  isDigit,
  isSpace,
  lineCommentEnd,
} from './lexical-spans.ts';
import { opensProgram } from './program-text.ts';
import { NULL_CODE, WORD_HASH_START, findReservedWord } from './reserved-words.ts';
import { TOKEN } from './token-kind.ts';
import type { TokenList } from './token-list.ts';
import {
  readAttachedName,
  readComment,
  readNumber,
  readOperator,
  readPrefixed,
  readQuotedName,
  readString,
  readVariable,
} from './token-readers.ts';

const SEMICOLON = 0x3b;
const DOT = 0x2e;
const STAR = 0x2a;
const SLASH = 0x2f;
const SINGLE_QUOTE = 0x27;
const CAPITAL_N = 0x4e;
const BACKSLASH = 0x5c;
const LETTER_CASE = 0x20;

/**
 * Cuts the statement that begins at `from` into `tokens`, as MariaDB's lexer does (sql/sql_lex.cc, versions 10.11 and 11.8); it differs by
 * refusing some of what the server takes in strange cases. Never throws; takes time proportional to the text.
 */
export function scanStatement(tokens: TokenList, sql: Uint8Array, from: number, dialect: Dialect): void {
  let size = sql.length;
  while (size > from && (sql[size - 1] === SEMICOLON || isSpace(sql[size - 1]))) size--;
  tokens.clear(size);
  const latin1 = dialect.charset === 'latin1';
  const classes = latin1 ? latin1Classes : utf8Classes;
  const nameBytes = latin1 ? latin1NameBytes : utf8NameBytes;
  const quotes = { ansi: dialect.ansiQuotes, escapes: !dialect.noBackslashEscapes };
  let conditional = false;
  /** Where a name would begin that is attached to the dot before it. */
  let attached = -1;
  let index = from;
  while (index < size) {
    const byte = sql[index] as number;
    switch (classes[byte]) {
      case CLASS.space:
        index++;
        break;
      case CLASS.prefixLetter:
        index =
          index + 1 < size && sql[index + 1] === SINGLE_QUOTE && index !== attached
            ? readPrefixed(tokens, sql, index, size, quotes.escapes)
            : readWord(tokens, sql, index, size, nameBytes, attached);
        break;
      case CLASS.letter:
        index = readWord(tokens, sql, index, size, nameBytes, attached);
        break;
      case CLASS.digit:
        index =
          index === attached
            ? readAttachedName(tokens, sql, index, size, nameBytes)
            : readNumber(tokens, sql, index, size, nameBytes);
        break;
      case CLASS.singleQuote:
        index = readString(tokens, sql, index, size, quotes.escapes);
        break;
      case CLASS.doubleQuote:
        index = quotes.ansi
          ? readQuotedName(tokens, sql, index, size)
          : readString(tokens, sql, index, size, quotes.escapes);
        break;
      case CLASS.backtick:
        index = readQuotedName(tokens, sql, index, size);
        break;
      case CLASS.at:
        index = readVariable(tokens, sql, index, size, nameBytes, quotes);
        break;
      case CLASS.dot:
        if (isDigit(sql[index + 1]) && index + 1 < size && !followsName(tokens, sql, index, nameBytes)) {
          index = readNumber(tokens, sql, index, size, nameBytes);
        } else if (sql[index + 1] === DOT) {
          index = tokens.addOperator(index, 2);
        } else {
          index = tokens.addOperator(index, 1);
          if (index < size && nameBytes[sql[index] as number] === 1) attached = index;
        }
        break;
      case CLASS.minus:
        index =
          sql[index + 1] === byte && isDashComment(sql, index, size)
            ? lineCommentEnd(sql, index, size)
            : tokens.addOperator(index, 1);
        break;
      case CLASS.hash:
        index = lineCommentEnd(sql, index, size);
        break;
      case CLASS.slash:
        if (index + 1 < size && sql[index + 1] === STAR) {
          const text = conditionalText(sql, index, size, dialect.serverVersion);
          if (text > 0) {
            conditional = true;
            index = text;
          } else {
            index = readComment(tokens, sql, index, size, text === UNTERMINATED);
          }
        } else {
          index = tokens.addOperator(index, 1);
        }
        break;
      case CLASS.star:
        if (conditional && index + 1 < size && sql[index + 1] === SLASH) {
          conditional = false;
          index += 2;
        } else {
          index = tokens.addOperator(index, 1);
        }
        break;
      case CLASS.questionMark:
        index = tokens.addParameter(index);
        break;
      case CLASS.semicolon:
        if (opensProgram(tokens, sql)) {
          index = tokens.addOperator(index, 1);
        } else {
          tokens.end = index;
          tokens.next = index + 1;
          size = index;
        }
        break;
      case CLASS.compound:
        index = readOperator(tokens, sql, index, size);
        break;
      case CLASS.operator:
        index = tokens.addOperator(index, 1);
        break;
      default:
        if (sql[index] === BACKSLASH && index + 1 < size && sql[index + 1] === CAPITAL_N) {
          tokens.add(TOKEN.reserved, index, index + 2, NULL_CODE);
          index += 2;
        } else {
          tokens.fail('a character that cannot stand outside of quotes');
        }
    }
    if (tokens.failure !== null) break;
  }
  if (conditional && tokens.failure === null) tokens.fail('a conditional comment that does not end');
  if (tokens.failure !== null) {
    tokens.end = sql.length;
    tokens.next = null;
  }
}

/** Reads an unquoted word; right before a dot, or at `attached`, it is a name even if it is reserved. */
function readWord(
  tokens: TokenList,
  sql: Uint8Array,
  start: number,
  size: number,
  nameBytes: Uint8Array,
  attached: number,
): number {
  let end = start;
  let hash = WORD_HASH_START;
  while (end < size) {
    const byte = sql[end] as number;
    if (nameBytes[byte] !== 1) break;
    hash = (Math.imul(hash, 31) + (byte | LETTER_CASE)) | 0;
    end++;
  }
  if (start === attached || isBeforeDot(sql, end, size, nameBytes)) {
    tokens.add(TOKEN.name, start, end, 0);
    return end;
  }
  const code = findReservedWord(sql, start, end, hash);
  if (code === -1) tokens.add(TOKEN.word, start, end, 0);
  else tokens.add(TOKEN.reserved, start, end, code);
  return end;
}

/** True for a word that ends at `end` with a dot and a name's byte right after it: it is a name, even if the word is reserved. */
function isBeforeDot(sql: Uint8Array, end: number, size: number, nameBytes: Uint8Array): boolean {
  return end + 1 < size && sql[end] === DOT && nameBytes[sql[end + 1] as number] === 1;
}

/** True where the dot at `index` is right after an unquoted name, so that digits after it are a name, too. */
function followsName(tokens: TokenList, sql: Uint8Array, index: number, nameBytes: Uint8Array): boolean {
  const previous = tokens.count - 1;
  if (previous < 0 || tokens.ends[previous] !== index) return false;
  const kind = tokens.kinds[previous];
  return (kind === TOKEN.name || kind === TOKEN.systemVariable) && nameBytes[sql[index - 1] as number] === 1;
}
