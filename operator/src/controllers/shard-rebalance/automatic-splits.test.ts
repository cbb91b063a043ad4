import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyedDatabase } from '../../core/move-view.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { AutomaticSplits } from './automatic-splits.ts';
import { aMeasuredShard, anObservation, aRebalance, NOW } from './testing/observations.ts';
import { MEBIBYTE, mapOfLog, specOfLog } from './testing/range-keyspace.ts';

const NEVER = new AbortController().signal;
const MINUTE = 60_000;

describe('AutomaticSplits', () => {
  let asked: (readonly [number, KeyedDatabase])[];
  let told: string[];
  let answer: () => Promise<string>;
  let splits: AutomaticSplits;

  beforeEach(() => {
    asked = [];
    told = [];
    answer = async () => '250';
    splits = new AutomaticSplits({
      views: {
        middleKey: async (_, shard, slot) => {
          asked.push([shard, slot]);
          return answer();
        },
      },
      tell: (_, reason, note) => told.push(`${reason}: ${note}`),
      logger: silentLogger,
    });
  });

  /** What it finds so many minutes later, when slot 2 has so many bytes. */
  const find = async (
    minutes: number,
    change: Parameters<typeof anObservation>[0] = {},
    bytes = 30 * MEBIBYTE,
  ) =>
    splits.find(
      anObservation({
        map: mapOfLog(),
        spec: specOfLog(),
        shards: [0, 1, 2].map((number) =>
          aMeasuredShard(number, {
            databases: [{ database: `log_s000${number}`, rows: 5, bytes: number === 2 ? bytes : 1 }],
          }),
        ),
        now: NOW + minutes * MINUTE,
        ...change,
      }),
      NEVER,
    );

  it('asks for a split at the key in the middle once a slot has been too large for two minutes', async () => {
    expect(await find(0)).toBeNull();
    expect(asked).toEqual([]);
    const creation = await find(2, {
      rebalances: [aRebalance({}, { phase: 'Completed' }, { name: 'demo-r4' })],
    });
    expect(creation).toEqual({
      name: 'demo-r5',
      spec: {
        clusterName: 'demo',
        split: { keyspace: 'log', slot: 2, at: '250' },
        reason: `Slot 2 of log has ${30 * MEBIBYTE} bytes, and maxBytes is ${10 * MEBIBYTE}.`,
      },
    });
    expect(asked).toEqual([
      [2, { database: 'log_s0002', defaultKey: 'id', keys: [{ table: 'events', column: 'at' }] }],
    ]);
  });

  it('begins to count anew when the slot was small meanwhile', async () => {
    await find(0);
    await find(1, {}, 1);
    expect(await find(2)).toBeNull();
    expect(await find(4)).not.toBeNull();
  });

  it('tells of what was made', async () => {
    await find(0);
    const creation = await find(2);
    if (creation === null) {
      throw new Error('nothing is to be made');
    }
    splits.noteCreated(anObservation().cluster, creation);
    expect(told).toEqual([
      expect.stringMatching(/^SplitBegun: Slot 2 of log .* demo-r1 splits it at "250"\.$/),
    ]);
    splits.noteCreated(anObservation().cluster, {
      name: 'demo-r2',
      spec: { clusterName: 'demo', scale: { shards: 3 } },
    });
    expect(told).toHaveLength(1);
  });

  it('tells every ten minutes of a threshold of load that no server measures, once it should', async () => {
    const spec = specOfLog({ maxRowsPerSecond: 500 });
    const shards = (load: object) => [
      aMeasuredShard(0, { databases: [{ database: 'log_s0000', rows: 5, bytes: 5, ...load }] }),
    ];
    for (let minute = 0; minute < 5; minute += 1) {
      await find(minute, { spec, shards: shards({}) });
    }
    expect(told).toEqual([]);
    for (let minute = 5; minute < 15; minute += 1) {
      await find(minute, { spec, shards: shards({}) });
    }
    expect(told).toEqual([expect.stringMatching(/^SplitNotPossible: log has .* userstat = 1/)]);
    await find(15, { spec, shards: shards({}) });
    expect(told).toHaveLength(2);
    for (let minute = 16; minute < 40; minute += 1) {
      await find(minute, { spec, shards: shards({ rowsPerSecond: 0 }) });
    }
    expect(told).toHaveLength(2);
  });

  const full = mapOfLog();
  it.each([
    ['its primary does not tell', async () => Promise.reject(new Error('no answer')), {}, 'no answer'],
    ['the key is its first', async () => '200', {}, 'not within slot 2'],
    [
      'no numbers of slots are free',
      async () => '250',
      { map: { ...full, keyspaces: (full.keyspaces ?? []).map((each) => ({ ...each, slots: 4 })) } },
      'two numbers of slots',
    ],
    [
      'there is no room for it',
      async () => '250',
      {
        shards: [
          aMeasuredShard(2, {
            freeBytes: 34 * MEBIBYTE,
            databases: [{ database: 'log_s0002', rows: 5, bytes: 30 * MEBIBYTE }],
          }),
        ],
      },
      'little is left',
    ],
  ])('says so once in ten minutes when %s', async (_, given, change, why) => {
    answer = given;
    await find(0, change);
    expect(await find(2, change)).toBeNull();
    expect(await find(3, change)).toBeNull();
    expect(told).toEqual([expect.stringMatching(/^SplitNotPossible: Slot 2 of log has/)]);
    expect(told[0]).toContain(why);
    expect(await find(12, change)).toBeNull();
    expect(told).toHaveLength(2);
  });
});
