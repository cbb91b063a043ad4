/**
 * The client's answer to the server's first packet, and COM_CHANGE_USER, which says the same later.
 * Source: https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection#client-handshake-response
 */
import { CAPABILITY, type Capabilities, hasCapability } from './capabilities.ts';
import { COMMAND } from './command-code.ts';
import { PayloadReader } from './payload-reader.ts';
import { PayloadWriter } from './payload-writer.ts';
import { ProtocolError } from './protocol-error.ts';

/** Who a client is and how it begins to prove it. */
export interface LoginFields {
  readonly collation: number;
  readonly user: string;
  /** First answer of `plugin`. */
  readonly authentication: Buffer;
  /** Null for none. */
  readonly database: string | null;
  /** Plugin that made `authentication`; null when the client names none. */
  readonly plugin: string | null;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The client's answer to the server's first packet. */
export interface HandshakeResponse extends LoginFields {
  readonly capabilities: Capabilities;
  /** Largest packet that the client wants to receive, in bytes. */
  readonly maxPacket: number;
}

/** The client's wish for TLS, before it says who it is. */
export interface TlsRequest {
  readonly capabilities: Capabilities;
  readonly maxPacket: number;
  readonly collation: number;
}

/** Bytes of the part that a wish for TLS consists of, and a response begins with. */
const TLS_REQUEST_LENGTH = 32;

/** The payload that asks for TLS. `capabilities` must have the `tls` flag. */
export function encodeTlsRequest(request: TlsRequest): Buffer {
  return encodeStart(request).finish();
}

/** The wish for TLS in a client's first packet; null when it is a response already. */
export function decodeTlsRequest(payload: Buffer): TlsRequest | null {
  if (payload.length !== TLS_REQUEST_LENGTH) return null;
  const request = decodeStart(new PayloadReader(payload));
  return hasCapability(request.capabilities, CAPABILITY.tls) ? request : null;
}

/** A response's payload. Its capability flags decide which fields are in it. */
export function encodeHandshakeResponse(response: HandshakeResponse): Buffer {
  const { capabilities } = response;
  const writer = encodeStart(response).nulTerminated(response.user);
  if (hasCapability(capabilities, CAPABILITY.pluginDataLengthEncoded)) {
    writer.lengthEncodedBytes(response.authentication);
  } else if (hasCapability(capabilities, CAPABILITY.secureConnection)) {
    writer.uint8(response.authentication.length).bytes(response.authentication);
  } else writer.nulTerminated(response.authentication);
  if (hasCapability(capabilities, CAPABILITY.connectWithDatabase))
    writer.nulTerminated(response.database ?? '');
  encodePluginAndAttributes(writer, response, capabilities);
  return writer.finish();
}

/** Reads a response's payload. A client without protocol 4.1 is `unsupported`. */
export function decodeHandshakeResponse(payload: Buffer): HandshakeResponse {
  const reader = new PayloadReader(payload);
  const start = decodeStart(reader);
  const { capabilities } = start;
  const user = reader.nulTerminated().toString('utf8');
  let authentication: Buffer;
  if (hasCapability(capabilities, CAPABILITY.pluginDataLengthEncoded)) {
    authentication = reader.lengthEncodedBytes();
  } else if (hasCapability(capabilities, CAPABILITY.secureConnection)) {
    authentication = reader.bytes(reader.uint8());
  } else authentication = reader.nulTerminated();
  const database =
    hasCapability(capabilities, CAPABILITY.connectWithDatabase) && reader.remaining > 0
      ? reader.nulTerminatedOrRest().toString('utf8')
      : '';
  return {
    ...start,
    user,
    authentication,
    database: database === '' ? null : database,
    ...decodePluginAndAttributes(reader, capabilities),
  };
}

/** The payload of COM_CHANGE_USER. */
export function encodeChangeUser(fields: LoginFields, capabilities: Capabilities): Buffer {
  const writer = new PayloadWriter(128)
    .uint8(COMMAND.changeUser)
    .nulTerminated(fields.user)
    .uint8(fields.authentication.length)
    .bytes(fields.authentication)
    .nulTerminated(fields.database ?? '')
    .uint16(fields.collation);
  encodePluginAndAttributes(writer, fields, capabilities);
  return writer.finish();
}

/** Reads the payload of COM_CHANGE_USER. The collation is 0 when the client names none. */
export function decodeChangeUser(payload: Buffer, capabilities: Capabilities): LoginFields {
  const reader = new PayloadReader(payload);
  reader.skip(1);
  const user = reader.nulTerminated().toString('utf8');
  const authentication = hasCapability(capabilities, CAPABILITY.secureConnection)
    ? reader.bytes(reader.uint8())
    : reader.nulTerminated();
  const database = reader.nulTerminatedOrRest().toString('utf8');
  const collation = reader.remaining >= 2 ? reader.uint16() : 0;
  return {
    user,
    authentication,
    database: database === '' ? null : database,
    collation,
    ...decodePluginAndAttributes(reader, capabilities),
  };
}

function encodeStart(request: TlsRequest): PayloadWriter {
  const { flags, extended } = request.capabilities;
  return new PayloadWriter(256)
    .uint32(flags)
    .uint32(request.maxPacket)
    .uint8(request.collation & 0xff)
    .zeros(19)
    .uint32((flags & CAPABILITY.mysql) === 0 ? extended : 0);
}

function decodeStart(reader: PayloadReader): TlsRequest {
  const flags = reader.uint32();
  if ((flags & CAPABILITY.protocol41) === 0) {
    throw new ProtocolError('unsupported', 'clients older than protocol 4.1 are not served');
  }
  const maxPacket = reader.uint32();
  const collation = reader.uint8();
  reader.skip(19);
  const extended = reader.uint32();
  return {
    capabilities: { flags, extended: (flags & CAPABILITY.mysql) === 0 ? extended : 0 },
    maxPacket,
    collation,
  };
}

function encodePluginAndAttributes(
  writer: PayloadWriter,
  fields: LoginFields,
  capabilities: Capabilities,
): void {
  if (hasCapability(capabilities, CAPABILITY.pluginAuthentication)) writer.nulTerminated(fields.plugin ?? '');
  if (!hasCapability(capabilities, CAPABILITY.connectAttributes)) return;
  const attributes = new PayloadWriter();
  for (const [name, value] of fields.attributes)
    attributes.lengthEncodedBytes(name).lengthEncodedBytes(value);
  writer.lengthEncodedBytes(attributes.finish());
}

function decodePluginAndAttributes(
  reader: PayloadReader,
  capabilities: Capabilities,
): Pick<LoginFields, 'plugin' | 'attributes'> {
  const plugin =
    hasCapability(capabilities, CAPABILITY.pluginAuthentication) && reader.remaining > 0
      ? reader.nulTerminatedOrRest().toString('utf8')
      : '';
  const attributes = new Map<string, string>();
  if (hasCapability(capabilities, CAPABILITY.connectAttributes) && reader.remaining > 0) {
    const pairs = new PayloadReader(reader.lengthEncodedBytes());
    while (pairs.remaining > 0) {
      const name = pairs.lengthEncodedBytes().toString('utf8');
      attributes.set(name, pairs.lengthEncodedBytes().toString('utf8'));
    }
  }
  return { plugin: plugin === '' ? null : plugin, attributes };
}
