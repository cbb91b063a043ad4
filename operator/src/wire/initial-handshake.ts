/**
 * The server's first packet.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#initial-handshake-packet
 */
import { CAPABILITY, type Capabilities, hasCapability } from './capabilities.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import { decodeError, ERROR_HEADER, type ServerErrorText } from './server-error.ts';

/** The server's first packet. */
export interface InitialHandshake {
  /** Such as `11.8.2-MariaDB`; before 11.0 it travels with `5.5.5-` in front, which is removed when it is read. */
  readonly serverVersion: string;
  readonly connectionId: number;
  /** 20 random bytes, none of which is zero. */
  readonly nonce: Buffer;
  readonly capabilities: Capabilities;
  readonly collation: number;
  readonly status: number;
  /** The plugin that `nonce` is for. */
  readonly plugin: string;
}

const PROTOCOL_VERSION = 10;
const NONCE_FIRST_PART = 8;
/** Bytes of the nonce and of the zero byte after it. */
const NONCE_FIELD = 21;

/** In front of a MariaDB version below 11.0, for replicas of MySQL 5.5 that knew no two-digit version. */
const VERSION_PREFIX = '5.5.5-';

/** The payload of a server's first packet. */
export function encodeInitialHandshake(handshake: InitialHandshake): Buffer {
  const { flags, extended } = handshake.capabilities;
  const prefix = Number.parseInt(handshake.serverVersion, 10) < 11 ? VERSION_PREFIX : '';
  return new PayloadWriter(128)
    .uint8(PROTOCOL_VERSION)
    .nulTerminated(prefix + handshake.serverVersion)
    .uint32(handshake.connectionId)
    .bytes(handshake.nonce.subarray(0, NONCE_FIRST_PART))
    .uint8(0)
    .uint16(flags & 0xffff)
    .uint8(handshake.collation)
    .uint16(handshake.status)
    .uint16(flags >>> 16)
    .uint8(NONCE_FIELD)
    .zeros(6)
    .uint32((flags & CAPABILITY.mysql) === 0 ? extended : 0)
    .bytes(handshake.nonce.subarray(NONCE_FIRST_PART))
    .uint8(0)
    .nulTerminated(handshake.plugin)
    .finish();
}

/** What a server says first: its handshake, or why it does not want to talk (too many connections, a blocked host). */
export type Greeting =
  | { readonly kind: 'handshake'; readonly handshake: InitialHandshake }
  | { readonly kind: 'refused'; readonly error: ServerErrorText };

/** Reads a server's first packet. Servers older than protocol 4.1 are malformed here. */
export function decodeGreeting(payload: Buffer): Greeting {
  if (payload[0] === ERROR_HEADER) return { kind: 'refused', error: decodeError(payload) };
  const reader = new PayloadReader(payload);
  const version = reader.uint8();
  if (version !== PROTOCOL_VERSION)
    throw new ProtocolError('malformed', `protocol ${String(version)} is not known`);
  const serverVersion = reader.nulTerminated().toString('utf8');
  const connectionId = reader.uint32();
  const first = reader.bytes(NONCE_FIRST_PART);
  reader.skip(1);
  const low = reader.uint16();
  const collation = reader.uint8();
  const status = reader.uint16();
  const flags = ((reader.uint16() << 16) | low) >>> 0;
  const nonceField = reader.uint8();
  reader.skip(6);
  const extended = reader.uint32();
  const capabilities = { flags, extended: (flags & CAPABILITY.mysql) === 0 ? extended : 0 };
  const second = reader.bytes(Math.max(12, nonceField - NONCE_FIRST_PART - 1));
  if (reader.remaining > 0) reader.skip(1);
  const plugin = hasCapability(capabilities, CAPABILITY.pluginAuthentication)
    ? reader.nulTerminatedOrRest().toString('utf8')
    : 'mysql_native_password';
  return {
    kind: 'handshake',
    handshake: {
      serverVersion: serverVersion.startsWith(VERSION_PREFIX)
        ? serverVersion.slice(VERSION_PREFIX.length)
        : serverVersion,
      connectionId,
      nonce: Buffer.concat([first, second]),
      capabilities,
      collation,
      status,
      plugin,
    },
  };
}
