import { CAPABILITY, type Capabilities, hasCapability } from './capabilities.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import { SERVER_STATUS } from './server-status.ts';
import { decodeSessionChanges, encodeSessionChanges, type SessionChanges } from './session-changes.ts';

/** First byte of an OK packet. */
export const OK_HEADER = 0x00;

/** First byte of an EOF packet, and of an OK packet that ends rows where EOF packets are deprecated. */
export const EOF_HEADER = 0xfe;

/** First byte of the wish for a file of the client (LOAD DATA LOCAL); the file's name follows. */
export const LOCAL_FILE_HEADER = 0xfb;

/** An EOF packet has fewer bytes than this; a row whose first field begins with 0xFE has at least as many. */
const EOF_LENGTH_LIMIT = 9;

/** The answer to a statement without rows. */
export interface OkPacket {
  readonly affectedRows: bigint;
  readonly lastInsertId: bigint;
  /** Bits of {@link SERVER_STATUS}. */
  readonly status: number;
  readonly warnings: number;
  readonly message: string;
  /** Null when nothing changed, or session tracking is not in force. */
  readonly changes: SessionChanges | null;
}

/** The end of column definitions or of rows. */
export interface EndOfRows {
  readonly status: number;
  readonly warnings: number;
  /** Told only where EOF packets are deprecated. */
  readonly changes?: SessionChanges | null;
}

/** An OK packet for a statement that changed nothing, with autocommit. */
export const PLAIN_OK: OkPacket = {
  affectedRows: 0n,
  lastInsertId: 0n,
  status: SERVER_STATUS.autocommit,
  warnings: 0,
  message: '',
  changes: null,
};

/**
 * An OK packet's payload. `changes` are left out where the client does not track its session, and the status bit says
 * what is in the packet, whatever `status` has. The message has its length in front of it in any case: the protocol's description
 * lets it go on to the end of the packet without session tracking, but servers write, and clients read, a length. `header`: {@link EOF_HEADER} to end rows where EOF packets are deprecated.
 */
export function encodeOk(ok: OkPacket, capabilities: Capabilities, header: number = OK_HEADER): Buffer {
  const tracking = hasCapability(capabilities, CAPABILITY.sessionTrack);
  const changes = tracking ? ok.changes : null;
  const bit = SERVER_STATUS.sessionStateChanged;
  const writer = new PayloadWriter()
    .uint8(header)
    .lengthEncoded(ok.affectedRows)
    .lengthEncoded(ok.lastInsertId)
    .uint16(changes === null ? ok.status & ~bit : ok.status | bit)
    .uint16(ok.warnings);
  if (changes !== null) {
    return writer.lengthEncodedBytes(ok.message).lengthEncodedBytes(encodeSessionChanges(changes)).finish();
  }
  if (ok.message !== '') writer.lengthEncodedBytes(ok.message);
  return writer.finish();
}

/** Reads an OK packet's payload, with either header. */
export function decodeOk(payload: Buffer, capabilities: Capabilities): OkPacket {
  const reader = new PayloadReader(payload);
  const header = reader.uint8();
  if (header !== OK_HEADER && header !== EOF_HEADER) throw new ProtocolError('malformed', 'no OK packet');
  const affectedRows = reader.lengthEncodedBigint();
  const lastInsertId = reader.lengthEncodedBigint();
  const status = reader.uint16();
  const warnings = reader.uint16();
  const message = reader.remaining === 0 ? '' : reader.lengthEncodedBytes().toString('utf8');
  const changes =
    hasCapability(capabilities, CAPABILITY.sessionTrack) &&
    (status & SERVER_STATUS.sessionStateChanged) !== 0 &&
    reader.remaining > 0
      ? decodeSessionChanges(reader.lengthEncodedBytes())
      : null;
  return { affectedRows, lastInsertId, status, warnings, message, changes };
}

/**
 * Whether the payload of `length` bytes whose first is `first` ends column definitions or rows, and is no row: with EOF
 * packets deprecated an OK packet with header 0xFE (never a full frame), otherwise an EOF packet.
 */
export function isEndOfRows(first: number, length: number, capabilities: Capabilities): boolean {
  if (first !== EOF_HEADER) return false;
  return hasCapability(capabilities, CAPABILITY.deprecateEof)
    ? length < 0xff_ffff
    : length < EOF_LENGTH_LIMIT;
}

/** An EOF packet's payload; only for connections on which EOF packets are not deprecated. */
export function encodeEof(end: EndOfRows): Buffer {
  // Two of them go with every result.
  const payload = Buffer.allocUnsafe(5);
  payload[0] = EOF_HEADER;
  payload.writeUInt16LE(end.warnings, 1);
  payload.writeUInt16LE(end.status, 3);
  return payload;
}

/** The payload that ends rows under these capabilities. */
export function encodeEndOfRows(end: EndOfRows, capabilities: Capabilities): Buffer {
  if (!hasCapability(capabilities, CAPABILITY.deprecateEof)) return encodeEof(end);
  const { status, warnings, changes = null } = end;
  if (changes === null) {
    // Nearly every result ends so.
    const payload = Buffer.allocUnsafe(7);
    payload[0] = EOF_HEADER;
    payload[1] = 0;
    payload[2] = 0;
    payload.writeUInt16LE(status & ~SERVER_STATUS.sessionStateChanged, 3);
    payload.writeUInt16LE(warnings, 5);
    return payload;
  }
  return encodeOk({ ...PLAIN_OK, status, warnings, changes }, capabilities, EOF_HEADER);
}

/** Reads what {@link isEndOfRows} recognised. Session changes come with it only where EOF packets are deprecated. */
export function decodeEndOfRows(payload: Buffer, capabilities: Capabilities): OkPacket {
  if (hasCapability(capabilities, CAPABILITY.deprecateEof)) return decodeOk(payload, capabilities);
  const reader = new PayloadReader(payload);
  reader.skip(1);
  const warnings = reader.uint16();
  return { ...PLAIN_OK, warnings, status: reader.uint16() };
}
