import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { kubeconfigSource } from './credentials.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  path = join(folder, 'kubeconfig');
});

afterEach(() => rm(folder, { recursive: true }));

async function write(user: object, cluster: object = {}): Promise<void> {
  const server = 'https://127.0.0.1:6443';
  const document = {
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    'current-context': 'x',
  };
  await writeFile(path, JSON.stringify(document));
}

describe('the credentials in a kubeconfig', () => {
  it('are a server, a TLS identity and headers', async () => {
    const data = (text: string): string => Buffer.from(text).toString('base64');
    await write(
      { 'client-certificate-data': data('certificate'), 'client-key-data': data('key') },
      { 'certificate-authority-data': data('authority'), 'tls-server-name': 'api' },
    );
    const source = kubeconfigSource(path, new FakeClock());
    const { server, tls, headers } = await source.current();
    expect(source.namespace).toBe('shop');
    expect(server).toBe('https://127.0.0.1:6443');
    expect([tls.ca, tls.cert, tls.key].map(String)).toEqual(['authority', 'certificate', 'key']);
    expect(tls.servername).toBe('api');
    expect(headers).toEqual({});
  });

  it('are kept for a minute', async () => {
    const clock = new FakeClock();
    const certificate = join(folder, 'certificate');
    await writeFile(certificate, 'first');
    await write({ 'client-certificate': certificate, token: 'secret' });
    const source = kubeconfigSource(path, clock);
    expect((await source.current()).headers).toEqual({ authorization: 'Bearer secret' });
    await writeFile(certificate, 'second');
    await clock.advance(59_999);
    expect(String((await source.current()).tls.cert)).toBe('first');
    await clock.advance(1);
    expect(String((await source.current()).tls.cert)).toBe('second');
  });

  it('are read anew, the kubeconfig as well, after they were refused', async () => {
    await write({ token: 'first' });
    const source = kubeconfigSource(path, new FakeClock());
    await source.current();
    await write({ token: 'second' });
    source.refresh();
    expect((await source.current()).headers).toEqual({ authorization: 'Bearer second' });
  });

  it('come from a plugin where the kubeconfig names one', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    await write({ exec: { command: 'echo', args: [JSON.stringify(credential)] } });
    const { headers } = await kubeconfigSource(path, new FakeClock()).current();
    expect(headers).toEqual({ authorization: 'Bearer from-plugin' });
  });

  it('are refused with the name of a file that is none', async () => {
    expect(() => kubeconfigSource(path, new FakeClock())).toThrow(
      `kubeconfig ${path} cannot be used: ENOENT`,
    );
    await writeFile(path, 'users: [unfinished');
    expect(() => kubeconfigSource(path, new FakeClock())).toThrow(
      new RegExp(`^kubeconfig ${path} cannot be used: [^\n]+$`),
    );
  });

  it('are refused where a proxy is asked for', async () => {
    await write({}, { 'proxy-url': 'http://proxy.example' });
    expect(() => kubeconfigSource(path, new FakeClock())).toThrow('proxies are not supported');
  });
});
