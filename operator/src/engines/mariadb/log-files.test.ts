import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatGtidList } from './gtid.ts';
import { LOG_MAGIC } from './log-events.ts';
import { listLogFiles, readLogEnd, readLogStart, readReceivedTransactions } from './log-files.ts';
import {
  event,
  formatDescription,
  gtid,
  gtidList,
  logOf,
  rows,
  statement,
  transactionEnd,
} from './testing/log-bytes.ts';

const signal = new AbortController().signal;

describe('log files', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'log-files-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const write = (name: string, ...events: readonly Buffer[]): Promise<void> =>
    writeFile(join(folder, name), logOf(...events));
  const end = async (): Promise<string | undefined> => {
    const list = await readLogEnd(await listLogFiles(folder, 'binlog'), signal);
    return list === undefined ? undefined : formatGtidList(list);
  };
  const received = async (): Promise<string> =>
    formatGtidList(await readReceivedTransactions(await listLogFiles(folder, 'relay'), signal));

  it('lists the files of one log in the order of their numbers', async () => {
    for (const name of [
      'binlog.999999',
      'binlog.1000000',
      'binlog.index',
      'binlog.state',
      'relay.000001',
      'binlog.000002.idx',
    ]) {
      await writeFile(join(folder, name), 'x');
    }
    const files = await listLogFiles(folder, 'binlog');
    expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['binlog.999999', 1],
      ['binlog.1000000', 1],
    ]);
    expect(await listLogFiles(join(folder, 'nowhere'), 'binlog')).toEqual([]);
  });

  it.each([
    ['nothing in the newest file', [], '0-1-5'],
    ['a transaction', [gtid(6), rows, transactionEnd], '0-1-6'],
    ['one of another server', [gtid(6, { server: 2 }), rows, transactionEnd], '0-2-6'],
    [
      'a definition, which is one event',
      [gtid(6, { standalone: true }), statement('CREATE TABLE t (a INT)')],
      '0-1-6',
    ],
    ['a change outside transactions', [gtid(6), rows, statement('COMMIT')], '0-1-6'],
    ['a statement inside a transaction', [gtid(6), statement('INSERT INTO t VALUES (1)')], '0-1-5'],
    ['an open transaction', [gtid(6), rows], '0-1-5'],
    ['one cut off within an event', [gtid(6), rows, transactionEnd, gtid(7), rows.subarray(0, 99)], '0-1-6'],
    ['zeros after a power loss', [gtid(6), rows, transactionEnd, Buffer.alloc(500)], '0-1-6'],
  ])('reads the end with %s', async (_name, events, expected) => {
    await write('binlog.000001', gtidList([0, 1, 2]), gtid(3), transactionEnd);
    await write('binlog.000002', gtidList([0, 1, 5]), ...events);
    expect(await end()).toBe(expected);
  });

  it('reads the end in the file before a newest one that is only begun', async () => {
    await write('binlog.000001', gtidList([0, 1, 2]), gtid(3), transactionEnd);
    await writeFile(join(folder, 'binlog.000002'), LOG_MAGIC.subarray(0, 2));
    expect(await end()).toBe('0-1-3');
  });

  it('knows no end of a log without files', async () => {
    expect(await end()).toBeUndefined();
  });

  it('reads what came before a file', async () => {
    await write('binlog.000001', gtidList([0, 1, 5], [0, 2, 6], [3, 1, 1]), gtid(7), transactionEnd);
    const [file] = await listLogFiles(folder, 'binlog');
    const start = file === undefined ? [] : await readLogStart(file, signal);
    expect(start?.map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`)).toEqual([
      '0-1-5',
      '0-2-6',
      '3-1-1',
    ]);
  });

  it('follows a transaction from one relay log into the next', async () => {
    await write('relay.000001', gtidList([0, 1, 1]), gtid(8), transactionEnd, gtid(9), rows);
    expect(await received()).toBe('0-1-8');
    await write('relay.000002', rows, transactionEnd);
    expect(await received()).toBe('0-1-9');
  });

  it('counts nothing as received that only a list names', async () => {
    await write('relay.000001', gtidList([0, 1, 100]));
    expect(await received()).toBe('');
  });

  it.each([
    ['another kind of file', Buffer.from('no log of changes')],
    ['an encrypted log', Buffer.concat([LOG_MAGIC, formatDescription, event(164, Buffer.alloc(17))])],
  ])('refuses %s', async (_name, content) => {
    await writeFile(join(folder, 'binlog.000001'), content);
    await expect(end()).rejects.toMatchObject({ code: 'UnreadableFiles' });
  });
});
