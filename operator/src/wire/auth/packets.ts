/**
 * Packets between the client's first answer and the server's OK.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#authentication-switch-request
 */
import { decodeOk, EOF_HEADER, OK_HEADER, type OkPacket } from '../ok-packet.ts';
import type { Capabilities } from '../capabilities.ts';
import { PayloadReader } from '../payload-reader.ts';
import { PayloadWriter } from '../payload-writer.ts';
import { ProtocolError } from '../protocol-error.ts';
import { decodeError, ERROR_HEADER, type ServerErrorText } from '../server-error.ts';

/** First byte of a plugin's own data. */
const MORE_DATA_HEADER = 0x01;

/** What a server says during a login. */
export type LoginReply =
  | { readonly kind: 'accepted'; readonly ok: OkPacket }
  | { readonly kind: 'refused'; readonly error: ServerErrorText }
  /** Begin again with this plugin; the data is its nonce, with a zero byte behind where that plugin has one. */
  | { readonly kind: 'switch'; readonly plugin: string; readonly data: Buffer }
  /** Data of the present plugin. */
  | { readonly kind: 'more'; readonly data: Buffer };

/** The payload that asks a client to begin again with another plugin. */
export function encodeAuthSwitch(plugin: string, data: Buffer): Buffer {
  return new PayloadWriter(64).uint8(EOF_HEADER).nulTerminated(plugin).bytes(data).finish();
}

/** The payload with a plugin's own data. */
export function encodeAuthMoreData(data: Buffer): Buffer {
  return new PayloadWriter(data.length + 1).uint8(MORE_DATA_HEADER).bytes(data).finish();
}

/** Reads what a server says during a login. The pre-4.1 password exchange is `unsupported`. */
export function decodeLoginReply(payload: Buffer, capabilities: Capabilities): LoginReply {
  switch (payload[0]) {
    case OK_HEADER:
      return { kind: 'accepted', ok: decodeOk(payload, capabilities) };
    case ERROR_HEADER:
      return { kind: 'refused', error: decodeError(payload) };
    case MORE_DATA_HEADER:
      return { kind: 'more', data: payload.subarray(1) };
    case EOF_HEADER: {
      if (payload.length === 1) throw new ProtocolError('unsupported', 'the server wants a pre-4.1 password');
      const reader = new PayloadReader(payload, 1);
      return { kind: 'switch', plugin: reader.nulTerminated().toString('utf8'), data: reader.rest() };
    }
    default:
      throw new ProtocolError('malformed', 'no packet of a login');
  }
}
