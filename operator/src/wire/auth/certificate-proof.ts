import { createHash } from 'node:crypto';

/**
 * What a server tells with its OK of a login over TLS, as the packet's message: that it knows the user's password hash
 * and has this certificate. By it MariaDB's clients from 11.4 on trust a certificate whose authority they do not know.
 * `passwordHash` is what the server stores (20 bytes for mysql_native_password, the public key for ed25519), `scramble` the
 * 20 bytes that the client keeps from the handshake or from a switch to mysql_native_password, `fingerprint` the SHA-256 of the certificate.
 * Source: https://mariadb.com/docs/server/security/encryption/data-in-transit-encryption/zero-configuration-ssl
 */
export function certificateProof(passwordHash: Buffer, scramble: Buffer, fingerprint: Buffer): string {
  const digest = createHash('sha256').update(passwordHash).update(scramble).update(fingerprint).digest('hex');
  return `\u0001${digest.toUpperCase()}`;
}
