/** The key of a row in the log: the same canonical key that `canonicalKeySql` makes of the stored row. */
import { assertNever } from '../../../core/assert-never.ts';
import { bytesOfText } from '../../../core/keyspace/byte-text.ts';
import { shortestDecimal } from '../../../core/keyspace/decimal-text.ts';
import type { CanonicalKey } from '../../../core/keyspace/key-literal.ts';
import type { DecimalRule, IntegerRule, KeyRule, TextRule } from '../../../core/keyspace/key-rule.ts';
import { EngineError } from '../../engine-error.ts';
import {
  COLUMN_TYPE,
  type ColumnFormat,
  digitsBytes,
  lengthBytes,
  readStringMetadata,
} from './row-format.ts';

const INTEGER_BYTES: ReadonlyMap<number, number> = new Map([
  [COLUMN_TYPE.tiny, 1],
  [COLUMN_TYPE.short, 2],
  [COLUMN_TYPE.int24, 3],
  [COLUMN_TYPE.long, 4],
  [COLUMN_TYPE.longlong, 8],
]);

/**
 * Reads the key at `at`. EngineError `NotMovable` for a column that is laid out otherwise than its rule lets expect, and for
 * characters whose order is not known here.
 */
export function readRowKey(rule: KeyRule, format: ColumnFormat, event: Buffer, at: number): CanonicalKey {
  switch (rule.kind) {
    case 'integer':
      return integerKey(rule, format, event, at);
    case 'decimal':
      return decimalKey(rule, format, event, at);
    case 'text':
      return textKey(rule, format, event, at);
    case 'date':
      return dateKey(format, event, at);
    case 'datetime':
      return datetimeKey(format, event, at);
    case 'binary':
    case 'uuid':
      throw unexpected(format, rule.kind);
    default:
      return assertNever(rule);
  }
}

function unexpected({ type }: ColumnFormat, kind: string): EngineError {
  return new EngineError(
    'NotMovable',
    `a key of kind ${kind} is of type ${type} in the log, in which it cannot be read`,
  );
}

function integerKey({ least }: IntegerRule, format: ColumnFormat, event: Buffer, at: number): CanonicalKey {
  const bytes = INTEGER_BYTES.get(format.type);
  if (bytes === undefined) {
    throw unexpected(format, 'integer');
  }
  const isUnsigned = least === '0';
  if (bytes === 8) {
    const value = isUnsigned ? event.readBigUInt64LE(at) : event.readBigInt64LE(at);
    return { kind: 'number', text: String(value) };
  }
  return {
    kind: 'number',
    text: String(isUnsigned ? event.readUIntLE(at, bytes) : event.readIntLE(at, bytes)),
  };
}

/** Digits are kept in words of nine, most significant first; the first bit is the sign, and all bits are turned over below zero. */
function decimalKey(
  { precision, scale }: DecimalRule,
  format: ColumnFormat,
  event: Buffer,
  at: number,
): CanonicalKey {
  const [digits, decimals] = format.metadata;
  if (format.type !== COLUMN_TYPE.newdecimal || digits !== precision || decimals !== scale) {
    throw unexpected(format, 'decimal');
  }
  const whole = precision - scale;
  const length = digitsBytes(whole) + digitsBytes(scale);
  const value = Buffer.from(event.subarray(at, at + length));
  const isNegative = (value.readUInt8(0) & 0x80) === 0;
  value.writeUInt8(value.readUInt8(0) ^ 0x80, 0);
  if (isNegative) {
    value.forEach((byte, index) => value.writeUInt8(byte ^ 0xff, index));
  }
  let place = 0;
  const take = (count: number): string => {
    const bytes = digitsBytes(count);
    const text = bytes === 0 ? '' : String(value.readUIntBE(place, bytes)).padStart(count, '0');
    place += bytes;
    return text;
  };
  const parts = [
    take(whole % 9),
    ...Array.from({ length: Math.floor(whole / 9) }, () => take(9)),
    '.',
    ...Array.from({ length: Math.floor(scale / 9) }, () => take(9)),
    take(scale % 9),
  ].join('');
  const text = shortestDecimal(`${isNegative ? '-' : ''}0${scale === 0 ? parts.slice(0, -1) : parts}`);
  if (text === undefined) {
    throw unexpected(format, 'decimal');
  }
  return { kind: 'number', text };
}

const SPACE = 0x20;
const BEYOND_ASCII = 0x80;

function textKey(
  { trims, padded, characters }: TextRule,
  format: ColumnFormat,
  event: Buffer,
  at: number,
): CanonicalKey {
  const longest = longestText(format);
  const prefix = lengthBytes(longest);
  const start = at + prefix;
  const stored = event.subarray(start, start + event.readUIntLE(at, prefix));
  const bytes = Uint8Array.from(trims ? withoutSpacesAtEnd(stored) : stored);
  if (characters !== 'utf8mb4' && characters !== 'utf8mb3' && bytes.some((byte) => byte >= BEYOND_ASCII)) {
    throw new EngineError(
      'NotMovable',
      'a key has characters beyond ASCII in a character set that is not UTF-8',
    );
  }
  return { kind: 'text', bytes, padded };
}

function withoutSpacesAtEnd(text: Buffer): Buffer {
  let end = text.length;
  while (text[end - 1] === SPACE) {
    end -= 1;
  }
  return text.subarray(0, end);
}

function longestText(format: ColumnFormat): number {
  const [first, second] = format.metadata;
  if (format.type === COLUMN_TYPE.varchar) {
    return first | (second << 8);
  }
  const string = readStringMetadata(format.metadata);
  if (format.type !== COLUMN_TYPE.string || string.type !== COLUMN_TYPE.string) {
    throw unexpected(format, 'text');
  }
  return string.length;
}

function dateKey(format: ColumnFormat, event: Buffer, at: number): CanonicalKey {
  if (format.type !== COLUMN_TYPE.date && format.type !== COLUMN_TYPE.newdate) {
    throw unexpected(format, 'date');
  }
  const value = event.readUIntLE(at, 3);
  return textOf(dateText(value >> 9, (value >> 5) & 15, value & 31));
}

/** What the first bit of a date and time is: set for all that are not negative. */
const SIGN = 0x8000000000;
/** Bits of the time of day: 5 of hours, 6 of minutes, 6 of seconds. */
const TIME_OF_DAY = 2 ** 17;

function datetimeKey(format: ColumnFormat, event: Buffer, at: number): CanonicalKey {
  if (format.type !== COLUMN_TYPE.datetime2) {
    throw unexpected(format, 'datetime');
  }
  const value = event.readUIntBE(at, 5) - SIGN;
  const time = value % TIME_OF_DAY;
  const days = Math.floor(value / TIME_OF_DAY);
  const months = days >> 5;
  const date = dateText(Math.floor(months / 13), months % 13, days & 31);
  const clock = [time >> 12, (time >> 6) & 63, time & 63].map((part) => padded(part, 2)).join(':');
  const [digits] = format.metadata;
  const bytes = (digits + 1) >> 1;
  // Two digits a byte, also of an odd number of them.
  const fraction = bytes === 0 ? '' : padded(event.readUIntBE(at + 5, bytes), bytes * 2).replace(/0+$/, '');
  return textOf(`${date} ${clock}${fraction === '' ? '' : `.${fraction}`}`);
}

function dateText(year: number, month: number, day: number): string {
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

function textOf(text: string): CanonicalKey {
  return { kind: 'text', bytes: bytesOfText(text), padded: false };
}
