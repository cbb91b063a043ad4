import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const validMilliseconds = 365 * 24 * 3600 * 1000;
/** Certificates are valid from a little earlier, for clocks that differ or step back. */
const backdateMilliseconds = 3600 * 1000;

/** A certificate and its private key, both as PEM text. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. Its user in Kubernetes is `commonName`, its groups are `organizations`. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

/** Signs certificates; its own certificate is what the others are checked against. */
export interface CertificateAuthority extends KeyPair {
  /** Issues a certificate that serves for both sides of a TLS connection, valid for one year. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** Makes a new authority; its key is held in memory and can be kept with {@link KeyPair}. */
export async function createAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys: keys,
    ...validity(),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: certificate.toString('pem'),
    key: await privateKeyPem(keys.privateKey),
    issue: async (request) => issue(certificate, keys.privateKey, request),
  };
}

/** An authority from the certificate and key that {@link createAuthority} made earlier. */
export async function restoreAuthority(pair: KeyPair): Promise<CertificateAuthority> {
  const certificate = new x509.X509Certificate(pair.certificate);
  const key = x509.PemConverter.decodeFirst(pair.key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', key, keyAlgorithm, false, ['sign']);
  return { ...pair, issue: async (request) => issue(certificate, signingKey, request) };
}

async function issue(
  issuer: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  request: CertificateRequest,
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const alternativeNames = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const organizations = (request.organizations ?? []).map((organization) => ({ O: [organization] }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [...organizations, { CN: [request.commonName] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    ...validity(),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(alternativeNames.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternativeNames)]),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - backdateMilliseconds), notAfter: new Date(now + validMilliseconds) };
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Writes `NAME.crt` and `NAME.key` (readable by the owner only) and returns their paths. */
export async function writeKeyPair(
  folder: string,
  name: string,
  pair: KeyPair,
): Promise<{ readonly certificateFile: string; readonly keyFile: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const certificateFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  await writeFile(certificateFile, pair.certificate, { mode: 0o600 });
  await writeFile(keyFile, pair.key, { mode: 0o600 });
  return { certificateFile, keyFile };
}
