import { COLUMN_FLAG, COLUMN_TYPE } from './column-type.ts';

/** A DATE, DATETIME or TIMESTAMP. Zero dates are allowed; of a DATE the time is zero. */
export interface WireDateTime {
  readonly kind: 'datetime';
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

/** A TIME: a duration. */
export interface WireTime {
  readonly kind: 'time';
  readonly negative: boolean;
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly microseconds: number;
}

/**
 * A value of the binary protocol: null; a number for integers up to 32 bits, YEAR, FLOAT and DOUBLE; a bigint for BIGINT;
 * a date or time; bytes for everything else (strings, DECIMAL as text, BIT, JSON, geometry).
 */
export type WireValue = null | number | bigint | Buffer | WireDateTime | WireTime;

/** Type and sign of a column or parameter. */
export interface ValueType {
  /** A value of {@link COLUMN_TYPE}. */
  readonly type: number;
  readonly unsigned: boolean;
}

/** How a column's values travel. */
export function valueTypeOf(column: { readonly type: number; readonly flags: number }): ValueType {
  return { type: column.type, unsigned: (column.flags & COLUMN_FLAG.unsigned) !== 0 };
}

/** In which of the few shapes a type travels. */
export type ValueShape =
  'int8' | 'int16' | 'int32' | 'int64' | 'float' | 'double' | 'datetime' | 'time' | 'null' | 'bytes';

/** Shape of a type's values in the binary protocol. Types that are not known travel as bytes, as in every client. */
export function shapeOf(type: number): ValueShape {
  switch (type) {
    case COLUMN_TYPE.tiny:
      return 'int8';
    case COLUMN_TYPE.short:
    case COLUMN_TYPE.year:
      return 'int16';
    case COLUMN_TYPE.long:
    case COLUMN_TYPE.int24:
      return 'int32';
    case COLUMN_TYPE.longlong:
      return 'int64';
    case COLUMN_TYPE.float:
      return 'float';
    case COLUMN_TYPE.double:
      return 'double';
    case COLUMN_TYPE.date:
    case COLUMN_TYPE.newDate:
    case COLUMN_TYPE.datetime:
    case COLUMN_TYPE.timestamp:
      return 'datetime';
    case COLUMN_TYPE.time:
      return 'time';
    case COLUMN_TYPE.null:
      return 'null';
    default:
      return 'bytes';
  }
}
