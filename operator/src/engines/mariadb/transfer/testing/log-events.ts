/** Events of a binary log, made for tests: without checksums, as they are behind the stream. */
import { deflateSync } from 'node:zlib';
import { PayloadWriter } from '../../../../wire/payload-writer.ts';
import { EVENT_HEADER_BYTES } from '../../log-events.ts';
import { EVENT_TYPE } from '../binlog-event.ts';

const SERVER = 11;
const SECONDS = 1_790_000_000;

/** An event of any type. */
export function logEvent(
  type: number,
  body: Buffer,
  { server = SERVER, flags = 0, seconds = SECONDS } = {},
): Buffer {
  return new PayloadWriter(EVENT_HEADER_BYTES + body.length)
    .uint32(seconds)
    .uint8(type)
    .uint32(server)
    .uint32(EVENT_HEADER_BYTES + body.length)
    .uint32(0)
    .uint16(flags)
    .bytes(body)
    .finish();
}

/** The beginning of a group. `flags`: 1 standalone. */
export function gtidEvent(sequence: number, { domain = 0, server = SERVER, flags = 0 } = {}): Buffer {
  const body = new PayloadWriter().uint64(BigInt(sequence)).uint32(domain).uint8(flags).zeros(6).finish();
  return logEvent(EVENT_TYPE.gtid, body, { server });
}

/** The beginning of an XA transaction's group, prepared (0x40) or completed (0x80), with an identity of one byte. */
export function xaGtidEvent(sequence: number, flags: number, id: number): Buffer {
  const body = new PayloadWriter()
    .uint64(BigInt(sequence))
    .uint32(0)
    .uint8(flags)
    .uint32(1)
    .uint8(1)
    .uint8(0)
    .uint8(id)
    .finish();
  return logEvent(EVENT_TYPE.gtid, body);
}

/** A map of a table with one column. */
export function tableMapEvent(
  id: number,
  schema: string,
  table: string,
  columns = Buffer.from([1, 3, 0, 0]),
): Buffer {
  const body = new PayloadWriter()
    .bytes(Buffer.from([id & 0xff, id >> 8, 0, 0, 0, 0]))
    .uint16(1)
    .uint8(schema.length)
    .nulTerminated(schema)
    .uint8(table.length)
    .nulTerminated(table)
    .bytes(columns)
    .finish();
  return logEvent(EVENT_TYPE.tableMap, body);
}

/** Rows of a mapped table; `content` stands for them. */
export function rowsEvent(
  id: number,
  isLast: boolean,
  content: string | Buffer,
  type: number = EVENT_TYPE.writeRows,
): Buffer {
  const body = new PayloadWriter()
    .bytes(Buffer.from([id & 0xff, id >> 8, 0, 0, 0, 0]))
    .uint16(isLast ? 1 : 0)
    .bytes(typeof content === 'string' ? Buffer.from(content) : content)
    .finish();
  return logEvent(type, body);
}

/** What {@link rowsEvent} was given. */
export function contentOf(rows: Buffer): string {
  return rows.toString('utf8', EVENT_HEADER_BYTES + 8);
}

/** A statement, compressed or not. */
export function queryEvent(database: string, text: string, { compressed = false } = {}): Buffer {
  const status = Buffer.from([0, 1, 2, 3, 4]);
  const plain = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(plain.length);
  const body = new PayloadWriter()
    .uint32(7)
    .uint32(0)
    .uint8(database.length)
    .uint16(0)
    .uint16(status.length)
    .bytes(status)
    .nulTerminated(database)
    .bytes(compressed ? Buffer.concat([Buffer.from([0x82]), length, deflateSync(plain)]) : plain)
    .finish();
  return logEvent(compressed ? EVENT_TYPE.compressedQuery : EVENT_TYPE.query, body);
}

/** The commit of a transaction. */
export function commitEvent(seconds?: number): Buffer {
  return logEvent(EVENT_TYPE.transactionId, Buffer.alloc(8), seconds === undefined ? {} : { seconds });
}

/** The description of a log file. `algorithm`: 0 without checksums, 1 with CRC-32. */
export function formatEvent({ version = '10.11.6-MariaDB', algorithm = 0, created = 0 } = {}): Buffer {
  const body = Buffer.alloc(2 + 50 + 4 + 1 + 60 + 5);
  body.writeUInt16LE(4, 0);
  body.write(version, 2);
  body.writeUInt32LE(created, 52);
  body.writeUInt8(EVENT_HEADER_BYTES, 56);
  body.writeUInt8(algorithm, body.length - 5);
  return logEvent(EVENT_TYPE.formatDescription, body);
}
