/**
 * Column definitions of a result.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/4-server-response-packets/result-set-packets#column-definition-packet
 */
import { type Capabilities, EXTENDED_CAPABILITY, hasExtendedCapability } from './capabilities.ts';
import { COLLATION, COLUMN_TYPE } from './column-type.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';

/** One column of a result. */
export interface ColumnDefinition {
  readonly schema: string;
  /** The table's alias. */
  readonly table: string;
  readonly originalTable: string;
  /** The column's alias. */
  readonly name: string;
  readonly originalName: string;
  /** Number of the collation; 63 (binary) for numbers and dates. */
  readonly collation: number;
  /** Most bytes of a value. */
  readonly length: number;
  /** A value of {@link COLUMN_TYPE}. */
  readonly type: number;
  /** Bits of COLUMN_FLAG. */
  readonly flags: number;
  /** Digits behind the point; 31 when they vary, 0 for integers and strings. */
  readonly decimals: number;
  /** Entries of MariaDB's extended metadata, undecoded: empty when there are none. */
  readonly extended: Buffer;
}

/** Bytes after the texts. */
const FIXED_PART = 0x0c;

const NO_ENTRIES = Buffer.alloc(0);

/** A text column with this name, for answers that a router makes itself. */
export function textColumn(name: string, length = 1024): ColumnDefinition {
  return {
    schema: '',
    table: '',
    originalTable: '',
    name,
    originalName: '',
    collation: COLLATION.utf8mb4General,
    length,
    type: COLUMN_TYPE.varString,
    flags: 0,
    decimals: 0,
    extended: NO_ENTRIES,
  };
}

/** A column definition's payload. */
export function encodeColumn(column: ColumnDefinition, capabilities: Capabilities): Buffer {
  const writer = new PayloadWriter(96)
    .lengthEncodedBytes('def')
    .lengthEncodedBytes(column.schema)
    .lengthEncodedBytes(column.table)
    .lengthEncodedBytes(column.originalTable)
    .lengthEncodedBytes(column.name)
    .lengthEncodedBytes(column.originalName);
  if (hasExtendedCapability(capabilities, EXTENDED_CAPABILITY.extendedMetadata)) {
    writer.lengthEncodedBytes(column.extended);
  }
  return writer
    .lengthEncoded(FIXED_PART)
    .uint16(column.collation)
    .uint32(column.length)
    .uint8(column.type)
    .uint16(column.flags)
    .uint8(column.decimals)
    .zeros(2)
    .finish();
}

/** Reads a column definition's payload. */
export function decodeColumn(payload: Buffer, capabilities: Capabilities): ColumnDefinition {
  const reader = new PayloadReader(payload);
  const text = (): string => reader.lengthEncodedBytes().toString('utf8');
  reader.lengthEncodedBytes();
  const names = { schema: text(), table: text(), originalTable: text(), name: text(), originalName: text() };
  const extended = hasExtendedCapability(capabilities, EXTENDED_CAPABILITY.extendedMetadata)
    ? Buffer.from(reader.lengthEncodedBytes())
    : NO_ENTRIES;
  const rest = new PayloadReader(reader.lengthEncodedBytes());
  return {
    ...names,
    collation: rest.uint16(),
    length: rest.uint32(),
    type: rest.uint8(),
    flags: rest.uint16(),
    decimals: rest.uint8(),
    extended,
  };
}

/** The payload that begins a result with rows: the number of its columns. */
export function encodeColumnCount(count: number): Buffer {
  return new PayloadWriter(3).lengthEncoded(count).finish();
}
