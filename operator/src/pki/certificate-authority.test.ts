import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthority, issueCertificate, systemRandomness } from './certificate-authority.ts';
import type { CertificateRequest, KeyPair } from './certificate.ts';
import { describeCertificate, isIssuedBy, keyFits, parseCertificate } from './certificate-text.ts';
import { validityFrom } from './lifetime.ts';
import { memberServerNames, podServerName } from './server-names.ts';

const shard = { namespace: 'shop', shard: 'demo-shard-0' };
const request: CertificateRequest = {
  commonName: 'demo-shard-0',
  dnsNames: memberServerNames(shard, { services: ['demo-shard-0-primary', 'demo-shard-0-replicas'] }),
  ipAddresses: ['127.0.0.1', '::1', 'fd00::2'],
  uris: ['shardwright://shop/demo/agent'],
  usages: ['server', 'client'],
};
const validity = validityFrom(Date.now(), 3600_000);

let authority: KeyPair;
let issued: KeyPair;
let directory: string;
beforeAll(async () => {
  authority = await createAuthority('demo', validity);
  issued = await issueCertificate(authority, request, validity);
  directory = mkdtempSync(join(tmpdir(), 'pki-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

describe('authority', () => {
  it('says that it is one, for one level, and until when', () => {
    const certificate = parseCertificate(authority.certificate);
    expect(certificate.ca).toBe(true);
    expect(keyFits(certificate, authority.key)).toBe(true);
    expect(isIssuedBy(certificate, certificate)).toBe(true);
    expect(certificate.validToDate.getTime()).toBe(Math.floor(validity.notAfter / 1000) * 1000);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  it('has a name of its own, however long the name given, so that its successor can be told from it', async () => {
    const names = await Promise.all(
      [1, 2].map(
        async () => parseCertificate((await createAuthority('n'.repeat(100), validity)).certificate).subject,
      ),
    );
    expect(names[0]).toMatch(/^CN=n{55} [0-9a-f]{8}$/);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('issued certificate', () => {
  it('says what was asked for', () => {
    const certificate = parseCertificate(issued.certificate);
    const { commonName: _commonName, ...names } = request;
    expect(describeCertificate(certificate, [parseCertificate(authority.certificate)])).toEqual({
      ...names,
      issuerId: expect.stringMatching(/^[0-9a-f]{64}$/),
      notBefore: Math.floor(validity.notBefore / 1000) * 1000,
      notAfter: Math.floor(validity.notAfter / 1000) * 1000,
    });
    expect(certificate.ca).toBe(false);
    expect(keyFits(certificate, issued.key)).toBe(true);
    expect(keyFits(certificate, authority.key)).toBe(false);
    expect(keyFits(certificate, 'no key')).toBe(false);
  });

  it('is not taken for one of another authority, nor of one with the same key under another name', async () => {
    const other = parseCertificate((await createAuthority('demo', validity)).certificate);
    const certificate = parseCertificate(issued.certificate);
    expect(isIssuedBy(certificate, other)).toBe(false);
    expect(describeCertificate(certificate, [other]).issuerId).toBeNull();
  });

  it('has a positive serial number of its own, from the randomness given', async () => {
    const randomness = { ...systemRandomness, bytes: (count: number) => new Uint8Array(count).fill(0xff) };
    const { certificate } = await issueCertificate(authority, request, validity, randomness);
    expect(parseCertificate(certificate).serialNumber).toBe(`7${'F'.repeat(31)}`);
  });

  it.each([
    [podServerName(shard, 'demo-shard-0-0'), true],
    ['demo-shard-0-12.demo-shard-0.shop', true],
    ['demo-shard-0-2.demo-shard-0.shop.svc.cluster.local', true],
    ['demo-shard-0-primary', true],
    ['demo-shard-0-replicas.shop.svc', true],
    ['localhost', true],
    [podServerName({ ...shard, shard: 'demo-shard-1' }, 'demo-shard-1-0'), false],
    [podServerName({ ...shard, namespace: 'other' }, 'demo-shard-0-0'), false],
    ['a.b.demo-shard-0.shop.svc', false],
    ['demo-shard-0-0', false],
  ])('names %s: %s', (name, expected) => {
    expect(parseCertificate(issued.certificate).checkHost(name) !== undefined).toBe(expected);
    const legacy = parseCertificate(issued.certificate).toLegacyObject();
    expect(checkServerIdentity(name, legacy) === undefined).toBe(expected);
  });

  it('passes the checks of the openssl program, for its usages and no other', async () => {
    const trusted = write('ca.crt', authority.certificate);
    const member = write('member.crt', issued.certificate);
    const client = await issueCertificate(authority, { ...request, usages: ['client'] }, validity);
    const clientFile = write('client.crt', client.certificate);
    const verify = (...options: string[]): string =>
      execFileSync('openssl', ['verify', '-x509_strict', '-CAfile', trusted, ...options], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const name = podServerName(shard, 'demo-shard-0-1');
    expect(verify('-purpose', 'sslserver', '-verify_hostname', name, member)).toContain('OK');
    expect(verify('-purpose', 'sslclient', member)).toContain('OK');
    expect(verify('-purpose', 'sslclient', clientFile)).toContain('OK');
    expect(() => verify('-purpose', 'sslserver', clientFile)).toThrow('verify');
    expect(() => verify('-verify_hostname', 'elsewhere.example', member)).toThrow('verify');
  });

  it('serves both sides of a mutual TLS 1.3 connection', async () => {
    const server = createServer(
      { ...pem(issued), ca: authority.certificate, requestCert: true, minVersion: 'TLSv1.3' },
      (socket) =>
        socket.end(`${String(socket.authorized)} ${socket.getPeerX509Certificate()?.subjectAltName}`),
    );
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as { port: number };
    const socket: TLSSocket = connect({
      ...pem(issued),
      ca: authority.certificate,
      host: '127.0.0.1',
      port,
      servername: podServerName(shard, 'demo-shard-0-1'),
    });
    let answer = '';
    for await (const chunk of socket) {
      answer += String(chunk);
    }
    server.close();
    expect(answer).toMatch(/^true .*URI:shardwright:\/\/shop\/demo\/agent/);
  });
});

function pem({ certificate, key }: KeyPair): { cert: string; key: string } {
  return { cert: certificate, key };
}
