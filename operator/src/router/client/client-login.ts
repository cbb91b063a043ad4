import type { SecureContext } from 'node:tls';
import { assertNever } from '../../runtime/assert-never.ts';
import {
  CAPABILITY,
  type Capabilities,
  commonCapabilities,
  hasCapability,
  addCapabilities,
} from '../../wire/capabilities.ts';
import { CACHING_SHA2 } from '../../wire/auth/caching-sha2.ts';
import { certificateProof } from '../../wire/auth/certificate-proof.ts';
import { ED25519 } from '../../wire/auth/ed25519.ts';
import { NATIVE_PASSWORD } from '../../wire/auth/native-password.ts';
import { COLLATION } from '../../wire/column-type.ts';
import {
  decodeHandshakeResponse,
  decodeTlsRequest,
  type LoginFields,
} from '../../wire/handshake-response.ts';
import { encodeInitialHandshake } from '../../wire/initial-handshake.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import type { PacketQueue } from '../../wire/packet-queue.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';
import { SERVER_STATUS } from '../../wire/server-status.ts';
import type { Authenticator, ClientIdentity } from './authenticator.ts';
import type { ClientFacts } from './command-handler.ts';
import { secureChannel } from './secure-stream.ts';
import {
  type FirstAnswer,
  makeNonce,
  type RandomBytes,
  SCRAMBLE_LENGTH,
  type VerifiedLogin,
  verifyLogin,
} from './verify-login.ts';

/** What a server role tells of itself, and whom it asks. */
export interface LoginOptions {
  /** Such as `11.8.2-MariaDB`: clients decide by it what they use. */
  readonly serverVersion: () => string;
  /** What clients are offered; `tls` is added where there is a context. Must not have the `mysql` flag. */
  readonly offered: Capabilities;
  /** Asked at each login, so that a renewed certificate is used; null: no TLS. */
  readonly tls: () => SecureContext | null;
  readonly authenticator: Authenticator;
  readonly randomBytes: RandomBytes;
}

/** A connection before its login. */
export interface ArrivingClient {
  readonly channel: PacketChannel;
  readonly packets: PacketQueue;
  readonly connectionId: number;
  readonly address: string;
}

/** A client whose login holds. */
export interface LoggedInClient {
  readonly facts: ClientFacts;
  /** To be told with OK; empty for nothing. */
  readonly message: string;
}

/**
 * Greets a client, puts TLS under the connection when it wants that, and verifies who it is. OK is not yet told. Throws a
 * `ClientError` or a {@link ProtocolError}.
 */
export async function logInClient(
  client: ArrivingClient,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<LoggedInClient> {
  const { channel, packets, connectionId, address } = client;
  const context = options.tls();
  const offered = context === null ? options.offered : addCapabilities(options.offered, CAPABILITY.tls);
  const nonce = makeNonce(SCRAMBLE_LENGTH, options.randomBytes);
  channel.beginCommand();
  channel.send(
    encodeInitialHandshake({
      serverVersion: options.serverVersion(),
      connectionId,
      nonce,
      capabilities: offered,
      collation: COLLATION.utf8mb4General,
      status: SERVER_STATUS.autocommit,
      plugin: NATIVE_PASSWORD,
    }),
  );
  let payload = await packets.next(signal);
  const secure = decodeTlsRequest(payload) !== null;
  let fingerprint: Buffer | null = null;
  if (secure) {
    if (context === null) throw new ProtocolError('unsupported', 'TLS was not offered');
    fingerprint = await secureChannel(channel, context, signal);
    payload = await packets.next(signal);
  }
  const response = decodeHandshakeResponse(payload);
  const capabilities = commonCapabilities(offered, response.capabilities);
  // Without the flag no plugin is named, and the only one of that time is meant.
  const plugin = hasCapability(capabilities, CAPABILITY.pluginAuthentication)
    ? response.plugin
    : NATIVE_PASSWORD;
  const fields: LoginFields = { ...response, plugin };
  const arrived = { ...client, secure, capabilities };
  const login = await verifyFields(arrived, fields, nonce, options, signal);
  const facts = factsOf({ connectionId, address, secure, capabilities }, fields, login.identity);
  return { facts, message: fingerprint === null ? '' : describeCertificate(login, fingerprint) };
}

/** Verifies the user of COM_CHANGE_USER, by a nonce of its own. Throws as {@link logInClient}. */
export async function changeClientUser(
  client: ArrivingClient,
  present: ClientFacts,
  fields: LoginFields,
  options: LoginOptions,
  signal: AbortSignal,
): Promise<ClientFacts> {
  // Clients do not agree on which nonce is meant here: none of their first answers counts, and a new nonce is sent.
  const unanswered = { ...fields, plugin: null };
  const arrived = { ...client, secure: present.secure, capabilities: present.capabilities };
  const { identity } = await verifyFields(arrived, unanswered, Buffer.alloc(0), options, signal);
  return factsOf(
    present,
    fields.collation === 0 ? { ...fields, collation: present.collation } : fields,
    identity,
  );
}

type Arrived = ArrivingClient & Pick<ClientFacts, 'secure' | 'capabilities'>;

function verifyFields(
  client: Arrived,
  fields: LoginFields,
  nonce: Buffer,
  { authenticator, randomBytes }: LoginOptions,
  signal: AbortSignal,
): Promise<VerifiedLogin> {
  const { channel, packets, address, secure } = client;
  const canSwitch = hasCapability(client.capabilities, CAPABILITY.pluginAuthentication);
  const { user, database, attributes } = fields;
  const first: FirstAnswer = { plugin: fields.plugin, nonce, answer: fields.authentication };
  const request = { user, address, secure, database, attributes };
  return verifyLogin({ channel, packets, randomBytes, canSwitch }, authenticator, request, first, signal);
}

/** The message by which a client can trust our certificate without knowing its authority. */
function describeCertificate({ proof, scramble }: VerifiedLogin, fingerprint: Buffer): string {
  const { method } = proof;
  switch (method.plugin) {
    case NATIVE_PASSWORD:
      return method.doubleHash === null ? '' : certificateProof(method.doubleHash, scramble, fingerprint);
    case ED25519:
      return certificateProof(method.publicKey, scramble, fingerprint);
    case CACHING_SHA2:
      return '';
    default:
      return assertNever(method);
  }
}

function factsOf(
  connection: Pick<ClientFacts, 'connectionId' | 'address' | 'secure' | 'capabilities'>,
  { collation, database, attributes }: LoginFields,
  identity: ClientIdentity,
): ClientFacts {
  const { connectionId, address, secure, capabilities } = connection;
  return { connectionId, identity, address, secure, capabilities, collation, database, attributes };
}
