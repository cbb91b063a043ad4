import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../runtime/logger.ts';
import { systemClock } from '../runtime/clock.ts';
import { type MountedFiles, openMountedFiles } from './mounted-files.ts';
import { AgentSettingsError } from './settings.ts';

let folder = '';
const path = (...names: string[]): string => join(folder, ...names);
const settings = (maxLagSeconds: number): string =>
  JSON.stringify({
    engine: { type: 'MariaDB', version: '11.8' },
    configuration: '',
    maxLagSeconds,
    accounts: [{ purpose: 'replication', folder: 'replication', requireTls: true, schemas: [] }],
  });

function open(): Promise<MountedFiles> {
  return openMountedFiles({
    settings: path('settings.json'),
    accounts: folder,
    serverTls: { authority: path('ca.crt'), certificate: path('tls.crt'), key: path('tls.key') },
    clock: systemClock,
    logger: silentLogger,
    pollMilliseconds: 1,
  });
}

/** Runs until the next change. */
async function nextChange(files: MountedFiles): Promise<void> {
  const stop = new AbortController();
  files.onChange(() => stop.abort(new Error('changed')));
  await files.run(stop.signal);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shardwright-mounted-'));
  await mkdir(path('replication'));
  await writeFile(path('replication', 'username'), 'repl');
  await writeFile(path('replication', 'password'), 'first');
  await writeFile(path('settings.json'), settings(5));
  for (const name of ['ca.crt', 'tls.crt', 'tls.key']) {
    await writeFile(path(name), name);
  }
});

afterEach(() => rm(folder, { recursive: true }));

describe('openMountedFiles', () => {
  it('takes over changed settings, passwords and certificates, and tells them apart', async () => {
    const files = await open();
    const [accounts, certificates] = [files.accountsDigest(), files.certificatesDigest()];
    expect(files.settings().maxLagSeconds).toBe(5);

    await writeFile(path('settings.json'), settings(9));
    await nextChange(files);
    expect(files.settings().maxLagSeconds).toBe(9);
    expect(files.accountsDigest()).toBe(accounts);

    await writeFile(path('replication', 'password'), 'second');
    await nextChange(files);
    expect(files.accounts()).toMatchObject([{ name: 'repl', password: 'second' }]);
    expect(files.accountsDigest()).not.toBe(accounts);
    expect(files.certificatesDigest()).toBe(certificates);

    await writeFile(path('tls.crt'), 'renewed');
    await nextChange(files);
    expect(files.certificatesDigest()).not.toBe(certificates);
  });

  it('stays with the former settings where new ones cannot be used', async () => {
    const files = await open();
    await writeFile(path('settings.json'), '{');
    await writeFile(path('replication', 'password'), 'second');
    await nextChange(files);
    expect(files.settings().maxLagSeconds).toBe(5);
  });

  it('has no accounts while a Secret cannot be read', async () => {
    await rm(path('replication', 'password'));
    const files = await open();
    expect(files.accounts()).toBeNull();
  });

  it('does not begin without settings', async () => {
    await rm(path('settings.json'));
    await expect(open()).rejects.toThrow(AgentSettingsError);
  });
});
