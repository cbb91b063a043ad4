/** The settings of both sides of a mutual TLS connection between parts of Shardwright. */
import { constants, X509Certificate } from 'node:crypto';
import { checkServerIdentity, type ConnectionOptions, type PeerCertificate, type TlsOptions } from 'node:tls';
import { identityOf, type PeerIdentity } from './identity.ts';
import type { TlsMaterial } from './tls-material.ts';

/** The peer's certificate is good and names another. */
export class WrongPeerError extends Error {
  readonly code = 'WrongPeer';

  constructor(message: string) {
    super(message);
    this.name = 'WrongPeerError';
  }
}

/**
 * The accepting side. Sessions are not resumed: a resumed one is not checked against the authorities trusted
 * now, and our connections are few and long.
 */
export function serverTlsOptions({ certificate, key, authorities }: TlsMaterial): TlsOptions {
  return {
    cert: certificate,
    key,
    ca: authorities,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: true,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** The dialling side: the peer's certificate must hold the server name, and the identity. */
export function clientTlsOptions(
  { certificate, key, authorities }: TlsMaterial,
  expected: { readonly serverName: string; readonly identity: PeerIdentity },
): ConnectionOptions {
  return {
    cert: certificate,
    key,
    ca: authorities,
    minVersion: 'TLSv1.3',
    servername: expected.serverName,
    checkServerIdentity: (_host, peer: PeerCertificate) =>
      checkServerIdentity(expected.serverName, peer) ?? checkIdentity(peer, expected.identity),
  };
}

function checkIdentity(peer: PeerCertificate, expected: PeerIdentity): Error | undefined {
  const found = identityOf(new X509Certificate(peer.raw));
  return found !== undefined && sameIdentity(found, expected)
    ? undefined
    : new WrongPeerError(`the certificate is not that of the ${expected.role} of ${expected.cluster}`);
}

function sameIdentity(left: PeerIdentity, right: PeerIdentity): boolean {
  return left.namespace === right.namespace && left.cluster === right.cluster && left.role === right.role;
}
