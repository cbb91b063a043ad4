/** From nothing to a session at a server. */
import type { LookupFunction, Socket } from 'node:net';
import { abortReason } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';
import {
  addCapabilities,
  CAPABILITY,
  type Capabilities,
  commonCapabilities,
  hasCapability,
} from '../capabilities.ts';
import { COMMAND } from '../command-code.ts';
import { decodeGreeting, type InitialHandshake } from '../initial-handshake.ts';
import { PacketChannel } from '../packet-channel.ts';
import { PacketQueue } from '../packet-queue.ts';
import { ProtocolError } from '../protocol-error.ts';
import { decodeError } from '../server-error.ts';
import { authenticate } from './authenticate.ts';
import type { Credential } from './credential.ts';
import { LoginError } from './login-error.ts';
import { loginRefused } from './login-failure.ts';
import { MAX_PACKET, openSocket, upgradeToTls } from './secure-socket.ts';
import { isLocal, type LocalServer, type ServerAddress } from './server-address.ts';
import type { ServerTrust } from './server-trust.ts';

/** A login to be made, over TLS. */
export interface RemoteLogin extends LoginTerms {
  readonly server: ServerAddress;
  readonly trust: ServerTrust;
  /** Where the address of a host comes from. @default the system */
  readonly lookup?: LookupFunction;
}

/** A login to be made, over a socket of this machine. */
export interface LocalLogin extends LoginTerms {
  readonly server: LocalServer;
}

/** What every login says. */
export interface LoginTerms {
  readonly user: string;
  readonly credential: Credential;
  /** What the client can do, without TLS, which the kind of server decides. */
  readonly capabilities: Capabilities;
  /** Flags of `CAPABILITY` without which the answers could not be read. */
  readonly needed: number;
  /** What the server shows of the client. */
  readonly programName: string;
  /** A statement without rows that every session begins with. */
  readonly sessionStart: Buffer;
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

/** Unsent bytes beyond which a sender is told to wait. */
const HIGH_WATER_MARK = 256 * 1024;

/** Connects, checks the server's identity, and logs in. Rejects with {@link LoginError}. */
export async function logIn(login: RemoteLogin | LocalLogin, signal: AbortSignal): Promise<LoggedIn> {
  const { server, clock, timeoutMilliseconds } = login;
  if (signal.aborted) {
    throw new LoginError('Aborted', 'given up before it began', { cause: abortReason(signal) });
  }
  const scope = new AbortController();
  const onAbort = (): void =>
    scope.abort(
      new LoginError('Aborted', `the login to ${server.pod} was given up`, { cause: abortReason(signal) }),
    );
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = clock.setTimer(timeoutMilliseconds, () =>
    scope.abort(
      new LoginError('LoginTimeout', `${server.pod} did not let in within ${timeoutMilliseconds} ms`),
    ),
  );
  let socket: Socket | undefined;
  try {
    socket = await openSocket(server, scope.signal, 'lookup' in login ? login.lookup : undefined);
    return await logInOver(socket, login, scope.signal);
  } catch (error) {
    socket?.destroy();
    throw scope.signal.aborted ? abortReason(scope.signal) : toLoginError(server, error);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', onAbort);
  }
}

async function logInOver(
  socket: Socket,
  login: RemoteLogin | LocalLogin,
  signal: AbortSignal,
): Promise<LoggedIn> {
  const { server } = login;
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
  const capabilities = chooseCapabilities(login, handshake);
  if ('trust' in login) {
    await upgradeToTls(channel, capabilities, login, signal);
  }
  const status = await authenticate(channel, packets, handshake, capabilities, login, signal);
  await startSession(channel, packets, login, signal);
  const { connectionId, serverVersion } = handshake;
  return { channel, capabilities, threadId: connectionId, serverVersion, status };
}

function chooseCapabilities(
  { server, capabilities, needed }: RemoteLogin | LocalLogin,
  { capabilities: theirs }: InitialHandshake,
): Capabilities {
  const secured = isLocal(server) ? 0 : CAPABILITY.tls;
  const common = commonCapabilities(addCapabilities(capabilities, secured), theirs);
  if (!hasCapability(common, secured)) {
    throw new LoginError('IdentityRefused', `${server.pod} does not speak TLS`);
  }
  if (!hasCapability(common, needed)) {
    throw new ProtocolError('unsupported', 'the server lacks what MariaDB 10.11 can do');
  }
  return common;
}

async function startSession(
  channel: PacketChannel,
  packets: PacketQueue,
  { server, sessionStart }: RemoteLogin | LocalLogin,
  signal: AbortSignal,
): Promise<void> {
  channel.beginCommand();
  channel.send(Buffer.concat([Buffer.of(COMMAND.query), sessionStart]));
  const payload = await packets.next(signal);
  if (payload[0] !== 0x00) {
    throw loginRefused(server, decodeError(payload));
  }
}

function toLoginError(server: ServerAddress | LocalServer, error: unknown): LoginError {
  if (error instanceof LoginError) {
    return error;
  }
  const cause = error instanceof Error ? error : new Error(String(error));
  if (cause instanceof ProtocolError && cause.code !== 'closed') {
    return new LoginError(
      'ProtocolViolation',
      `${server.pod} does not speak the protocol: ${cause.message}`,
      { cause },
    );
  }
  return new LoginError(
    'Unreachable',
    `${server.pod} closed the connection during the login: ${cause.message}`,
    { cause },
  );
}
