import { describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../../api/v1alpha1/index.ts';
import { decideSplit, findGrownSlots, noteGrownSlots } from './decide-split.ts';
import { aMeasuredShard, anObservation, aRebalance, NOW } from './testing/observations.ts';
import { MEBIBYTE, mapOfLog, specOfLog } from './testing/range-keyspace.ts';

const MINUTE = 60_000;
const TROUBLE = { reason: 'ShardNotReady', message: 'its primary is not ready' };

/** Shards 0 to 2, of which each has one slot of so many bytes and rows. */
function shardsWith(...sizes: readonly (readonly [bytes: number, rows: number])[]) {
  return sizes.map(([bytes, rows], number) =>
    aMeasuredShard(number, { databases: [{ database: `log_s000${number}`, bytes, rows }] }),
  );
}

function observe(change: Parameters<typeof anObservation>[0] = {}) {
  return anObservation({
    map: mapOfLog(),
    shards: shardsWith([11 * MEBIBYTE, 10], [MEBIBYTE, 10], [30 * MEBIBYTE, 10]),
    ...change,
    spec: { ...specOfLog(), ...change.spec },
  });
}

describe('findGrownSlots', () => {
  const grownOf = (split: object, ...sizes: readonly (readonly [number, number])[]) =>
    findGrownSlots(observe({ shards: shardsWith(...sizes), spec: specOfLog(split) })).map(({ slot }) => slot);

  it.each([
    [
      'nothing is over',
      { maxBytes: 10 * MEBIBYTE },
      [
        [10 * MEBIBYTE, 1],
        [1, 1],
        [1, 1],
      ],
      [],
    ],
    [
      'one has more bytes',
      { maxBytes: 10 * MEBIBYTE },
      [
        [10 * MEBIBYTE + 1, 1],
        [1, 1],
        [1, 1],
      ],
      [0],
    ],
    [
      'one has more rows',
      { maxRows: 1000 },
      [
        [1, 1000],
        [1, 1001],
        [1, 1],
      ],
      [1],
    ],
    [
      'the greatest excess is first',
      { maxBytes: MEBIBYTE },
      [
        [2 * MEBIBYTE, 1],
        [1, 1],
        [3 * MEBIBYTE, 1],
      ],
      [2, 0],
    ],
    [
      'excesses are compared across thresholds',
      { maxBytes: MEBIBYTE, maxRows: 1000 },
      [
        [2 * MEBIBYTE, 1],
        [1, 3000],
        [1, 1],
      ],
      [1, 0],
    ],
    [
      'equal excesses are in order',
      { maxRows: 1000 },
      [
        [1, 2000],
        [1, 2000],
        [1, 2000],
      ],
      [0, 1, 2],
    ],
  ] as const)('%s', (_, split, sizes, expected) => {
    expect(grownOf(split, ...sizes)).toEqual(expected);
  });

  it.each([
    ['is over the threshold', 1001, [MEBIBYTE, 1000], [0]],
    ['is not', 1000, [MEBIBYTE, 1000], []],
    ['is over it, of too few bytes', 9999, [MEBIBYTE - 1, 1000], []],
    ['is over it, of too few rows', 9999, [MEBIBYTE, 999], []],
    ['is not known', undefined, [MEBIBYTE, 1000], []],
  ] as const)('counts a load that %s', (_, rowsPerSecond, [bytes, rows], expected) => {
    const measured = {
      database: 'log_s0000',
      bytes,
      rows,
      ...(rowsPerSecond === undefined ? {} : { rowsPerSecond }),
    };
    const found = findGrownSlots(
      observe({
        shards: [aMeasuredShard(0, { databases: [measured] })],
        spec: specOfLog({ maxRowsPerSecond: 1000 }),
      }),
    );
    expect(found.map(({ slot }) => slot)).toEqual(expected);
  });

  it('says what a slot has, and which threshold that is over', () => {
    const [first] = findGrownSlots(
      observe({ shards: shardsWith([1, 2500]), spec: specOfLog({ maxRows: 1000 }) }),
    );
    expect(first).toEqual({
      keyspace: 'log',
      slot: 0,
      shard: 0,
      database: 'log_s0000',
      excess: 2.5,
      reason: 'Slot 0 of log has about 2500 rows, and maxRows is 1000.',
    });
  });

  it.each([
    ['a keyspace without thresholds', observe({ spec: { keyspaces: [{ name: 'log', strategy: 'Range' }] } })],
    ['a keyspace that is not on the map yet', observe({ map: { ...mapOfLog(), keyspaces: [] } })],
    [
      'databases that were not measured',
      observe({ shards: [0, 1, 2].map((number) => aMeasuredShard(number, { databases: null })) }),
    ],
    [
      'a shard in trouble',
      observe({ shards: shardsWith([50 * MEBIBYTE, 1]).map((shard) => ({ ...shard, trouble: TROUBLE })) }),
    ],
    [
      'what another shard still has of a slot that moved away',
      observe({
        shards: [
          aMeasuredShard(1, { databases: [{ database: 'log_s0000', bytes: 99 * MEBIBYTE, rows: 1 }] }),
        ],
      }),
    ],
  ])('finds nothing in %s', (_, observation) => {
    expect(findGrownSlots(observation)).toEqual([]);
  });
});

describe('noteGrownSlots', () => {
  it('begins anew for a slot that was under the threshold meanwhile', () => {
    const [slot, other] = findGrownSlots(observe());
    if (slot === undefined || other === undefined) {
      throw new Error('two slots are over');
    }
    const first = noteGrownSlots(new Map(), [slot, other], 1);
    const second = noteGrownSlots(first, [slot], 2);
    const third = noteGrownSlots(second, [slot, other], 3);
    expect([...third]).toEqual([
      [slot.database, 1],
      [other.database, 3],
    ]);
  });
});

describe('decideSplit', () => {
  const decide = (change: Parameters<typeof observe>[0] = {}, since = NOW - 2 * MINUTE) => {
    const observation = observe(change);
    const grown = findGrownSlots(observation);
    return decideSplit(observation, grown, noteGrownSlots(new Map(), grown, since)).map(({ slot }) => slot);
  };
  const splitOf = (slot: number, status: object, metadata: object = {}) =>
    aRebalance({ split: { keyspace: 'log', slot, at: '5' } }, status, metadata);
  const endedAgo = (minutes: number) => new Date(NOW - minutes * MINUTE).toISOString();

  it('names those that have been over for two minutes, the largest first', () => {
    expect(decide()).toEqual([2, 0]);
    expect(decide({}, NOW - 2 * MINUTE + 1)).toEqual([]);
  });

  const policies: readonly (readonly [string, Parameters<typeof observe>[0]])[] = [
    ['a rebalance is under way', { rebalances: [aRebalance({}, { phase: 'Running' })] }],
    ['one waits for consent', { rebalances: [aRebalance({}, { phase: 'AwaitingApproval' })] }],
    ['one was made just now', { rebalances: [aRebalance()] }],
    ['something is on the map', { map: mapOfLog({ moves: aMove() }) }],
    ['the window is closed', { isWindowOpen: false }],
    ['rebalancing is paused', { spec: { rebalance: { paused: true } } }],
    ['the cluster is suspended', { spec: { suspend: true } }],
    ['the cluster hibernates', { spec: { hibernated: true } }],
    [
      'the last split ended nine minutes ago',
      { rebalances: [splitOf(7, { phase: 'Completed', endedAt: endedAgo(9) })] },
    ],
  ];

  it.each(policies)('names none while %s', (_, change) => {
    expect(decide(change)).toEqual([]);
  });

  it('names them again after the interval of the keyspace', () => {
    expect(decide({ rebalances: [splitOf(7, { phase: 'Completed', endedAt: endedAgo(10) })] })).toEqual([
      2, 0,
    ]);
    const others = aRebalance({}, { phase: 'Completed', endedAt: endedAgo(0) });
    expect(decide({ rebalances: [others] })).toEqual([2, 0]);
  });

  it.each(['Failed', 'Cancelled', 'RolledBack'])('leaves a slot alone whose split is %s', (phase) => {
    expect(decide({ rebalances: [splitOf(2, { phase, endedAt: endedAgo(999) })] })).toEqual([0]);
  });
});

function aMove(): NonNullable<ShardMapSpec['moves']> {
  return [
    {
      id: 'm',
      keyspace: 'log',
      unit: 'Slot',
      slot: 1,
      from: 1,
      to: 0,
      phase: 'Soaking',
      attempt: 1,
      openedAt: '1-1-1',
    },
  ];
}
