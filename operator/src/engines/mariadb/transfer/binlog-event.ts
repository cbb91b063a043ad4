/**
 * Events of a binary log as they come over a connection without checksums, as far as following rows needs them.
 * Source: https://mariadb.com/kb/en/replication-protocol-event-types/ and the pages of the event types named below.
 */
import { inflateSync } from 'node:zlib';
import { EngineError } from '../../engine-error.ts';
import type { Gtid } from '../gtid.ts';
import { EVENT_HEADER_BYTES } from '../log-events.ts';

/** Types of events. Source: the server's enum Log_event_type. */
export const EVENT_TYPE = {
  query: 2,
  rotate: 4,
  formatDescription: 15,
  transactionId: 16,
  tableMap: 19,
  writeRows: 23,
  updateRows: 24,
  deleteRows: 25,
  incident: 26,
  heartbeat: 27,
  xaPrepare: 38,
  annotateRows: 160,
  binlogCheckpoint: 161,
  gtid: 162,
  gtidList: 163,
  startEncryption: 164,
  compressedQuery: 165,
  compressedWriteRows: 166,
  compressedUpdateRows: 167,
  compressedDeleteRows: 168,
} as const;

/** Bit of an event's flags: who does not know the event may leave it out. */
const IGNORABLE = 0x80;
/** Bit of the flags of rows: with them the statement ends, and its tables are closed. */
const STATEMENT_END = 0x1;
/** Bytes of the number of a table, in table maps and rows. */
const TABLE_ID_BYTES = 6;
/** Where the flags of rows are. */
const ROWS_FLAGS_AT = EVENT_HEADER_BYTES + TABLE_ID_BYTES;

/** Bits of a GTID event's flags. */
const GTID_FLAG = { standalone: 0x01, groupCommit: 0x02, preparedXa: 0x40, completedXa: 0x80 } as const;

/** Type of an event, by its bytes. */
export function eventType(event: Buffer): number {
  return event.readUInt8(4);
}

/** When the event was made, in seconds since 1970 by the clock of who made it. */
export function eventSeconds(event: Buffer): number {
  return event.readUInt32LE(0);
}

/** Whether an event of a type that is not known here may be left out. */
export function isIgnorable(event: Buffer): boolean {
  return (event.readUInt16LE(17) & IGNORABLE) !== 0;
}

/** Whether an event holds rows. */
export function holdsRows(type: number): boolean {
  return (
    (type >= EVENT_TYPE.writeRows && type <= EVENT_TYPE.deleteRows) ||
    (type >= EVENT_TYPE.compressedWriteRows && type <= EVENT_TYPE.compressedDeleteRows)
  );
}

/** The number by which rows name their table, within a statement. Of table maps and rows. */
export function tableId(event: Buffer): number {
  return event.readUIntLE(EVENT_HEADER_BYTES, TABLE_ID_BYTES);
}

/** Whether rows end their statement. */
export function endsStatement(rows: Buffer): boolean {
  return (rows.readUInt16LE(ROWS_FLAGS_AT) & STATEMENT_END) !== 0;
}

/** Makes rows end their statement, in place. */
export function endStatement(rows: Buffer): void {
  rows.writeUInt16LE(rows.readUInt16LE(ROWS_FLAGS_AT) | STATEMENT_END, ROWS_FLAGS_AT);
}

/** Schema and name of a mapped table. */
export interface MappedTable {
  readonly schema: string;
  readonly table: string;
}

/** Reads a table map: flags, then schema and table, each with its length before it and a zero byte behind it. */
export function readTableMap(event: Buffer): MappedTable {
  const schemaAt = ROWS_FLAGS_AT + 2;
  const schemaEnd = schemaAt + 1 + event.readUInt8(schemaAt);
  const tableAt = schemaEnd + 1;
  return {
    schema: event.toString('utf8', schemaAt + 1, schemaEnd),
    table: event.toString('utf8', tableAt + 1, tableAt + 1 + event.readUInt8(tableAt)),
  };
}

/** The beginning of an event group. */
export interface GroupStart {
  readonly gtid: Gtid;
  /** The group is one statement more, without an end of its own. */
  readonly standalone: boolean;
  /** What an XA transaction does here, and its identity. */
  readonly xa: { readonly kind: 'prepared' | 'completed'; readonly id: string } | null;
}

/** Reads a GTID event. Source: https://mariadb.com/kb/en/gtid_event/ and, for what follows the flags, the server's Gtid_log_event. */
export function readGroupStart(event: Buffer): GroupStart {
  const body = event.subarray(EVENT_HEADER_BYTES);
  const flags = body.readUInt8(12);
  const prepared = (flags & GTID_FLAG.preparedXa) !== 0;
  const completed = (flags & GTID_FLAG.completedXa) !== 0;
  return {
    gtid: {
      sequence: body.readBigUInt64LE(0),
      domain: body.readUInt32LE(8),
      server: event.readUInt32LE(5),
    },
    standalone: (flags & GTID_FLAG.standalone) !== 0,
    xa:
      prepared || completed
        ? { kind: prepared ? 'prepared' : 'completed', id: readXaIdentity(body, flags) }
        : null,
  };
}

/** Format (4 bytes), two lengths, and the two parts; behind the number of the group commit where there is one. */
function readXaIdentity(body: Buffer, flags: number): string {
  const at = 13 + ((flags & GTID_FLAG.groupCommit) === 0 ? 0 : 8);
  const end = at + 6 + body.readUInt8(at + 4) + body.readUInt8(at + 5);
  return body.toString('hex', at, end);
}

/** A statement in the log. */
export interface LoggedStatement {
  /** The database that was current. */
  readonly database: string;
  /** Its bytes, in the character set of whoever sent it. */
  readonly text: Buffer;
}

/** Reads a statement, compressed or not. Source: https://mariadb.com/kb/en/query_event/ */
export function readStatement(event: Buffer): LoggedStatement {
  const body = event.subarray(EVENT_HEADER_BYTES);
  const databaseLength = body.readUInt8(8);
  const databaseAt = 13 + body.readUInt16LE(11);
  const textAt = databaseAt + databaseLength + 1;
  const text = body.subarray(textAt);
  return {
    database: body.toString('utf8', databaseAt, databaseAt + databaseLength),
    text: eventType(event) === EVENT_TYPE.compressedQuery ? inflate(text) : text,
  };
}

/** A byte whose low bits are the number of bytes of the length that follow it, most significant first; then zlib's stream. */
function inflate(compressed: Buffer): Buffer {
  const lengthBytes = compressed.readUInt8(0) & 0x07;
  try {
    return inflateSync(compressed.subarray(1 + lengthBytes));
  } catch (cause) {
    throw new EngineError('UnreadableFiles', 'a compressed statement in the log cannot be read', { cause });
  }
}

/**
 * What a format description says that decides how events are read, as text to compare: version of the format, of the
 * server, and the lengths of all types. Not when it was written.
 */
export function formatIdentity(event: Buffer): string {
  const body = event.subarray(EVENT_HEADER_BYTES);
  // 2 bytes of format, 50 of the server's version, 4 of time.
  return `${body.toString('latin1', 0, 52)}${body.toString('latin1', 56)}`;
}
