import { LITERAL } from './token-kind.ts';
import { literalKind } from './token-list.ts';
import type { Literal } from './literal.ts';

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const UNDERSCORE = 0x5f;
const ZERO = 0x30;
const windows1252 = new TextDecoder('windows-1252');

/** What a backslash and a letter mean. Source: MariaDB documentation, "String Literals". */
const ESCAPES: ReadonlyMap<number, number> = new Map(
  [
    ['0', 0x00],
    ['b', 0x08],
    ['n', 0x0a],
    ['r', 0x0d],
    ['t', 0x09],
    ['Z', 0x1a],
  ].map(([letter, byte]) => [String(letter).charCodeAt(0), Number(byte)]),
);

/** How the quoted text of a literal is to be read. */
export interface LiteralReading {
  /** Backslashes escape. */
  readonly escapes: boolean;
  /** The text is in latin1 (which is Windows-1252 in MariaDB) instead of UTF-8. */
  readonly latin1: boolean;
}

/** The value of the literal in `sql` from `start` up to `end`; `code` is its third element in the token list's `literals`. */
export function decodeLiteral(
  sql: Buffer,
  start: number,
  end: number,
  code: number,
  reading: LiteralReading,
): Literal {
  const { kind, parameter } = literalKind(code);
  switch (kind) {
    case LITERAL.parameter:
      return { kind: 'parameter', index: parameter };
    case LITERAL.number:
      return { kind: 'number', text: sql.toString('latin1', start, end) };
    case LITERAL.hexString:
      return { kind: 'bytes', bytes: Buffer.from(sql.toString('latin1', start + 2, end - 1), 'hex') };
    case LITERAL.hexNumber:
      return { kind: 'bytes', bytes: decodeHexNumber(sql.toString('latin1', start + 2, end)) };
    case LITERAL.bitString:
      return { kind: 'bytes', bytes: decodeBits(sql, start + 2, end - 1) };
    case LITERAL.bitNumber:
      return { kind: 'bytes', bytes: decodeBits(sql, start + 2, end) };
    default: {
      const begin = kind === LITERAL.nationalString ? start + 1 : start;
      const bytes = unquote(sql, begin, end, reading.escapes);
      return { kind: 'string', bytes: reading.latin1 ? Buffer.from(windows1252.decode(bytes)) : bytes };
    }
  }
}

/** The text between the quotes at `start` and before `end`, with doubled quotes and escapes resolved. */
export function unquote(sql: Buffer, start: number, end: number, escapes: boolean): Buffer {
  const quote = sql[start];
  const text = sql.subarray(start + 1, end - 1);
  if (!text.includes(quote as number) && !(escapes && text.includes(BACKSLASH))) return text;
  const result = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let index = 0; index < text.length; index++) {
    let byte = text[index] as number;
    if (byte === quote) {
      index++;
    } else if (byte === BACKSLASH && escapes) {
      index++;
      const escaped = text[index] as number;
      if (escaped === PERCENT || escaped === UNDERSCORE) result[length++] = BACKSLASH;
      byte = ESCAPES.get(escaped) ?? escaped;
    }
    result[length++] = byte;
  }
  return result.subarray(0, length);
}

function decodeHexNumber(digits: string): Buffer {
  return Buffer.from(digits.length % 2 === 1 ? `0${digits}` : digits, 'hex');
}

function decodeBits(sql: Buffer, start: number, end: number): Buffer {
  const result = Buffer.alloc(Math.ceil((end - start) / 8));
  for (let index = start; index < end; index++) {
    const place = end - 1 - index;
    const byte = result.length - 1 - Math.floor(place / 8);
    result[byte] = (result[byte] as number) | (((sql[index] as number) - ZERO) << (place % 8));
  }
  return result;
}
