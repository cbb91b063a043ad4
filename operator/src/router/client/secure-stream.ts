import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { abortableWait } from '../../runtime/abort.ts';
import type { PacketChannel } from '../wire/packet-channel.ts';
import { ProtocolError } from '../wire/protocol-error.ts';

/**
 * Puts TLS under a client's connection, in the server's role. Resolves when the TLS handshake is done; rejects with a
 * {@link ProtocolError} when it fails, and with the signal's reason.
 */
export async function secureChannel(channel: PacketChannel, context: SecureContext, signal: AbortSignal): Promise<void> {
  const wait = abortableWait<Error | null>(signal);
  channel.replaceStream((socket: Duplex) => {
    const secure = new TLSSocket(socket as Socket, { isServer: true, secureContext: context });
    return secure
      .once('secure', () => {
        wait.resolve(null);
      })
      .once('error', wait.resolve)
      .once('close', () => {
        wait.resolve(new Error('the client closed the connection'));
      });
  });
  const failure = await wait.promise;
  if (failure !== null) throw new ProtocolError('closed', 'the TLS handshake failed', failure);
}
