/** Reads certificates back from PEM, with Node.js's own means: agents need this and must start quickly. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { CertificateUsage } from './certificate.ts';
import type { AuthorityRecord, CertificateRecord } from './decide-certificates.ts';
import { alternativeNames } from './identity.ts';
import type { Validity } from './lifetime.ts';

/** Object identifiers of the extended key usages (RFC 5280). */
const USAGE_IDENTIFIERS: Readonly<Record<string, CertificateUsage>> = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
};

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Text that should hold a certificate or key, and does not. The text is not repeated. */
export class CertificateTextError extends Error {
  readonly code = 'UnreadableCertificate';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CertificateTextError';
  }
}

/** Every certificate in a PEM text, in order. Throws {@link CertificateTextError} when one cannot be read. */
export function parseCertificates(pem: string): X509Certificate[] {
  return (pem.match(CERTIFICATE_BLOCK) ?? []).map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new CertificateTextError('a certificate cannot be read', { cause });
    }
  });
}

/** The first certificate in a PEM text. Throws {@link CertificateTextError} when there is none. */
export function parseCertificate(pem: string): X509Certificate {
  const [certificate] = parseCertificates(pem);
  if (certificate === undefined) {
    throw new CertificateTextError('there is no certificate');
  }
  return certificate;
}

/** Whether the private key belongs to the certificate; false too for text that is no key. */
export function keyFits(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

/** Names an authority: the SHA-256 fingerprint of its certificate, 64 hexadecimal digits. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** What a decision needs to know of an authority. */
export function describeAuthority(certificate: X509Certificate, keyPem: string | undefined): AuthorityRecord {
  return {
    id: fingerprintOf(certificate),
    canSign: keyPem !== undefined && keyFits(certificate, keyPem),
    ...validityOf(certificate),
  };
}

/** What a decision needs to know of a certificate, given the authorities that may have signed it. */
export function describeCertificate(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): CertificateRecord {
  const names = alternativeNames(certificate);
  const ofType = (wanted: string): string[] =>
    names.filter(({ type }) => type === wanted).map(({ value }) => value);
  const issuer = authorities.find((authority) => isIssuedBy(certificate, authority));
  return {
    issuerId: issuer === undefined ? null : fingerprintOf(issuer),
    ...validityOf(certificate),
    dnsNames: ofType('DNS'),
    ipAddresses: ofType('IP Address').map(canonicalAddress),
    uris: ofType('URI'),
    usages: (certificate.keyUsage ?? []).flatMap((identifier) => USAGE_IDENTIFIERS[identifier] ?? []),
  };
}

/** Node.js prints all eight groups of an IPv6 address; requests hold the short form. */
function canonicalAddress(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** Whether `authority` signed `certificate`: by name and by signature. */
export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
}
