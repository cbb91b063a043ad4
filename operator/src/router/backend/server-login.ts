/** From nothing to a session at a server. */
import type { Socket } from 'node:net';
import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  type Capabilities,
  commonCapabilities,
  EXTENDED_CAPABILITY,
  hasCapability,
  removeCapabilities,
} from '../wire/capabilities.ts';
import { decodeGreeting, type InitialHandshake } from '../wire/initial-handshake.ts';
import { PacketChannel } from '../wire/packet-channel.ts';
import { PacketQueue } from '../wire/packet-queue.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { decodeError } from '../wire/server-error.ts';
import type { BackendServer, ConnectionTraits } from './backend-connection.ts';
import { BackendError } from './backend-error.ts';
import { queryCommand } from './commands.ts';
import type { Credential } from './credential.ts';
import { authenticate } from './authenticate.ts';
import { loginRefused } from './login-failure.ts';
import { MAX_PACKET, openSocket, upgradeToTls } from './secure-socket.ts';
import type { ServerTrust } from './server-trust.ts';
import { SESSION_START } from './session-start.ts';

export interface LoginOptions {
  readonly server: BackendServer;
  readonly user: string;
  readonly credential: Credential;
  readonly traits: ConnectionTraits;
  readonly trust: ServerTrust;
  readonly clock: Clock;
  /** From the first packet of TCP to a session that is ready. */
  readonly timeoutMilliseconds: number;
}

/** A session that is ready for its first command. */
export interface LoggedIn {
  /** Paused, without a sink that listens. */
  readonly channel: PacketChannel;
  readonly capabilities: Capabilities;
  readonly threadId: number;
  readonly serverVersion: string;
  readonly status: number;
}

/** Unsent bytes of a file beyond which the file is read no further. */
const HIGH_WATER_MARK = 256 * 1024;

/** What the answers of a server must be like for the readers here. */
const NEEDED =
  CAPABILITY.protocol41 |
  CAPABILITY.tls |
  CAPABILITY.multiStatements |
  CAPABILITY.pluginAuthentication |
  CAPABILITY.sessionTrack |
  CAPABILITY.deprecateEof;

/**
 * Connects, checks the server's identity, and logs in. Rejects with BackendError: `Unreachable`, `LoginTimeout`,
 * `IdentityRefused`, `AccessDenied`, `TooManyConnections`, `ProtocolViolation`, or `Aborted`.
 */
export async function logIn(options: LoginOptions, signal: AbortSignal): Promise<LoggedIn> {
  const { server, clock, timeoutMilliseconds } = options;
  if (signal.aborted) {
    throw new BackendError('Aborted', 'given up before it began', { cause: abortReason(signal) });
  }
  const scope = new AbortController();
  const onAbort = (): void =>
    scope.abort(
      new BackendError('Aborted', `the login to ${server.pod} was given up`, { cause: abortReason(signal) }),
    );
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.setTimer(timeoutMilliseconds, () =>
    scope.abort(
      new BackendError('LoginTimeout', `${server.pod} did not let in within ${timeoutMilliseconds} ms`),
    ),
  );
  let socket: Socket | undefined;
  try {
    socket = await openSocket(server, scope.signal);
    return await logInOver(socket, options, scope.signal);
  } catch (error) {
    socket?.destroy();
    throw scope.signal.aborted ? abortReason(scope.signal) : toBackendError(server, error);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function logInOver(socket: Socket, options: LoginOptions, signal: AbortSignal): Promise<LoggedIn> {
  const { server } = options;
  const channel = new PacketChannel(socket, {
    maxPayload: MAX_PACKET,
    highWaterMark: HIGH_WATER_MARK,
    checkSequence: false,
  });
  const packets = new PacketQueue(channel);
  const greeting = decodeGreeting(await packets.next(signal));
  if (greeting.kind === 'refused') {
    throw loginRefused(server, greeting.error);
  }
  const { handshake } = greeting;
  const capabilities = chooseCapabilities(server, handshake, options.traits);
  await upgradeToTls(channel, capabilities, options, signal);
  const status = await authenticate(channel, packets, handshake, capabilities, options, signal);
  await startSession(channel, packets, server, signal);
  const { connectionId, serverVersion } = handshake;
  return { channel, capabilities, threadId: connectionId, serverVersion, status };
}

function chooseCapabilities(
  server: BackendServer,
  { capabilities: theirs }: InitialHandshake,
  traits: ConnectionTraits,
): Capabilities {
  const flags =
    CAPABILITY.tls |
    CAPABILITY.multiStatements |
    (traits.foundRows ? CAPABILITY.foundRows : 0) |
    (traits.ignoreSpace ? CAPABILITY.ignoreSpace : 0) |
    (traits.localFiles ? CAPABILITY.localFiles : 0);
  const wanted = addCapabilities(BASE_CAPABILITIES, flags);
  const ours = traits.extendedMetadata
    ? wanted
    : removeCapabilities(wanted, 0, EXTENDED_CAPABILITY.extendedMetadata);
  const common = commonCapabilities(ours, theirs);
  if (!hasCapability(common, CAPABILITY.tls)) {
    throw new BackendError('IdentityRefused', `${server.pod} does not speak TLS`);
  }
  if (!hasCapability(common, NEEDED)) {
    throw new ProtocolError('unsupported', 'the server lacks what MariaDB 10.11 can do');
  }
  return common;
}

async function startSession(
  channel: PacketChannel,
  packets: PacketQueue,
  server: BackendServer,
  signal: AbortSignal,
): Promise<void> {
  channel.beginCommand();
  channel.send(queryCommand('', SESSION_START));
  const payload = await packets.next(signal);
  if (payload[0] !== 0x00) {
    throw loginRefused(server, decodeError(payload));
  }
}

function toBackendError(server: BackendServer, error: unknown): BackendError {
  if (error instanceof BackendError) {
    return error;
  }
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause instanceof ProtocolError && cause.code !== 'closed') {
    return new BackendError(
      'ProtocolViolation',
      `${server.pod} does not speak the protocol: ${cause.message}`,
      { cause },
    );
  }
  return new BackendError(
    'Unreachable',
    `${server.pod} closed the connection during the login: ${cause.message}`,
    { cause },
  );
}
