import { describe, expect, it } from '@jest/globals';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccounts } from './accounts-files.ts';
import { createPeerAddresses } from './peers.ts';
import { AgentEnvironmentError, readMemberPlace } from './pod-contract.ts';
import { AgentSettingsError, readSettings, type AgentSettingsInput } from './settings.ts';

const ENVIRONMENT = {
  POD_NAME: 'demo-shard-3-1',
  POD_NAMESPACE: 'shop',
  POD_UID: 'uid',
  SHARDWRIGHT_CLUSTER: 'demo',
  SHARDWRIGHT_SHARD: '3',
};

const SETTINGS: AgentSettingsInput = {
  engine: { type: 'MariaDB', version: '11.8' },
  configuration: '',
  maxLagSeconds: 5,
  accounts: [{ purpose: 'replication', folder: 'replication', requireTls: true, schemas: [] }],
};

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'shardwright-contract-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('readMemberPlace', () => {
  it('tells which member this is', () => {
    expect(readMemberPlace(ENVIRONMENT)).toEqual({
      pod: 'demo-shard-3-1',
      namespace: 'shop',
      podUid: 'uid',
      cluster: 'demo',
      shard: 3,
      ordinal: 1,
    });
  });

  it.each([
    ['no pod', { ...ENVIRONMENT, POD_NAME: undefined }],
    ['a pod of another shard', { ...ENVIRONMENT, POD_NAME: 'demo-shard-4-1' }],
    ['a pod without an ordinal', { ...ENVIRONMENT, POD_NAME: 'demo-shard-3-x' }],
    ['no number', { ...ENVIRONMENT, SHARDWRIGHT_SHARD: 'three' }],
  ])('refuses %s', (_what, environment) => {
    expect(() => readMemberPlace(environment)).toThrow(AgentEnvironmentError);
  });
});

describe('readSettings', () => {
  const read = (settings: unknown) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
      return readSettings(join(folder, 'settings.json'));
    });

  it('fills in defaults, and leaves out what a newer operator adds', async () => {
    expect(await read({ ...SETTINGS, later: 1 })).toEqual({ ...SETTINGS, fenceSeconds: 1, peers: {} });
  });

  it.each([
    ['two accounts for replication', { ...SETTINGS, accounts: [...SETTINGS.accounts, ...SETTINGS.accounts] }],
    ['a folder elsewhere', { ...SETTINGS, accounts: [{ ...SETTINGS.accounts[0], folder: '../x' }] }],
    ['nothing', {}],
  ])('refuses %s', async (_what, settings) => {
    await expect(read(settings)).rejects.toThrow(AgentSettingsError);
  });
});

describe('readAccounts', () => {
  it('takes name and password from the mounted Secret', async () => {
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'replication'));
      await writeFile(join(folder, 'replication', 'username'), 'repl\n');
      await writeFile(join(folder, 'replication', 'password'), 'secret');
      expect(await readAccounts(folder, SETTINGS.accounts)).toEqual([
        { name: 'repl', password: 'secret', purpose: 'replication', requireTls: true, schemas: [] },
      ]);
      await writeFile(join(folder, 'replication', 'password'), '');
      await expect(readAccounts(folder, SETTINGS.accounts)).rejects.toThrow(/password is empty/);
    });
  });
});

describe('createPeerAddresses', () => {
  it('names pods, unless the settings say where they are', () => {
    const elsewhere = { agent: { host: '10.0.0.1', port: 1 }, server: { host: '10.0.0.2', port: 2 } };
    const known = new Map<string, string>();
    const peers = createPeerAddresses(
      { namespace: 'shop', name: 'demo-shard-0' },
      3306,
      () => ({ peers: { 'demo-shard-0-1': elsewhere } }),
      (name) => known.get(name),
    );
    expect(peers.names(['demo-shard-0-0', 'demo-shard-0-1'])).toEqual([
      'demo-shard-0-0.demo-shard-0.shop.svc',
    ]);
    const serverName = 'demo-shard-0-0.demo-shard-0.shop.svc';
    expect(peers.server('demo-shard-0-0')).toEqual({ host: serverName, port: 3306 });
    expect(peers.agent('demo-shard-0-0')).toEqual({ host: serverName, port: 7443, serverName });
    known.set(serverName, '10.0.0.9');
    // The server goes by the name, which its certificate has to show, and looks it up in its hosts file.
    expect(peers.server('demo-shard-0-0')).toEqual({ host: serverName, port: 3306 });
    expect(peers.agent('demo-shard-0-0')).toEqual({ host: '10.0.0.9', port: 7443, serverName });
    expect(peers.server('demo-shard-0-1')).toEqual(elsewhere.server);
    expect(peers.agent('demo-shard-0-1')).toEqual({
      ...elsewhere.agent,
      serverName: 'demo-shard-0-1.demo-shard-0.shop.svc',
    });
  });
});
