/**
 * How the rows of a log are laid out, as far as finding one column in them needs it. Everything else stays undecoded.
 * Source: https://mariadb.com/kb/en/table_map_event/, https://mariadb.com/kb/en/rows_event_v1v2/ and, for the lengths of values,
 * the server's calc_field_size and save_field_metadata.
 */
import { EngineError } from '../../engine-error.ts';
import { EVENT_HEADER_BYTES } from '../log-events.ts';

/** Types of columns in the log. Source: the server's enum_field_types. */
export const COLUMN_TYPE = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  longlong: 8,
  int24: 9,
  date: 10,
  year: 13,
  newdate: 14,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  compressedBlob: 140,
  compressedVarchar: 141,
  newdecimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const;

/** One column of a mapped table: its type, and what the log says of it beside. */
export interface ColumnFormat {
  readonly type: number;
  /** Two bytes, the second zero where the type has only one; both where it has none. */
  readonly metadata: readonly [number, number];
}

/** Where the fixed part of a table map and of rows ends: number of the table and flags. */
const BODY_AT = EVENT_HEADER_BYTES + 8;

const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [COLUMN_TYPE.tiny, 1],
  [COLUMN_TYPE.year, 1],
  [COLUMN_TYPE.short, 2],
  [COLUMN_TYPE.int24, 3],
  [COLUMN_TYPE.date, 3],
  [COLUMN_TYPE.newdate, 3],
  [COLUMN_TYPE.long, 4],
  [COLUMN_TYPE.float, 4],
  [COLUMN_TYPE.double, 8],
  [COLUMN_TYPE.longlong, 8],
]);

/** Bytes that the log says of a column beside its type. */
const METADATA_BYTES: ReadonlyMap<number, number> = new Map([
  [COLUMN_TYPE.float, 1],
  [COLUMN_TYPE.double, 1],
  [COLUMN_TYPE.blob, 1],
  [COLUMN_TYPE.geometry, 1],
  [COLUMN_TYPE.compressedBlob, 1],
  [COLUMN_TYPE.timestamp2, 1],
  [COLUMN_TYPE.datetime2, 1],
  [COLUMN_TYPE.time2, 1],
  [COLUMN_TYPE.varchar, 2],
  [COLUMN_TYPE.compressedVarchar, 2],
  [COLUMN_TYPE.bit, 2],
  [COLUMN_TYPE.newdecimal, 2],
  [COLUMN_TYPE.string, 2],
  [COLUMN_TYPE.varString, 2],
  [COLUMN_TYPE.enum, 2],
  [COLUMN_TYPE.set, 2],
]);

/** Bytes of a fraction of a second, by its digits. */
function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

/** Bytes of a number of decimal digits that are no nine: of 0 to 8. Source: the server's dig2bytes. */
const DIGIT_BYTES = [0, 1, 1, 2, 2, 3, 3, 4, 4] as const;
const DIGITS_OF_A_WORD = 9;

/** Bytes of so many digits of a DECIMAL, on one side of the point. */
export function digitsBytes(digits: number): number {
  return Math.floor(digits / DIGITS_OF_A_WORD) * 4 + (DIGIT_BYTES[digits % DIGITS_OF_A_WORD] ?? 0);
}

/** A number of one byte, or of 2, 3 or 8 behind 252, 253 or 254; and where it ends. */
function packedNumber(buffer: Buffer, at: number): readonly [value: number, end: number] {
  const first = buffer.readUInt8(at);
  switch (first) {
    case 252:
      return [buffer.readUInt16LE(at + 1), at + 3];
    case 253:
      return [buffer.readUIntLE(at + 1, 3), at + 4];
    case 254:
      return [Number(buffer.readBigUInt64LE(at + 1)), at + 9];
    default:
      return [first, at + 1];
  }
}

/** A name with its length before it and a zero byte behind it ends there. */
function nameEnd(event: Buffer, at: number): number {
  return at + 1 + event.readUInt8(at) + 1;
}

/** The columns of a mapped table, in their order. */
export function readColumnFormats(tableMap: Buffer): readonly ColumnFormat[] {
  const [count, typesAt] = packedNumber(tableMap, nameEnd(tableMap, nameEnd(tableMap, BODY_AT)));
  const [, metadataAt] = packedNumber(tableMap, typesAt + count);
  let at = metadataAt;
  return Array.from({ length: count }, (_, index): ColumnFormat => {
    const type = tableMap.readUInt8(typesAt + index);
    const bytes = METADATA_BYTES.get(type) ?? 0;
    const metadata = [
      bytes > 0 ? tableMap.readUInt8(at) : 0,
      bytes > 1 ? tableMap.readUInt8(at + 1) : 0,
    ] as const;
    at += bytes;
    return { type, metadata };
  });
}

/** The table map of the same table in a database of another name. */
export function withSchema(tableMap: Buffer, schema: string): Buffer {
  const name = Buffer.from(schema);
  const renamed = Buffer.concat([
    tableMap.subarray(0, BODY_AT),
    Buffer.of(name.length),
    name,
    Buffer.of(0),
    tableMap.subarray(nameEnd(tableMap, BODY_AT)),
  ]);
  writeLength(renamed);
  return renamed;
}

/** Where an event's header has its length. */
const LENGTH_AT = 9;

function writeLength(event: Buffer): void {
  event.writeUInt32LE(event.length, LENGTH_AT);
}

/** A type whose values are laid out in a way that is not known here. */
function unknownType(type: number): EngineError {
  return new EngineError(
    'NotMovable',
    `rows in the log have a column of type ${type}, which cannot be told apart by key`,
  );
}

/** Of a STRING column: the type that it really is, and its greatest length in bytes. */
export function readStringMetadata([first, second]: ColumnFormat['metadata']): {
  readonly type: number;
  readonly length: number;
} {
  // Two bits of the length are kept in the type, turned over.
  return (first & 0x30) === 0x30
    ? { type: first, length: second }
    : { type: first | 0x30, length: second | (((first & 0x30) ^ 0x30) << 4) };
}

/** Bytes of the length before a text of at most so many bytes. */
export function lengthBytes(longest: number): 1 | 2 {
  return longest < 256 ? 1 : 2;
}

/** Bytes of a value that is not NULL, its length included. EngineError `NotMovable` for a type that is not known. */
export function valueBytes({ type, metadata }: ColumnFormat, buffer: Buffer, at: number): number {
  const fixed = FIXED_BYTES.get(type);
  if (fixed !== undefined) {
    return fixed;
  }
  const [first, second] = metadata;
  const withLength = (bytes: number): number => bytes + buffer.readUIntLE(at, bytes);
  switch (type) {
    case COLUMN_TYPE.varchar:
    case COLUMN_TYPE.compressedVarchar:
      return withLength(lengthBytes(first | (second << 8)));
    case COLUMN_TYPE.blob:
    case COLUMN_TYPE.geometry:
    case COLUMN_TYPE.compressedBlob:
      return withLength(first);
    case COLUMN_TYPE.string: {
      const string = readStringMetadata(metadata);
      return string.type === COLUMN_TYPE.enum || string.type === COLUMN_TYPE.set
        ? string.length
        : withLength(lengthBytes(string.length));
    }
    case COLUMN_TYPE.bit:
      return second + (first > 0 ? 1 : 0);
    case COLUMN_TYPE.newdecimal:
      return digitsBytes(first - second) + digitsBytes(second);
    case COLUMN_TYPE.timestamp2:
      return 4 + fractionBytes(first);
    case COLUMN_TYPE.datetime2:
      return 5 + fractionBytes(first);
    case COLUMN_TYPE.time2:
      return 3 + fractionBytes(first);
    default:
      throw unknownType(type);
  }
}

/** One image of a row: where it begins and ends, and where the value asked for is; null where that is NULL. */
export interface RowImage {
  readonly start: number;
  readonly end: number;
  /** Undefined where the image does not have the column. */
  readonly valueAt: number | null | undefined;
}

/** The rows of an event, still as bytes. */
export interface RowsLayout {
  /** Where the first row begins. */
  readonly rowsAt: number;
  /** Which columns each kind of image has: one kind, or before and after of an update. */
  readonly present: readonly Buffer[];
}

/** Where the rows of an event begin; `isUpdate`: they come in pairs. */
export function readRowsLayout(event: Buffer, isUpdate: boolean): RowsLayout {
  const [columns, bitmapAt] = packedNumber(event, BODY_AT);
  const bytes = (columns + 7) >> 3;
  const kinds = isUpdate ? 2 : 1;
  return {
    rowsAt: bitmapAt + bytes * kinds,
    present: Array.from({ length: kinds }, (_, kind) =>
      event.subarray(bitmapAt + bytes * kind, bitmapAt + bytes * (kind + 1)),
    ),
  };
}

function hasBit(bitmap: Buffer, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** Reads the image that begins at `start`, and finds column number `wanted` in it. */
export function readRowImage(
  event: Buffer,
  start: number,
  {
    formats,
    present,
    wanted,
  }: {
    readonly formats: readonly ColumnFormat[];
    readonly present: Buffer;
    readonly wanted: number;
  },
): RowImage {
  const columns = formats.flatMap((format, index) => (hasBit(present, index) ? [{ format, index }] : []));
  const nullBytes = (columns.length + 7) >> 3;
  const nulls = event.subarray(start, start + nullBytes);
  let at = start + nullBytes;
  let valueAt: RowImage['valueAt'];
  for (const [place, { format, index }] of columns.entries()) {
    const isNull = hasBit(nulls, place);
    if (index === wanted) {
      valueAt = isNull ? null : at;
    }
    at += isNull ? 0 : valueBytes(format, event, at);
  }
  return { start, end: at, valueAt };
}

/** The same event with some of its rows only, which follow one another in `rows`. */
export function withRows(event: Buffer, rowsAt: number, rows: readonly Buffer[]): Buffer {
  const kept = Buffer.concat([event.subarray(0, rowsAt), ...rows]);
  writeLength(kept);
  return kept;
}
