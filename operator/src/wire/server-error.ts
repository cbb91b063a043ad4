import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';

/** First byte of an ERR packet. */
export const ERROR_HEADER = 0xff;

/** An error as a server tells it. */
export interface ServerErrorText {
  /** MariaDB's number, such as 1045. */
  readonly errno: number;
  /** Five characters. */
  readonly sqlState: string;
  readonly message: string;
}

/** An ERR packet's payload. */
export function encodeError(error: ServerErrorText): Buffer {
  return new PayloadWriter(16 + error.message.length)
    .uint8(ERROR_HEADER)
    .uint16(error.errno)
    .text(`#${error.sqlState}`)
    .text(error.message)
    .finish();
}

/**
 * An ERR packet as told before the handshake (no client has said yet that it understands SQL states): for refusing a
 * connection at the door.
 */
export function encodeEarlyError(error: ServerErrorText): Buffer {
  return new PayloadWriter(16 + error.message.length)
    .uint8(ERROR_HEADER)
    .uint16(error.errno)
    .text(error.message)
    .finish();
}

/** Reads an ERR packet's payload, with or without an SQL state. */
export function decodeError(payload: Buffer): ServerErrorText {
  const reader = new PayloadReader(payload);
  if (reader.uint8() !== ERROR_HEADER) throw new ProtocolError('malformed', 'no ERR packet');
  const errno = reader.uint16();
  let sqlState = 'HY000';
  if (reader.peek() === 0x23 && reader.remaining >= 6) {
    reader.skip(1);
    sqlState = reader.bytes(5).toString('latin1');
  }
  return { errno, sqlState, message: reader.rest().toString('utf8') };
}
