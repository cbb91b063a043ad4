import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { abortableWait } from '../../runtime/abort.ts';
import type { PacketChannel } from '../../wire/packet-channel.ts';
import { ProtocolError } from '../../wire/protocol-error.ts';

/**
 * Puts TLS under a client's connection, in the server's role. Resolves when the TLS handshake is done; rejects with a
 * {@link ProtocolError} when it fails, and with the signal's reason. Returns the SHA-256 of the certificate that the client
 * was shown.
 */
export async function secureChannel(
  channel: PacketChannel,
  context: SecureContext,
  signal: AbortSignal,
): Promise<Buffer> {
  let fingerprint = Buffer.alloc(0);
  const wait = abortableWait<Error | null>(signal);
  channel.replaceStream((socket: Duplex) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
    return secure
      .once('secure', () => {
        const certificate = secure.getX509Certificate();
        if (certificate !== undefined) fingerprint = createHash('sha256').update(certificate.raw).digest();
        wait.resolve(null);
      })
      .once('error', (cause) => {
        wait.resolve(cause);
      })
      .once('close', () => {
        wait.resolve(new Error('the client closed the connection'));
      });
  });
  const failure = await wait.promise;
  if (failure !== null) throw new ProtocolError('closed', 'the TLS handshake failed', failure);
  return fingerprint;
}
