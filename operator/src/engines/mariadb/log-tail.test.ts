import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { mariadbEngine } from './engine.ts';
import { toLineage } from './lineage.ts';
import { TransactionScanner } from './log-events.ts';
import { scanFile } from './log-files.ts';
import { gtid, gtidList, logOf, rows, statement, tableMap, transactionEnd } from './testing/log-bytes.ts';

const signal = new AbortController().signal;

/** Of member 0 of shard 0. */
const OWN = 1;
const OTHER = 2;

const change = (sequence: number, server = OWN): Buffer =>
  Buffer.concat([gtid(sequence, { server }), rows, transactionEnd]);
const small = (sequence: number, server = OWN): Buffer =>
  Buffer.concat([gtid(sequence, { server }), transactionEnd]);
const definition = (sequence: number, server = OWN): Buffer =>
  Buffer.concat([gtid(sequence, { server, standalone: true }), statement('CREATE TABLE t (a INT)')]);

describe('the tail of a log', () => {
  let volumePath = '';
  beforeEach(async () => {
    volumePath = await mkdtemp(join(tmpdir(), 'tail-'));
    await mkdir(join(volumePath, 'data'));
    const origin = JSON.stringify({ engine: 'MariaDB', origin: 'clone', engineVersion: '11.8.6-MariaDB' });
    await writeFile(join(volumePath, 'data', 'shardwright-origin.json'), origin);
  });
  afterEach(async () => {
    await rm(volumePath, { recursive: true });
  });

  const files = () =>
    mariadbEngine.createMember({
      shard: 0,
      ordinal: 0,
      volumePath,
      memoryPath: join(volumePath, 'memory'),
      tls: { authority: '', certificate: '', key: '' },
      configuration: '',
    }).files;
  const write = (number: number, ...events: readonly Buffer[]): Promise<void> =>
    writeFile(join(volumePath, 'data', `binlog.00000${number}`), logOf(...events));

  it.each([
    ['nothing that the other lacks', [change(6)], '0-1-6,0-2-7', null],
    ['a transaction', [change(6), change(7)], '0-1-6,0-2-9', { end: '0-1-7', changes: 1, certain: true }],
    [
      'several, definitions and changes outside transactions among them',
      [change(6), definition(7), Buffer.concat([gtid(8), rows, statement('COMMIT')]), change(9)],
      '0-1-6',
      { end: '0-1-9', changes: 3, certain: true },
    ],
    ['none that is complete', [change(6), gtid(7), rows], '0-1-6', null],
    ['one cut off behind', [change(6), change(7), gtid(8), rows], '0-1-6', { end: '0-1-7', changes: 1 }],
    ['one of another server', [change(6, OTHER)], '0-1-5', null],
    [
      'own ones before those of another',
      [change(6), change(7, OTHER)],
      '0-1-5',
      { end: '0-2-7', changes: 2 },
    ],
    ['nobody who knows', [change(6), change(7)], '0-2-9', { end: '0-1-7', changes: 2, certain: false }],
  ])('is found with %s', async (_name, events, lineage, expected) => {
    await write(1, gtidList([0, 1, 2]), change(3), change(4), change(5));
    await write(2, gtidList([0, 1, 5]), ...events);
    const found = await files().findTail(toLineage(lineage), signal);
    expect({ found }).toMatchObject({ found: expected });
  });

  it.each([
    ['heartbeats', ['shardwright'], true],
    ['rows of the user', ['app'], false],
    ['rows of both', ['shardwright', 'app'], false],
    ['nothing that can be told', [], false],
  ])('is upkeep or not with %s', async (_what, schemas, expected) => {
    const heartbeat = [gtid(3), tableMap('shardwright'), rows, transactionEnd];
    const other = schemas.flatMap((schema) => [tableMap(schema), rows]);
    await write(1, gtidList([0, 1, 2]), ...heartbeat, gtid(4), ...other, transactionEnd);
    const lineage = toLineage('0-1-2');
    expect((await files().findTail(lineage, signal))?.isUpkeep).toBe(expected);
    expect(await files().keepEverything(lineage, 'all', signal)).toHaveLength(expected ? 0 : 1);
  });

  it('is no upkeep with a statement or a definition in it', async () => {
    for (const last of [
      definition(4),
      Buffer.concat([gtid(4), tableMap('shardwright'), rows, statement('INSERT'), transactionEnd]),
    ]) {
      await write(1, gtidList([0, 1, 2]), gtid(3), tableMap('shardwright'), rows, transactionEnd, last);
      expect((await files().findTail(toLineage('0-1-2'), signal))?.isUpkeep).toBe(false);
    }
  });

  it('reaches back over as many files as it takes', async () => {
    await write(1, gtidList([0, 1, 2]), change(3), change(4));
    await write(2, gtidList([0, 1, 4]), change(5));
    await write(3, gtidList([0, 1, 5]));
    await writeFile(join(volumePath, 'data', 'binlog.000004'), '');
    const found = await files().findTail(toLineage('0-1-3'), signal);
    expect(found).toMatchObject({ end: '0-1-5', changes: 2, certain: true });
  });

  it('is null without a log', async () => {
    expect(await files().findTail(toLineage('0-1-3'), signal)).toBeNull();
    expect(await files().keepTail(toLineage('0-1-3'), 'tail', signal)).toBeNull();
  });

  it('is kept as a log of its own, with nothing else in it', async () => {
    await write(1, gtidList([0, 1, 2]), change(3), change(4));
    await write(2, gtidList([0, 1, 4]), change(5), gtid(6), rows);
    const lineage = toLineage('0-1-3');
    const kept = await files().keepTail(lineage, 'tail-epoch-4', signal);
    expect(kept).toMatchObject({ name: 'tail-epoch-4.binlog', kind: 'tail' });
    const content = await readFile(join(volumePath, 'kept', 'tail-epoch-4.binlog'));
    const head = logOf().subarray(4);
    expect(content.equals(Buffer.concat([logOf(change(4)), head, change(5)]))).toBe(true);
    expect((await files().findTail(lineage, signal))?.bytes).toBe(content.length);
  });

  it('is kept once, under its first name', async () => {
    await write(1, gtidList([0, 1, 2]), change(3));
    const lineage = toLineage('0-1-2');
    const first = await files().keepTail(lineage, 'first', signal);
    expect(await files().keepTail(lineage, 'second', signal)).toEqual(first);
    await write(1, gtidList([0, 1, 2]), change(4));
    expect(await files().keepTail(lineage, 'third', signal)).toMatchObject({ name: 'third.binlog' });
    expect((await files().listKept(signal)).map(({ name }) => name)).toEqual([
      'first.binlog',
      'third.binlog',
    ]);
  });

  it('leaves no half file behind', async () => {
    await write(1, gtidList([0, 1, 2]), change(3));
    const stop = AbortSignal.abort(new Error('cut short'));
    await expect(files().keepTail(toLineage('0-1-2'), 'tail', stop)).rejects.toThrow('cut short');
    await mkdir(join(volumePath, 'kept'), { recursive: true });
    await writeFile(join(volumePath, 'kept', 'tail.binlog.new'), 'half');
    expect(await files().listKept(signal)).toEqual([]);
    await files().keepTail(toLineage('0-1-2'), 'tail', signal);
    expect(await readdir(join(volumePath, 'kept'))).toEqual(['tail.binlog']);
  });

  it('is kept whoever wrote it, applied or only received, before everything goes', async () => {
    await write(1, gtidList([0, 1, 2]), change(3, OTHER), change(4, OTHER));
    const relay = (number: number, ...events: readonly Buffer[]): Promise<void> =>
      writeFile(join(volumePath, 'data', `relay.00000${number}`), logOf(...events));
    await relay(1, change(3, OTHER), change(4, OTHER), gtid(5, { server: OTHER }), rows);
    await relay(2, transactionEnd, change(6, OTHER), gtid(7, { server: OTHER }), rows);
    const lineage = toLineage('0-2-3,0-3-9');
    expect(await files().findTail(lineage, signal)).toBeNull();
    const kept = await files().keepEverything(lineage, 'all', signal);
    expect(kept.map(({ name }) => name)).toEqual(['all.binlog', 'all-received.binlog']);
    const [own, received] = await Promise.all(kept.map(({ path }) => readFile(path)));
    expect(own?.equals(logOf(change(4, OTHER)))).toBe(true);
    const inBoth = Buffer.concat([gtid(5, { server: OTHER }), rows]);
    const later = Buffer.concat([transactionEnd, change(6, OTHER)]);
    expect(received?.equals(Buffer.concat([logOf(inBoth), logOf().subarray(4), later]))).toBe(true);
  });

  it('is nothing where the other has it, or nobody can tell', async () => {
    await write(1, gtidList([0, 1, 2]), change(3, OTHER));
    expect(await files().keepEverything(toLineage('0-2-3,0-3-9'), 'all', signal)).toEqual([]);
    expect(await files().keepEverything(toLineage('0-3-9'), 'all', signal)).toEqual([]);
  });

  it.each([
    ['0-1-7', true],
    ['0-2-7', false],
    ['0-2-7,1-1-3', true],
    ['', false],
  ])('may be there when the log ends at %j: %j', (position, expected) => {
    const { positions } = mariadbEngine;
    expect(files().wrote(positions.parse(position))).toBe(expected);
  });

  it('is exactly what the other lacks, however the log is cut into files, and readable as it was', async () => {
    const entry = fc.record({
      own: fc.boolean(),
      kind: fc.constantFrom('change', 'definition'),
      cut: fc.boolean(),
    });
    const scenario = fc.record({
      entries: fc.array(entry, { minLength: 1, maxLength: 12 }),
      known: fc.nat(12),
      torn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ entries, known, torn }) => {
        await rm(join(volumePath, 'data'), { recursive: true });
        await rm(join(volumePath, 'kept'), { recursive: true, force: true });
        await mkdir(join(volumePath, 'data'));
        const newest = new Map<number, number>();
        const contents: Buffer[][] = [[]];
        entries.forEach(({ own, kind, cut }, index) => {
          if (cut || index === 0) {
            const list = [...newest].map(([server, sequence]) => [0, server, sequence] as const);
            contents.push([gtidList(...list)]);
          }
          const server = own ? OWN : OTHER;
          newest.set(server, index + 1);
          contents.at(-1)?.push(kind === 'change' ? small(index + 1, server) : definition(index + 1, server));
        });
        contents.at(-1)?.push(...(torn ? [gtid(99)] : []));
        await Promise.all(contents.slice(1).map((events, index) => write(index + 1, ...events)));

        const first = entries.findIndex(({ own }, index) => own && index + 1 > known);
        const expected = first === -1 ? 0 : entries.length - first;
        const lineage = toLineage(`0-${OWN}-${known},0-3-50`);
        const found = await files().findTail(lineage, signal);
        expect(found?.changes ?? 0).toBe(expected);
        const kept = await files().keepTail(lineage, 'tail', signal);
        const seen: bigint[] = [];
        const scanner = new TransactionScanner();
        const onEvent = (): void => {
          seen.push(...(scanner.ended === undefined ? [] : [scanner.ended.sequence]));
        };
        if (kept !== null) {
          await scanFile(kept.path, scanner, signal, { onEvent });
        }
        expect(seen).toEqual(Array.from({ length: expected }, (_, index) => BigInt(first + index + 1)));
      }),
      { numRuns: 60 },
    );
  });
});
