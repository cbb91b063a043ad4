/** What a certificate is made from and made into. */

/** A certificate and its private key (PKCS #8), both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What the holder of a certificate may do with it. */
export type CertificateUsage = 'server' | 'client';

/** What a certificate is to say. */
export interface CertificateRequest {
  /** For people who look at it; nothing is decided by it. Cut at 64 characters. */
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  /** IPv6 in its canonical short form (RFC 5952). */
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly usages: readonly CertificateUsage[];
}
