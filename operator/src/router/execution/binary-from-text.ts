import { assertNever } from '../../runtime/assert-never.ts';
import {
  shapeOf,
  type ValueType,
  type WireDateTime,
  type WireTime,
  type WireValue,
} from '../../wire/wire-value.ts';

/** The value of the binary protocol for a value of the text protocol that is not NULL. Throws TypeError where it is none of the type. */
export function binaryFromText({ type, unsigned }: ValueType, text: Buffer): WireValue {
  const shape = shapeOf(type);
  switch (shape) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float':
    case 'double':
      return Number(text.toString('latin1'));
    case 'int64': {
      const value = BigInt(text.toString('latin1'));
      return unsigned ? BigInt.asUintN(64, value) : value;
    }
    case 'datetime':
      return dateTime(text.toString('latin1'));
    case 'time':
      return time(text.toString('latin1'));
    case 'null':
      return null;
    case 'bytes':
      return text;
    default:
      return assertNever(shape);
  }
}

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?)?$/;

function dateTime(text: string): WireDateTime {
  const parts = DATE_TIME.exec(text);
  if (parts === null) {
    throw new TypeError('a value is no date');
  }
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = ''] = parts;
  return {
    kind: 'datetime',
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    microsecond: Number(fraction.padEnd(6, '0')),
  };
}

const TIME = /^(-?)(\d{1,3}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/;

function time(text: string): WireTime {
  const parts = TIME.exec(text);
  if (parts === null) {
    throw new TypeError('a value is no time');
  }
  const [, sign, hours, minutes, seconds, fraction = ''] = parts;
  return {
    kind: 'time',
    negative: sign === '-',
    days: Math.floor(Number(hours) / 24),
    hours: Number(hours) % 24,
    minutes: Number(minutes),
    seconds: Number(seconds),
    microseconds: Number(fraction.padEnd(6, '0')),
  };
}
