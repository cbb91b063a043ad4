import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mariadbEngine } from './engine.ts';
import { parseCopyPosition } from './backup-info.ts';

const signal = new AbortController().signal;
const origin = JSON.stringify({ engine: 'MariaDB', origin: 'clone', engineVersion: '11.8.6-MariaDB' });

describe('a volume', () => {
  let volumePath = '';
  beforeEach(async () => {
    volumePath = await mkdtemp(join(tmpdir(), 'volume-'));
  });
  afterEach(async () => {
    await rm(volumePath, { recursive: true });
  });

  const open = () =>
    mariadbEngine.createMember({
      shard: 0,
      ordinal: 0,
      volumePath,
      memoryPath: join(volumePath, 'memory'),
      tls: { authority: '', certificate: '', key: '' },
      configuration: '',
    });
  const fill = async (...folders: readonly string[]): Promise<void> => {
    for (const folder of folders) {
      await mkdir(join(volumePath, folder));
    }
  };
  const complete = async (): Promise<void> => {
    await fill('data');
    await writeFile(join(volumePath, 'data', 'shardwright-origin.json'), origin);
  };

  it.each([
    [[], { kind: 'empty' }],
    [['lost+found', 'kept', 'backup'], { kind: 'empty' }],
    [['initialising'], { kind: 'interrupted', step: 'initialise' }],
    [['cloning'], { kind: 'interrupted', step: 'clone' }],
    [['initialising', 'cloning'], { kind: 'interrupted', step: 'clone' }],
    [['mysql'], { kind: 'unrecognised', found: ['mysql'] }],
    [['cloning', 'mysql'], { kind: 'unrecognised', found: ['mysql'] }],
    [['data'], { kind: 'unrecognised', found: ['data'] }],
  ])('with %j is %j', async (folders, expected) => {
    await fill(...folders);
    expect(await open().files.inspect(signal)).toEqual(expected);
  });

  it('is ready with a complete data directory, whatever else an interrupted step left', async () => {
    await complete();
    await fill('cloning');
    expect(await open().files.inspect(signal)).toEqual({
      kind: 'ready',
      origin: 'clone',
      engineVersion: '11.8.6-MariaDB',
    });
  });

  it('keeps what is set aside, under a name of its own', async () => {
    const { files } = open();
    await expect(files.setAside('one', signal)).rejects.toMatchObject({ code: 'Refused' });
    await complete();
    await files.setAside('one', signal);
    expect(await readdir(join(volumePath, 'kept', 'one'))).toEqual(['shardwright-origin.json']);
    await complete();
    await expect(files.setAside('one', signal)).rejects.toMatchObject({ code: 'Refused' });
    expect((await files.inspect(signal)).kind).toBe('ready');
  });

  it('loses a data directory in one step', async () => {
    const { files } = open();
    await expect(files.discardData(signal)).rejects.toMatchObject({ code: 'Refused' });
    await complete();
    expect(await files.dataBytes(signal)).toBe(origin.length);
    await files.discardData(signal);
    expect(await files.inspect(signal)).toEqual({ kind: 'empty' });
    expect(await files.dataBytes(signal)).toBe(0);
    // As when the machine dies before everything is gone.
    await fill('discarding');
    expect(await files.inspect(signal)).toEqual({ kind: 'empty' });
  });

  it('lists and discards what is kept', async () => {
    const { files } = open();
    expect(await files.listKept(signal)).toEqual([]);
    await files.discardKept('nothing', signal);
    await complete();
    const aside = await files.setAside('one', signal);
    expect(await files.listKept(signal)).toEqual([aside]);
    await files.discardKept('one', signal);
    expect(await files.listKept(signal)).toEqual([]);
  });

  it('tells the position of a clone that has not started yet', async () => {
    await complete();
    await writeFile(join(volumePath, 'data', 'shardwright-position'), '0-1-5');
    expect(await open().files.readOwnEnd(signal)).toEqual({ kind: 'known', value: '0-1-5' });
    expect(await open().files.readReceivedEnd(signal)).toEqual({ kind: 'known', value: '' });
  });

  it('tells no position where a log cannot be read', async () => {
    await complete();
    await writeFile(join(volumePath, 'data', 'binlog.000001'), 'not a log');
    expect((await open().files.readOwnEnd(signal)).kind).toBe('unknown');
  });
});

describe('parseCopyPosition', () => {
  it.each([
    ['binlog.000001\t756\t0-1-3\n', '0-1-3'],
    ['binlog.000001\t756\t0-1-3,2-5-6\n', '0-1-3,2-5-6'],
    ['binlog.000001\t328\t\n', ''],
    ['binlog.000001\t328\n', ''],
  ])('%j', (text, expected) => {
    expect(parseCopyPosition(text)).toBe(expected);
  });

  it('refuses text without a position', () => {
    expect(() => parseCopyPosition('')).toThrow(expect.objectContaining({ code: 'IncompleteClone' }));
  });
});
