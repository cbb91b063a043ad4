/**
 * The compressed protocol: the stream of frames is cut anywhere into compressed packets with a header of their own (3
 * bytes compressed length, 1 byte sequence number, 3 bytes plain length, which is 0 where compressing did not pay).
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/0-packet#compressed-packet
 */
import { deflateSync, inflateSync } from 'node:zlib';
import { writeFrameHeader } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';

/** Bytes of a compressed packet's header. */
export const COMPRESSED_HEADER = 7;

/** Below this many bytes compressing does not pay; what MariaDB's client and server use (MIN_COMPRESS_LENGTH). */
const MIN_COMPRESSED = 50;

/** Most plain bytes per compressed packet that we make: bounds how long one compression keeps the event loop busy. */
const MAX_PLAIN = 128 * 1024;

/** zlib's fastest level: what is saved beyond it costs several times the processor time. */
const LEVEL = 1;

/**
 * The plain bytes of the compressed packet that lies between `start` and `end`. Never inflates beyond the length that
 * its header tells; a {@link ProtocolError} (`malformed`) when that is not the true one.
 */
export function inflatePacket(buffer: Buffer, start: number, end: number): Buffer {
  const plainLength = buffer.readUIntLE(start + 4, 3);
  const body = buffer.subarray(start + COMPRESSED_HEADER, end);
  if (plainLength === 0) return body;
  let plain: Buffer;
  try {
    plain = inflateSync(body, { maxOutputLength: plainLength });
  } catch (cause) {
    throw new ProtocolError('malformed', 'a compressed packet cannot be inflated', cause);
  }
  if (plain.length !== plainLength) {
    throw new ProtocolError('malformed', 'a compressed packet has another length than it tells');
  }
  return plain;
}

/**
 * Appends `plain` to `output` as compressed packets numbered from `sequence`. Returns the number after the last, not
 * reduced to a byte.
 */
export function deflatePackets(plain: Buffer, sequence: number, output: Buffer[]): number {
  let next = sequence;
  for (let at = 0; at < plain.length; at += MAX_PLAIN) {
    const piece = plain.subarray(at, at + MAX_PLAIN);
    const deflated = piece.length < MIN_COMPRESSED ? piece : deflateSync(piece, { level: LEVEL });
    const pays = deflated.length < piece.length;
    const body = pays ? deflated : piece;
    const header = Buffer.allocUnsafe(COMPRESSED_HEADER);
    writeFrameHeader(header, 0, body.length, next);
    header.writeUIntLE(pays ? piece.length : 0, 4, 3);
    output.push(header, body);
    next += 1;
  }
  return next;
}
