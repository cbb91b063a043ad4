import { connect, createServer } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import type { SecretText } from './certificate-secrets.ts';
import { parseCertificate, parseCertificates } from './certificate-text.ts';
import type { WantedCertificate } from './decide-certificates.ts';
import { PROPAGATION_MILLISECONDS } from './lifetime.ts';
import { type CertificateRenewal, type CertificateSecrets, renewCertificates } from './renew-certificates.ts';
import { clientTlsOptions, serverTlsOptions } from './peer-verification.ts';

const DAY = 24 * 3600 * 1000;
const START = Date.now();

const wanted: readonly WantedCertificate[] = [
  {
    name: 'demo-operator-tls',
    commonName: 'operator',
    dnsNames: ['localhost'],
    ipAddresses: [],
    uris: ['shardwright://shop/demo/operator'],
    usages: ['client'],
  },
  {
    name: 'demo-shard-0-tls',
    commonName: 'demo-shard-0',
    dnsNames: ['*.demo-shard-0.shop.svc', 'localhost'],
    ipAddresses: [],
    uris: ['shardwright://shop/demo/agent'],
    usages: ['server', 'client'],
  },
];

/** Stores what is to be written, as the operator would. */
class Store implements CertificateSecrets {
  authorities: SecretText | undefined;
  holders = new Map<string, SecretText>();

  async renew(now: number, requests = wanted): Promise<CertificateRenewal> {
    const renewal = await renewCertificates(this, requests, { name: 'demo', now });
    this.authorities = renewal.authorities ?? this.authorities;
    renewal.holders.forEach((data, name) => this.holders.set(name, data));
    return renewal;
  }

  file(holder: string, name: string): string {
    return this.holders.get(holder)?.[name] ?? '';
  }

  serial(holder: string): string {
    return parseCertificate(this.file(holder, 'tls.crt')).serialNumber;
  }
}

const kinds = ({ decisions }: CertificateRenewal): string[] => decisions.map(({ kind }) => kind);

async function handshake(store: Store): Promise<string> {
  const material = (name: string) => ({
    certificate: store.file(name, 'tls.crt'),
    key: store.file(name, 'tls.key'),
    authorities: store.file(name, 'ca.crt'),
  });
  const server = createServer(serverTlsOptions(material('demo-shard-0-tls')), (socket) =>
    socket.end('hello'),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  const identity = { namespace: 'shop', cluster: 'demo', role: 'agent' } as const;
  const serverName = 'demo-shard-0-1.demo-shard-0.shop.svc';
  const options = clientTlsOptions(material('demo-operator-tls'), { serverName, identity });
  let text = '';
  for await (const chunk of connect({ ...options, host: '127.0.0.1', port })) {
    text += String(chunk);
  }
  server.close();
  return text;
}

describe('renewCertificates', () => {
  it('makes everything from nothing, in one go, such that it works, and then rests', async () => {
    const store = new Store();
    const first = await store.renew(START);
    expect(kinds(first)).toEqual(['createAuthority', 'issue', 'issue']);
    expect(first.until).toBeGreaterThan(START + 59 * DAY);
    expect(await handshake(store)).toBe('hello');
    const second = await store.renew(START + DAY);
    expect(second).toEqual({ authorities: undefined, holders: new Map(), decisions: [], until: first.until });
  });

  it('makes one certificate more without touching the others', async () => {
    const store = new Store();
    await store.renew(START, wanted.slice(0, 1));
    const before = store.serial('demo-operator-tls');
    const renewal = await store.renew(START + 1000);
    expect([...renewal.holders.keys()]).toEqual(['demo-shard-0-tls']);
    expect(renewal.authorities).toBeUndefined();
    expect(store.serial('demo-operator-tls')).toBe(before);
  });

  it('replaces a lost authority in steps, and members trust each other after each', async () => {
    const store = new Store();
    await store.renew(START - 2 * DAY);
    const before = store.serial('demo-shard-0-tls');
    store.authorities = undefined;
    const lost = await store.renew(START);
    expect(kinds(lost)).toEqual(['createAuthority', 'publishTrust', 'publishTrust']);
    expect(lost.until).toBe(START + PROPAGATION_MILLISECONDS);
    expect(parseCertificates(store.file('demo-shard-0-tls', 'ca.crt'))).toHaveLength(2);
    expect(store.serial('demo-shard-0-tls')).toBe(before);
    expect(await handshake(store)).toBe('hello');
    const replaced = await store.renew(lost.until);
    expect(kinds(replaced)).toEqual(['issue', 'issue']);
    expect(await handshake(store)).toBe('hello');
    const retired = await store.renew(replaced.until);
    expect(kinds(retired)).toEqual(['retireAuthority', 'publishTrust', 'publishTrust']);
    expect(parseCertificates(store.file('demo-shard-0-tls', 'ca.crt'))).toHaveLength(1);
    expect(await handshake(store)).toBe('hello');
    expect(kinds(await store.renew(retired.until))).not.toContain('createAuthority');
  });

  it('goes on where it was cut off between two writes', async () => {
    const store = new Store();
    const { authorities } = await renewCertificates(store, wanted, { name: 'demo', now: START });
    store.authorities = authorities;
    expect(kinds(await store.renew(START + 1000))).toEqual(['issue', 'issue']);
    store.holders.delete('demo-operator-tls');
    expect(kinds(await store.renew(START + 2000))).toEqual(['issue']);
    expect(await handshake(store)).toBe('hello');
  });

  it('repairs what somebody has broken', async () => {
    const store = new Store();
    await store.renew(START);
    store.holders.set('demo-shard-0-tls', { ...store.holders.get('demo-shard-0-tls'), 'tls.key': 'x' });
    store.holders.set('demo-operator-tls', { ...store.holders.get('demo-operator-tls'), 'ca.crt': '' });
    expect(kinds(await store.renew(START + 1000))).toEqual(['publishTrust', 'issue']);
    expect(await handshake(store)).toBe('hello');
  });
});
