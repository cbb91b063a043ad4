import { nativeSecretOf, NATIVE_PASSWORD, proveNative } from '../auth/native-password.ts';
import { decodeLoginReply } from '../auth/packets.ts';
import type { Capabilities } from '../capabilities.ts';
import { COLLATION } from '../column-type.ts';
import { encodeHandshakeResponse } from '../handshake-response.ts';
import type { InitialHandshake } from '../initial-handshake.ts';
import type { PacketChannel } from '../packet-channel.ts';
import type { PacketQueue } from '../packet-queue.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { Credential } from './credential.ts';
import { loginRefused } from './login-failure.ts';
import { MAX_PACKET } from './secure-socket.ts';
import type { LocalServer, ServerAddress } from './server-address.ts';

/** As whom to log in, and where. */
export interface Identity {
  readonly server: ServerAddress | LocalServer;
  readonly user: string;
  readonly credential: Credential;
  /** What the server shows of the client. */
  readonly programName: string;
}

/** More plugins than any account has. */
const MOST_REPLIES = 16;

/** Proves by mysql_native_password to be a user; the status of the session. Rejects with LoginError, and as `packets` does. */
export async function authenticate(
  channel: PacketChannel,
  packets: PacketQueue,
  handshake: InitialHandshake,
  capabilities: Capabilities,
  { server, user, credential, programName }: Identity,
  signal: AbortSignal,
): Promise<number> {
  const secret = secretOf(credential);
  channel.send(
    encodeHandshakeResponse({
      capabilities,
      maxPacket: MAX_PACKET,
      collation: COLLATION.utf8mb4General,
      user,
      authentication: proveNative(secret, handshake.nonce),
      database: null,
      plugin: NATIVE_PASSWORD,
      attributes: new Map([['program_name', programName]]),
    }),
  );
  for (let replies = 0; replies < MOST_REPLIES; replies += 1) {
    const reply = decodeLoginReply(await packets.next(signal), capabilities);
    switch (reply.kind) {
      case 'accepted':
        return reply.ok.status;
      case 'refused':
        throw loginRefused(server, reply.error);
      case 'switch':
        // An account can have several plugins. Those that there is no proof for here get none: the server goes on to the next.
        channel.send(
          reply.plugin === NATIVE_PASSWORD
            ? proveNative(secret, reply.data.subarray(0, 20))
            : Buffer.alloc(0),
        );
        break;
      default:
        channel.send(Buffer.alloc(0));
    }
  }
  throw new ProtocolError('malformed', 'a login without an end');
}

function secretOf(credential: Credential): Buffer | null {
  if (credential.kind === 'passwordSha1') {
    return credential.sha1;
  }
  return credential.password === '' ? null : nativeSecretOf(credential.password);
}
