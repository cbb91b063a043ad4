/** A connection to a server that is who it says. */
import { connect, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { abortReason } from '../../runtime/abort.ts';
import type { Capabilities } from '../capabilities.ts';
import { COLLATION } from '../column-type.ts';
import { encodeTlsRequest } from '../handshake-response.ts';
import type { PacketChannel } from '../packet-channel.ts';
import { connectFailed, tlsFailed } from './login-failure.ts';
import { isLocal, type LocalServer, type ServerAddress } from './server-address.ts';
import type { ServerTrust } from './server-trust.ts';

/** Largest packet there is in MariaDB. */
export const MAX_PACKET = 2 ** 30;

/** The kernel finds out about a peer that vanished after this time of silence and ten more seconds. */
const KEEP_ALIVE_MILLISECONDS = 5000;

/** Connects. Rejects with LoginError `Unreachable`, and with the signal's reason. */
export async function openSocket(
  server: ServerAddress | LocalServer,
  signal: AbortSignal,
  lookup?: LookupFunction,
): Promise<Socket> {
  const socket = connect(
    isLocal(server)
      ? { path: server.socketPath }
      : { host: server.host, port: server.port, noDelay: true, ...(lookup === undefined ? {} : { lookup }) },
  );
  socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(abortReason(signal));
  socket.once('connect', resolve).once('error', (cause) => reject(connectFailed(server, cause)));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.removeAllListeners('connect').removeAllListeners('error');
    // Between this and the listeners of a channel nothing else can run but this.
    socket.once('error', () => {});
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Puts TLS under a connection that was greeted. Rejects with LoginError `IdentityRefused` where the certificate is not by a
 * trusted authority or for another name, `Unreachable`, and with the signal's reason.
 */
export async function upgradeToTls(
  channel: PacketChannel,
  capabilities: Capabilities,
  { server, trust }: { readonly server: ServerAddress; readonly trust: ServerTrust },
  signal: AbortSignal,
): Promise<void> {
  channel.send(
    encodeTlsRequest({ capabilities, maxPacket: MAX_PACKET, collation: COLLATION.utf8mb4General }),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = (): void => reject(abortReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  channel.replaceStream((socket) =>
    connectTls({ socket, servername: server.serverName, secureContext: trust.context() }, resolve)
      .once('error', (cause) => reject(tlsFailed(server, cause)))
      .once('close', () =>
        reject(tlsFailed(server, Object.assign(new Error('closed'), { code: 'ECONNRESET' }))),
      ),
  );
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
