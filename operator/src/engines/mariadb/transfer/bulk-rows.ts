/**
 * Rows of a result become values of an insertion without being decoded: MariaDB's binary protocol writes a value in both the
 * same way, but for NULL, and the server that stores it reads exactly what the other one had.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/3-binary-protocol-prepared-statements/com_stmt_bulk_execute
 */
import { COLUMN_FLAG, COLUMN_TYPE } from '../../../wire/column-type.ts';
import { COMMAND } from '../../../wire/command-code.ts';
import type { ColumnDefinition } from '../../../wire/column-definition.ts';
import { ProtocolError } from '../../../wire/protocol-error.ts';

/** How a value travels: a number of bytes, or bytes after their length. */
const LENGTH_BYTE = -1;
const LENGTH_ENCODED = -2;

/** A column on its way. */
export interface CarriedColumn {
  /** Bytes of a value, or one of the marks above. */
  readonly size: number;
  /** Type of the parameter. */
  readonly type: number;
  readonly isUnsigned: boolean;
}

/** Types of parameters, where MariaDB takes none of the column's own type. */
const PARAMETER_TYPES: ReadonlyMap<number, number> = new Map([
  [COLUMN_TYPE.int24, COLUMN_TYPE.long],
  [COLUMN_TYPE.year, COLUMN_TYPE.short],
]);

const SIZES: ReadonlyMap<number, number> = new Map([
  [COLUMN_TYPE.tiny, 1],
  [COLUMN_TYPE.short, 2],
  [COLUMN_TYPE.year, 2],
  [COLUMN_TYPE.long, 4],
  [COLUMN_TYPE.int24, 4],
  [COLUMN_TYPE.float, 4],
  [COLUMN_TYPE.longlong, 8],
  [COLUMN_TYPE.double, 8],
  [COLUMN_TYPE.date, LENGTH_BYTE],
  [COLUMN_TYPE.datetime, LENGTH_BYTE],
  [COLUMN_TYPE.timestamp, LENGTH_BYTE],
  [COLUMN_TYPE.time, LENGTH_BYTE],
]);

/**
 * How values of a column of a result are carried. `isText`: the server has to read the value as text (a network address);
 * otherwise strings are bytes, which are stored as they are, whatever character set they are in.
 */
export function carry({ type, flags }: ColumnDefinition, isText: boolean): CarriedColumn {
  const size = SIZES.get(type) ?? LENGTH_ENCODED;
  const stringType = isText ? COLUMN_TYPE.varString : COLUMN_TYPE.longBlob;
  const decimal = type === COLUMN_TYPE.newDecimal || type === COLUMN_TYPE.decimal;
  const parameter =
    size === LENGTH_ENCODED
      ? decimal
        ? COLUMN_TYPE.newDecimal
        : stringType
      : (PARAMETER_TYPES.get(type) ?? type);
  return { size, type: parameter, isUnsigned: (flags & COLUMN_FLAG.unsigned) !== 0 };
}

/** Tells the types with each execution. */
const SEND_TYPES = 128;

/** Before a value: it follows, or is NULL and does not. */
const VALUE_FOLLOWS = 0;
const VALUE_IS_NULL = 1;

/** Collects rows into the payload of one COM_STMT_BULK_EXECUTE. */
export class BulkRows {
  readonly #columns: readonly CarriedColumn[];
  readonly #header: number;
  readonly #bitmapBytes: number;
  #buffer: Buffer;
  #length: number;
  #rows = 0;

  constructor(statementId: number, columns: readonly CarriedColumn[], capacity: number) {
    this.#columns = columns;
    this.#bitmapBytes = (columns.length + 9) >>> 3;
    this.#buffer = Buffer.allocUnsafe(Math.max(capacity, 7 + 2 * columns.length));
    let at = this.#buffer.writeUInt8(COMMAND.statementBulkExecute, 0);
    at = this.#buffer.writeUInt32LE(statementId, at);
    at = this.#buffer.writeUInt16LE(SEND_TYPES, at);
    for (const { type, isUnsigned } of columns) {
      at = this.#buffer.writeUInt8(type, at);
      at = this.#buffer.writeUInt8(isUnsigned ? 0x80 : 0, at);
    }
    this.#header = at;
    this.#length = at;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Of rows, without what is told with each execution. */
  get bytes(): number {
    return this.#length - this.#header;
  }

  /** Appends a binary row. Throws ProtocolError for one that is not of these columns. */
  add(row: Buffer): void {
    this.#reserve(row.length + this.#columns.length);
    const buffer = this.#buffer;
    let to = this.#length;
    let from = 1 + this.#bitmapBytes;
    for (let index = 0; index < this.#columns.length; index += 1) {
      const bit = index + 2;
      if (((row[1 + (bit >>> 3)] as number) & (1 << (bit & 7))) !== 0) {
        buffer[to] = VALUE_IS_NULL;
        to += 1;
        continue;
      }
      buffer[to] = VALUE_FOLLOWS;
      to += 1;
      const { size } = this.#columns[index] as CarriedColumn;
      const length = size >= 0 ? size : valueLength(row, from, size);
      // Short ones, which most are, are copied faster one by one.
      if (length <= 16) {
        for (let byte = 0; byte < length; byte += 1) {
          buffer[to + byte] = row[from + byte] as number;
        }
      } else {
        row.copy(buffer, to, from, from + length);
      }
      from += length;
      to += length;
    }
    if (from !== row.length) {
      throw new ProtocolError('malformed', 'a row does not have the columns that were announced');
    }
    this.#length = to;
    this.#rows += 1;
  }

  /** The command. Nothing may be added afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
  }
}

/** Bytes of a value together with its length. */
function valueLength(row: Buffer, at: number, size: number): number {
  const first = row[at] ?? 0;
  if (size === LENGTH_BYTE || first < 0xfb) {
    return 1 + first;
  }
  if (first === 0xfc) {
    return 3 + row.readUInt16LE(at + 1);
  }
  if (first === 0xfd) {
    return 4 + row.readUIntLE(at + 1, 3);
  }
  return 9 + Number(row.readBigUInt64LE(at + 1));
}
