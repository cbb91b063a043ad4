/**
 * Values of the binary protocol from and to the text that the text protocol has for them: so that rows merged as text can
 * answer a prepared statement, and parameters can be written into a statement.
 */
import { assertNever } from '../runtime/assert-never.ts';
import { COLUMN_TYPE } from './column-type.ts';
import { ProtocolError } from './protocol-error.ts';
import { shapeOf, type ValueType, type WireDateTime, type WireTime, type WireValue } from './wire-value.ts';

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?)?$/u;
const TIME = /^(-?)(\d{1,4}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/u;
const INTEGER = /^-?\d{1,20}$/u;
const HOURS_PER_DAY = 24;

/**
 * The value that a field of a text row has. Throws a {@link ProtocolError} (`malformed`) for a text that a server does
 * not send for the type. Bytes are a view of the field.
 */
export function parseTextValue(type: ValueType, field: Buffer): WireValue {
  const shape = shapeOf(type.type);
  switch (shape) {
    case 'bytes':
      return field;
    case 'null':
      return null;
    case 'datetime':
      return parseDateTime(field.toString('latin1'));
    case 'time':
      return parseTime(field.toString('latin1'));
    case 'int64':
      return parseInteger(field.toString('latin1'));
    case 'int8':
    case 'int16':
    case 'int32':
      return Number(parseInteger(field.toString('latin1')));
    case 'float':
    case 'double':
      return parseNumber(field.toString('latin1'));
    default:
      return assertNever(shape);
  }
}

/**
 * The text of a value that is not NULL, which a server reads as the same value: not always the text that it
 * would send itself, for numbers of FLOAT and DOUBLE.
 */
export function formatTextValue({ type }: ValueType, value: Exclude<WireValue, null>): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'number') return Buffer.from(formatNumber(type, value), 'latin1');
  if (typeof value === 'bigint') return Buffer.from(value.toString(), 'latin1');
  return Buffer.from(value.kind === 'time' ? formatTime(value) : formatDateTime(type, value), 'latin1');
}

function parseInteger(text: string): bigint {
  if (!INTEGER.test(text)) throw malformed(text, 'integer');
  return BigInt(text);
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw malformed(text, 'number');
  return value;
}

function parseDateTime(text: string): WireDateTime {
  const match = DATE_TIME.exec(text);
  if (match === null) throw malformed(text, 'date');
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  return {
    kind: 'datetime',
    year: year as number,
    month: month as number,
    day: day as number,
    hour: hour as number,
    minute: minute as number,
    second: second as number,
    microsecond: parseFraction(match[7]),
  };
}

function parseTime(text: string): WireTime {
  const match = TIME.exec(text);
  if (match === null) throw malformed(text, 'time');
  const hours = Number(match[2]);
  return {
    kind: 'time',
    negative: match[1] === '-',
    days: Math.floor(hours / HOURS_PER_DAY),
    hours: hours % HOURS_PER_DAY,
    minutes: Number(match[3]),
    seconds: Number(match[4]),
    microseconds: parseFraction(match[5]),
  };
}

function parseFraction(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(6, '0'));
}

/** A FLOAT in as few digits as tell it from its neighbours, without the digits that only a DOUBLE has. */
function formatNumber(type: number, value: number): string {
  if (type !== COLUMN_TYPE.float) return String(value);
  for (let digits = 6; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function formatDateTime(type: number, value: WireDateTime): string {
  const date = `${pad(value.year, 4)}-${pad(value.month)}-${pad(value.day)}`;
  if (type === COLUMN_TYPE.date || type === COLUMN_TYPE.newDate) return date;
  return `${date} ${pad(value.hour)}:${pad(value.minute)}:${pad(value.second)}${formatFraction(value.microsecond)}`;
}

function formatTime(value: WireTime): string {
  const hours = value.days * HOURS_PER_DAY + value.hours;
  const sign = value.negative ? '-' : '';
  return `${sign}${pad(hours)}:${pad(value.minutes)}:${pad(value.seconds)}${formatFraction(value.microseconds)}`;
}

function formatFraction(microseconds: number): string {
  return microseconds === 0 ? '' : `.${pad(microseconds, 6)}`;
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}

function malformed(text: string, what: string): ProtocolError {
  return new ProtocolError('malformed', `'${text.slice(0, 40)}' is no ${what}`);
}
