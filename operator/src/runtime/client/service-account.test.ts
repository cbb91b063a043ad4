import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.ts';
import { type PodSurroundings, serviceAccountSource } from './service-account.ts';

const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

let folder: string;
let clock: FakeClock;
let surroundings: PodSurroundings;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-account-'));
  clock = new FakeClock();
  await writeFile(join(folder, 'token'), 'first\n');
  await writeFile(join(folder, 'ca.crt'), 'authority');
  await writeFile(join(folder, 'namespace'), 'shop');
  surroundings = { environment, folder, home: folder };
});

afterEach(() => rm(folder, { recursive: true }));

describe('the service account of a pod', () => {
  it('is a server, its authority, a token and a namespace', async () => {
    const source = serviceAccountSource(surroundings, clock);
    expect(source?.namespace).toBe('shop');
    const credentials = await source?.current();
    expect(credentials?.server).toBe('https://10.96.0.1:443');
    expect(credentials?.headers).toEqual({ authorization: 'Bearer first' });
    expect(String(credentials?.tls.ca)).toBe('authority');
  });

  it('is read anew after a minute, and after it was refused', async () => {
    const source = serviceAccountSource(surroundings, clock);
    const token = async (): Promise<string | undefined> =>
      (await source?.current())?.headers['authorization'];
    await token();
    await writeFile(join(folder, 'token'), 'second');
    await clock.advance(59_999);
    expect(await token()).toBe('Bearer first');
    await clock.advance(1);
    expect(await token()).toBe('Bearer second');
    await writeFile(join(folder, 'token'), 'third');
    source?.refresh();
    expect(await token()).toBe('Bearer third');
  });

  it('takes addresses of IPv6, and has a namespace where none is told', async () => {
    await rm(join(folder, 'namespace'));
    const source = serviceAccountSource(
      { ...surroundings, environment: { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' } },
      clock,
    );
    expect(source?.namespace).toBe('default');
    expect((await source?.current())?.server).toBe('https://[fd00::1]:443');
  });

  it('fails while its files cannot be read, and recovers', async () => {
    const source = serviceAccountSource(surroundings, clock);
    await rm(join(folder, 'ca.crt'));
    await expect(source?.current()).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(join(folder, 'ca.crt'), 'authority');
    expect((await source?.current())?.server).toBe('https://10.96.0.1:443');
  });

  it.each([
    ['outside of Kubernetes', { environment: {} }],
    ['where KUBECONFIG says otherwise', { environment: { ...environment, KUBECONFIG: '/some/file' } }],
    ['without a token', { folder: '/nowhere' }],
  ])('is not used %s', (_name, change) => {
    expect(serviceAccountSource({ ...surroundings, ...change }, clock)).toBeUndefined();
  });

  it('is not used where the user has a kubeconfig', async () => {
    await mkdir(join(folder, '.kube'));
    await writeFile(join(folder, '.kube', 'config'), '');
    expect(serviceAccountSource(surroundings, clock)).toBeUndefined();
  });
});
