/**
 * Makes authorities and certificates: ECDSA on P-256, which OpenSSL and wolfSSL of every supported server
 * take. The X.509 encoding is @peculiar/x509's: maintained, plain WebCrypto, no native code. It takes a tenth
 * of a second to load, so only who issues imports this file.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateRequest, CertificateUsage, KeyPair } from './certificate.ts';
import type { Validity } from './lifetime.ts';

x509.cryptoProvider.set(webcrypto);

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' };

/** RFC 5280, upper bound of a common name. */
const COMMON_NAME_LIMIT = 64;

/** Chance, as this module uses it. */
export interface Randomness {
  /** So many random bytes, for serial numbers. */
  bytes(count: number): Uint8Array;
  generateKeys(): Promise<webcrypto.CryptoKeyPair>;
}

/** The system's own. */
export const systemRandomness: Randomness = {
  bytes: (count) => webcrypto.getRandomValues(new Uint8Array(count)),
  generateKeys: () => webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']),
};

/**
 * Makes an authority. Its name ends in random digits: an authority and its successor must not share a name, or
 * a verifier that looks issuers up by name may try the wrong one only.
 */
export async function createAuthority(
  commonName: string,
  validity: Validity,
  randomness: Randomness = systemRandomness,
): Promise<KeyPair> {
  const keys = await randomness.generateKeys();
  const suffix = ` ${hex(randomness.bytes(4))}`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(randomness),
    name: [{ CN: [commonName.slice(0, COMMON_NAME_LIMIT - suffix.length) + suffix] }],
    keys,
    ...dates(validity),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem') + '\n', key: await privateKeyPem(keys.privateKey) };
}

/** Issues a certificate with a new key. Rejects when the authority's key is not one of ours. */
export async function issueCertificate(
  authority: KeyPair,
  request: CertificateRequest,
  validity: Validity,
  randomness: Randomness = systemRandomness,
): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.key),
    KEY_ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await randomness.generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(randomness),
    subject: [{ CN: [request.commonName.slice(0, COMMON_NAME_LIMIT)] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    ...dates(validity),
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => EXTENDED_KEY_USAGES[usage])),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension([
        ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
        ...request.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
        ...request.uris.map((value) => ({ type: 'url' as const, value })),
      ]),
    ],
  });
  return { certificate: certificate.toString('pem') + '\n', key: await privateKeyPem(keys.privateKey) };
}

const EXTENDED_KEY_USAGES = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
} as const satisfies Record<CertificateUsage, x509.ExtendedKeyUsage>;

/** 127 random bits: RFC 5280 wants a positive number of at most 20 bytes, unique to the issuer. */
function serialNumber(randomness: Randomness): string {
  const bytes = Uint8Array.from(randomness.bytes(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return hex(bytes);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function dates({ notBefore, notAfter }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY') + '\n';
}
