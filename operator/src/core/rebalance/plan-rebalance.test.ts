import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { databaseOfSlot } from '../keyspace/database-names.ts';
import type { PlacementName } from '../keyspace/placement/place-slots.ts';
import { placeSlots } from '../keyspace/placement/place-slots.ts';
import { readSlotSet, writeSlotSet } from '../keyspace/slot-set.ts';
import { orderMoves } from './move-groups.ts';
import { type PlanInput, planRebalance, type RebalancePlan } from './plan-rebalance.ts';
import type { DatabaseMeasure, PlannedKeyspace } from './planned-keyspace.ts';
import type { PlannedMove } from './planned-move.ts';

const SPEED = { rowsPerSecond: 1000, bytesPerSecond: 1_000_000, maxParallelMoves: 2, soakSeconds: 600 };

function shardNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** A keyspace spread over shards 0 to `shards` - 1 by its placement. */
function keyspaceOf(
  slots: number,
  shards: number,
  options: { name?: string; placement?: PlacementName; homeShard?: number } = {},
): PlannedKeyspace {
  const { name = 'app', placement = 'Balanced', homeShard = 0 } = options;
  const owners = placeSlots(placement, {
    slots,
    shards: shardNumbers(shards).map((number) => ({ number })),
    current: [],
  });
  return {
    name,
    placement,
    slots,
    homeShard,
    referenceShards: shardNumbers(shards),
    slotsByShard: bySlots(owners),
  };
}

function bySlots(owners: readonly number[]): PlannedKeyspace['slotsByShard'] {
  return [...new Set(owners)].map((shard) => ({
    shard,
    slots: writeSlotSet(owners.flatMap((owner, slot) => (owner === shard ? [slot] : []))),
  }));
}

function ownersOf({ slots, slotsByShard }: PlannedKeyspace): number[] {
  const owners = Array.from({ length: slots }, () => -1);
  for (const { shard, slots: text } of slotsByShard) {
    for (const slot of readSlotSet(text)) {
      owners[slot] = shard;
    }
  }
  return owners;
}

/** The keyspace after all moves of a plan, each of which must start from where the slot is. */
function applied(keyspace: PlannedKeyspace, moves: readonly PlannedMove[]): PlannedKeyspace {
  const owners = ownersOf(keyspace);
  let { homeShard } = keyspace;
  const references = new Set(keyspace.referenceShards);
  const check = (isSo: boolean, move: PlannedMove): void => {
    if (!isSo) {
      throw new Error(`cannot be carried out: ${JSON.stringify(move)}`);
    }
  };
  for (const move of moves.filter((each) => each.keyspace === keyspace.name)) {
    switch (move.unit) {
      case 'Slot':
        check(owners[move.slot] === move.from && references.has(move.to), move);
        owners[move.slot] = move.to;
        break;
      case 'Unsharded':
        check(homeShard === move.from && references.has(move.to), move);
        homeShard = move.to;
        break;
      default:
        check(references.has(move.from) && !references.has(move.to), move);
        references.add(move.to);
    }
  }
  return { ...keyspace, homeShard, referenceShards: [...references], slotsByShard: bySlots(owners) };
}

function countsOf(keyspace: PlannedKeyspace, shards: number): number[] {
  const owners = ownersOf(keyspace);
  return shardNumbers(shards).map((shard) => owners.filter((owner) => owner === shard).length);
}

function inputOf(
  keyspaces: readonly PlannedKeyspace[],
  shards: number,
  more: Partial<PlanInput> = {},
): PlanInput {
  return {
    purpose: { kind: 'scale', shards },
    keyspaces,
    shards: shardNumbers(64),
    measures: new Map(),
    speed: SPEED,
    ...more,
  };
}

function planned(input: PlanInput): RebalancePlan {
  const verdict = planRebalance(input);
  if (verdict.kind !== 'planned') {
    throw new Error(verdict.message);
  }
  return verdict.plan;
}

function moved({ keyspaces: [first] }: RebalancePlan): number {
  return first?.slotsMoved ?? NaN;
}

const slotCount = fc.integer({ min: 1, max: 512 });
const shardCount = fc.integer({ min: 1, max: 12 });
const placementName = fc.constantFrom<PlacementName>('Balanced', 'VirtualNodes', 'Modulo');

describe('a plan to scale', () => {
  it('moves exactly the newcomer’s share, to it alone, for every number of shards up to 64', () => {
    for (const slots of [64, 100, 256, 1000]) {
      for (let shards = 1; shards < 64; shards += 1) {
        const plan = planned(inputOf([keyspaceOf(slots, shards)], shards + 1));
        expect(moved(plan)).toBe(Math.floor(slots / (shards + 1)));
        const moves = orderMoves(plan.moves).filter(({ unit }) => unit === 'Slot');
        expect(moves.every(({ to }) => to === shards)).toBe(true);
        expect(plan.keyspaces[0]?.skewAfter).toBeLessThanOrEqual(1 + (shards + 1) / slots);
      }
    }
  });

  it('moves the slots of those that leave, and no other', () => {
    fc.assert(
      fc.property(slotCount, shardCount, shardCount, (slots, more, fewer) => {
        const [before, after] = [Math.max(more, fewer), Math.min(more, fewer)];
        const keyspace = keyspaceOf(slots, before);
        const moves = orderMoves(planned(inputOf([keyspace], after)).moves);
        const leaving = ownersOf(keyspace).filter((owner) => owner >= after).length;
        expect(moves).toHaveLength(leaving);
        expect(moves.every(({ from, to }) => from >= after && to < after)).toBe(true);
      }),
    );
  });

  it('leads to the placement, with every slot on exactly one shard, from any history', () => {
    fc.assert(
      fc.property(
        slotCount,
        placementName,
        fc.array(shardCount, { minLength: 2, maxLength: 6 }),
        (slots, placement, [first = 1, ...steps]) => {
          let keyspace = keyspaceOf(slots, first, { placement });
          for (const shards of steps) {
            const plan = planned(inputOf([keyspace], shards));
            const moves = orderMoves(plan.moves);
            expect(plan.moveCount).toBe(moves.length);
            expect(new Set(moves.map((move) => JSON.stringify(move))).size).toBe(moves.length);
            const want = placeSlots(placement, {
              slots,
              shards: shardNumbers(shards).map((number) => ({ number })),
              current: ownersOf(keyspace),
            });
            keyspace = applied(keyspace, moves);
            expect(ownersOf(keyspace)).toEqual([...want]);
            expect(keyspace.homeShard).toBeLessThan(shards);
            expect(planned(inputOf([keyspace], shards)).moveCount).toBe(0);
          }
        },
      ),
    );
  });

  it('moves no more than any other placement that is as even, with Balanced', () => {
    fc.assert(
      fc.property(slotCount, shardCount, shardCount, (slots, before, after) => {
        const keyspace = keyspaceOf(slots, before);
        const plan = planned(inputOf([keyspace], after));
        expect(plan.keyspaces[0]?.slotsMoved).toBe(plan.keyspaces[0]?.slotsMovedAtLeast);
        const counts = countsOf(applied(keyspace, orderMoves(plan.moves)), after);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves what it says that the remainder moves, with Modulo', () => {
    fc.assert(
      fc.property(slotCount, shardCount, shardCount, (slots, before, after) => {
        const plan = planned(inputOf([keyspaceOf(slots, before, { placement: 'Modulo' })], after));
        // With fewer slots than shards some shards hold none, and are none for the comparison.
        fc.pre(slots >= before);
        expect(plan.keyspaces[0]?.slotsMoved).toBe(plan.keyspaces[0]?.slotsMovedByModulo);
      }),
    );
  });

  it('depends on its input alone, and the order of moves on what is stored', () => {
    fc.assert(
      fc.property(slotCount, placementName, shardCount, shardCount, (slots, placement, before, after) => {
        const input = inputOf([keyspaceOf(slots, before, { placement })], after);
        const plan = planned(input);
        expect(planned(structuredClone(input))).toEqual(plan);
        const stored = JSON.parse(JSON.stringify(plan)) as RebalancePlan;
        expect(orderMoves(stored.moves)).toEqual(orderMoves(plan.moves));
      }),
    );
  });

  it('says what share moves beside the remainder: a fifth and four fifths from four shards to five', () => {
    const plan = planned(inputOf([keyspaceOf(1000, 4)], 5));
    expect(plan.shareMoved).toBe(0.2);
    expect(plan.shareMovedByModulo).toBe(0.8);
    const hash = planned(inputOf([keyspaceOf(1000, 4, { placement: 'Modulo' })], 8));
    expect(hash.shareMoved).toBe(0.5);
  });

  it('takes turns between pairs of shards, reference tables first, unsharded ones next', () => {
    const keyspace = { ...keyspaceOf(12, 3, { homeShard: 2 }), referenceShards: [0, 1] };
    const moves = orderMoves(planned(inputOf([keyspace], 2)).moves);
    expect(moves.map(({ unit, from, to }) => `${unit} ${from}-${to}`)).toEqual([
      'Unsharded 2-0',
      'Slot 2-1',
      'Slot 2-0',
      'Slot 2-1',
      'Slot 2-0',
    ]);
    const grown = orderMoves(planned(inputOf([{ ...keyspaceOf(9, 2), referenceShards: [0, 1] }], 3)).moves);
    expect(grown.map(({ unit, from, to }) => `${unit} ${from}-${to}`)).toEqual([
      'Reference 0-2',
      'Slot 0-2',
      'Slot 1-2',
      'Slot 0-2',
    ]);
  });

  it('spreads the homes of those that leave', () => {
    const keyspaces = ['a', 'b', 'c'].map((name) =>
      keyspaceOf(4, 3, { name, homeShard: name === 'a' ? 0 : 2 }),
    );
    const homes = orderMoves(planned(inputOf(keyspaces, 2)).moves).filter(({ unit }) => unit === 'Unsharded');
    expect(homes).toEqual([
      { keyspace: 'b', unit: 'Unsharded', from: 2, to: 1 },
      { keyspace: 'c', unit: 'Unsharded', from: 2, to: 0 },
    ]);
  });

  it('leaves out slots that do not exist yet', () => {
    const keyspace: PlannedKeyspace = {
      ...keyspaceOf(8, 1),
      slots: 64,
      slotsByShard: [{ shard: 0, slots: '0-2,9' }],
    };
    const plan = planned(inputOf([keyspace], 2));
    expect(plan.keyspaces[0]).toMatchObject({ slots: 4, slotsMoved: 2, skewBefore: 1, skewAfter: 1 });
    expect(orderMoves(plan.moves).map((move) => (move.unit === 'Slot' ? move.slot : move.unit))).toEqual([
      'Reference',
      2,
      9,
    ]);
  });

  it('splits what would be too long to store', () => {
    const plan = planned(inputOf([keyspaceOf(16_384, 1)], 2));
    expect(plan.moveCount).toBe(8193);
    expect(Math.max(...plan.moves.map(({ slots = '' }) => slots.length))).toBeLessThanOrEqual(1024 * 6);
    expect(Math.max(...plan.moves.map(({ count }) => count))).toBe(1024);
  });

  it('refuses what cannot be stored', () => {
    const keyspaces = Array.from({ length: 10 }, (_, index) =>
      keyspaceOf(16_384, 32, { name: `k${index}`, placement: 'Modulo' }),
    );
    expect(planRebalance(inputOf(keyspaces, 33))).toMatchObject({ kind: 'refused', code: 'TooManyMoves' });
  });

  it('gives shards their share by weight', () => {
    const weights = new Map([
      [0, 1],
      [2, 2],
      [99, 7],
    ]);
    const plan = planned(inputOf([keyspaceOf(80, 2)], 3, { weights }));
    expect(moved(plan)).toBe(40);
    expect(plan.weights).toEqual([{ shard: 2, weight: 2 }]);
    expect(plan.keyspaces[0]).toMatchObject({ skewBefore: 1, skewAfter: 1, slotsMovedAtLeast: 40 });
    expect(plan.warnings.map(({ code }) => code)).not.toContain('Uneven');
    expect(planned(inputOf([keyspaceOf(80, 2)], 3)).weights).toBeUndefined();
  });

  it('tells of a placement that knows no weights', () => {
    const keyspace: PlannedKeyspace = { ...keyspaceOf(80, 2), placement: 'Modulo' };
    const plan = planned(inputOf([keyspace], 3, { weights: new Map([[2, 4]]) }));
    expect(plan.keyspaces[0]?.skewAfter).toBeGreaterThan(1.5);
    expect(plan.warnings.map(({ code }) => code)).toContain('Uneven');
  });
});

describe('what a plan costs', () => {
  const keyspace = keyspaceOf(4, 1);
  const measure = (change: Partial<DatabaseMeasure> = {}): DatabaseMeasure => ({
    rows: 10_000,
    bytes: 1_000_000,
    ...change,
  });
  const measures = (change: Partial<DatabaseMeasure> = {}) =>
    new Map([
      ['app$shared', measure({ rows: 0, bytes: 0 })],
      ...[0, 1, 2, 3].map((slot) => [databaseOfSlot('app', slot), measure(change)] as const),
    ]);

  it('is known where everything was measured', () => {
    const plan = planned(inputOf([keyspace], 2, { measures: measures() }));
    expect(plan).toMatchObject({ rows: 20_000, bytes: 2_000_000, moveCount: 3, warnings: [] });
    // One pair: twice ten seconds and three seconds of overhead; at worst four times as long, and fifteen.
    expect(plan.durationSeconds).toEqual({ least: 23, most: 95 });
  });

  it('takes soak time where there are more moves than the map takes at once', () => {
    const empty = (slots: number) =>
      new Map(
        ['app$shared', ...Array.from({ length: slots }, (_, slot) => databaseOfSlot('app', slot))].map(
          (database) => [database, measure({ rows: 0, bytes: 0 })] as const,
        ),
      );
    const timeOf = (slots: number) =>
      planned(inputOf([keyspaceOf(slots, 1)], 2, { measures: empty(slots) })).durationSeconds;
    // With the copy of reference tables 24 moves, 25 and 49.
    expect(timeOf(46)).toEqual({ least: 24, most: 120 });
    expect(timeOf(48)).toEqual({ least: 600, most: 725 });
    expect(timeOf(96)).toEqual({ least: 1200, most: 1445 });
  });

  it('is not known where one database was not measured, and says so', () => {
    const some = measures();
    some.delete('app_s0003');
    const plan = planned(inputOf([keyspace], 2, { measures: some }));
    expect(plan).not.toHaveProperty('rows');
    expect(plan).not.toHaveProperty('durationSeconds');
    expect(plan.warnings).toMatchObject([
      { code: 'SizesUnknown', message: expect.stringContaining('app_s0003') },
    ]);
  });

  it('is refused where it does not fit, and told of where little is left', () => {
    const input = inputOf([keyspace], 2, { measures: measures() });
    expect(planRebalance({ ...input, freeBytes: new Map([[1, 2_000_000]]) })).toMatchObject({
      kind: 'refused',
      code: 'DoesNotFit',
      message: expect.stringContaining('shard 1 would get 2200000 bytes and has 2000000 free'),
    });
    expect(planned({ ...input, freeBytes: new Map([[1, 2_500_000]]) }).warnings).toMatchObject([
      { code: 'VolumeNearlyFull' },
    ]);
    expect(planned({ ...input, freeBytes: new Map([[1, 2_750_001]]) }).warnings).toEqual([]);
  });

  it.each([
    ['NoPrimaryKey', { tablesWithoutPrimaryKey: ['log'] }],
    ['NotTransactional', { tablesNotTransactional: ['log'] }],
    ['ForeignKeyToOtherDatabase', { tablesReferringElsewhere: ['log'] }],
  ])('warns of %s', (code, change) => {
    const plan = planned(inputOf([keyspace], 2, { measures: measures(change) }));
    expect(plan.warnings).toEqual([
      { code, message: expect.stringContaining('app_s0002.log, app_s0003.log') },
    ]);
  });

  it('warns of whatever else keeps a database from being moved, and of where nobody looked', () => {
    const otherObstacles = ['event tick is enabled'.padEnd(400, '.')];
    const plan = planned(
      inputOf([keyspace], 2, {
        measures: measures({ otherObstacles }),
        notInspected: ['shard 0: its agent is silent'],
      }),
    );
    expect(plan.warnings).toEqual([
      { code: 'NotMovable', message: expect.stringContaining('app_s0002: event tick is enabled') },
      { code: 'NotInspected', message: expect.stringContaining('shard 0: its agent is silent') },
    ]);
    expect(plan.warnings.every(({ message }) => message.length <= 1024)).toBe(true);
  });

  it('warns of a long transaction where slots leave, and of none elsewhere', () => {
    const longTransactions = [
      { shard: 0, seconds: 90.5 },
      { shard: 1, seconds: 70 },
    ];
    const plan = planned(inputOf([keyspace], 2, { measures: measures(), longTransactions }));
    expect(plan.warnings).toEqual([
      { code: 'LongTransaction', message: expect.stringContaining('(90 s on shard 0)') },
    ]);
  });

  it('warns of a placement that moves most, and of one that is uneven', () => {
    const modulo = planned(inputOf([keyspaceOf(256, 4, { placement: 'Modulo' })], 5));
    expect(modulo.warnings.map(({ code }) => code)).toContain('MostSlotsMove');
    const few = planned(inputOf([keyspaceOf(5, 3)], 4));
    expect(few.warnings.map(({ code }) => code)).toContain('Uneven');
  });
});

describe('moves by hand', () => {
  const keyspace = { ...keyspaceOf(8, 2), referenceShards: [0, 1] };
  const hand = (...moves: Extract<PlanInput['purpose'], { kind: 'moves' }>['moves']) =>
    planRebalance(inputOf([keyspace], 2, { purpose: { kind: 'moves', moves }, shards: [0, 1, 2] }));

  it('move what is named, with the reference tables it needs', () => {
    const verdict = hand(
      { keyspace: 'app', unit: 'Slot', slot: 7, to: 2 },
      { keyspace: 'app', unit: 'Unsharded', to: 1 },
      { keyspace: 'app', unit: 'Slot', slot: 0, to: 0 },
    );
    expect(verdict).toMatchObject({
      kind: 'planned',
      plan: {
        moveCount: 3,
        shardsBefore: 2,
        shardsAfter: 3,
        keyspaces: [{ name: 'app', slots: 8, slotsMoved: 1, skewAfter: 1.5 }],
        shareMoved: 0.125,
      },
    });
    expect(verdict).not.toHaveProperty('plan.shareMovedByModulo');
  });

  it.each([
    ['UnknownKeyspace', { keyspace: 'shop', unit: 'Slot', slot: 0, to: 1 }],
    ['UnknownSlot', { keyspace: 'app', unit: 'Slot', slot: 8, to: 1 }],
    ['UnknownShard', { keyspace: 'app', unit: 'Slot', slot: 0, to: 3 }],
  ] as const)('are refused: %s', (code, move) => {
    expect(hand(move)).toMatchObject({ kind: 'refused', code });
  });
});
