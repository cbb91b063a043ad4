/** A listener that lets nobody in but as the test says, over TCP and TLS. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket, createSecureContext } from 'node:tls';
import { createAuthority, issueCertificate } from '../../../pki/certificate-authority.ts';
import { CERTIFICATE_LIFETIME_MILLISECONDS, validityFrom } from '../../../pki/lifetime.ts';
import {
  addCapabilities,
  BASE_CAPABILITIES,
  CAPABILITY,
  type Capabilities,
} from '../../../wire/capabilities.ts';
import { encodeInitialHandshake } from '../../../wire/initial-handshake.ts';
import { PacketChannel } from '../../../wire/packet-channel.ts';
import { PacketQueue } from '../../../wire/packet-queue.ts';

/** What a server speaks that routers can use. */
export const OFFERED: Capabilities = addCapabilities(
  BASE_CAPABILITIES,
  CAPABILITY.tls | CAPABILITY.multiStatements | CAPABILITY.foundRows,
);

export const NONCE = Buffer.from('abcdefghijklmnopqrst');

/** Certificates for `localhost`, by an authority of the test's own. */
export interface TestCertificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

export async function makeTestCertificates(dnsName = 'localhost'): Promise<TestCertificates> {
  const validity = validityFrom(Date.now(), CERTIFICATE_LIFETIME_MILLISECONDS);
  const authority = await createAuthority('test', validity);
  const { certificate, key } = await issueCertificate(
    authority,
    { commonName: dnsName, dnsNames: [dnsName], ipAddresses: [], uris: [], usages: ['server'] },
    validity,
  );
  return { authority: authority.certificate, certificate, key };
}

/** One connection that was accepted. */
export interface AcceptedConnection {
  readonly channel: PacketChannel;
  next(): Promise<Buffer>;
  greet(capabilities?: Capabilities): void;
  /** Takes the wish for TLS, and fulfils it. */
  startTls(certificates: TestCertificates): Promise<void>;
}

/** Listens on the loopback address, or at a path; each connection is given to `serve`, whose failures are collected. */
export async function listenForLogins(
  serve: (connection: AcceptedConnection) => Promise<void>,
  path?: string,
): Promise<{ readonly port: number; readonly failures: unknown[]; close(): void }> {
  const failures: unknown[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const channel = new PacketChannel(socket, {
      maxPayload: 1 << 20,
      highWaterMark: 1 << 20,
      checkSequence: false,
    });
    const packets = new PacketQueue(channel);
    const next = (): Promise<Buffer> => packets.next(AbortSignal.timeout(5000));
    serve({
      channel,
      next,
      greet(capabilities = OFFERED) {
        const nonce = NONCE;
        const facts = { serverVersion: '11.8.6-MariaDB', connectionId: 42, collation: 45, status: 2 };
        channel.send(
          encodeInitialHandshake({ ...facts, nonce, capabilities, plugin: 'mysql_native_password' }),
        );
      },
      async startTls({ certificate, key }) {
        await next();
        const secureContext = createSecureContext({ cert: certificate, key });
        channel.replaceStream((stream) => new TLSSocket(stream as Socket, { isServer: true, secureContext }));
      },
    }).catch((error: unknown) => failures.push(error));
  });
  await new Promise<void>((resolve) =>
    server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path }, resolve),
  );
  const address = server.address() as AddressInfo | string;
  return {
    port: typeof address === 'string' ? 0 : address.port,
    failures,
    close() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    },
  };
}
