/**
 * A slot of intervals is split under load: real servers with real agents, a router, and the operator. Clients write at the end of
 * the keys and in the middle, and count; whatever was acknowledged has to be there once, in the slot of its key.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import { COUNTED_ROWS, CountedLoad, makeCountedTables } from '../moves/counted-load.ts';
import { MOVE_FAULTS } from '../moves/move-faults.ts';
import { untilNoTrace } from '../moves/moves-story.ts';
import { MovesWorld } from '../moves/moves-world.ts';

const KEYSPACE = 'log';

let world: MovesWorld;
let load: CountedLoad;

beforeAll(async () => {
  world = await MovesWorld.open({ shards: 2, instances: 2, filledShards: 2, hasRanges: true });
  await makeCountedTables(world, KEYSPACE);
  load = new CountedLoad(world, KEYSPACE, 4);
});

afterAll(async () => {
  await load?.stop();
  await world?.close();
});

/** Intervals of the map, as `slot@from`, and the shard of each. */
function intervals(): readonly string[] {
  const keyspace = world.operator.map().keyspaces?.find(({ name }) => name === KEYSPACE);
  return (keyspace?.ranges ?? []).map(({ slot, from = '' }) => `${slot}@${from}`);
}

describe('a slot of intervals under load', () => {
  it('is split at a key, and no client notices', async () => {
    await load.untilBusy();
    const name = await world.split({ keyspace: KEYSPACE, slot: 0, at: '1000' });
    const { status } = await world.untilRebalance(name, 'Completed');
    expect(status?.plan?.moves).toEqual([
      expect.objectContaining({ slots: '0', split: { at: '1000', lower: 1, upper: 2 }, from: 0, to: 0 }),
    ]);
    expect(intervals()).toEqual(['1@', '2@1000']);
    await load.untilBusy();
    expect(load.errors).toEqual([]);
    console.log(`split: longest round of four statements ${load.longestMilliseconds.toFixed(0)} ms`);
    expect(await untilNoTrace(world)).toEqual([]);
    expect(await world.query(0, `SHOW DATABASES LIKE '${databaseOfSlot(KEYSPACE, 0)}'`)).toEqual([]);
    const [[below] = []] = await world.query(0, `SELECT COUNT(*) FROM ${databaseOfSlot(KEYSPACE, 1)}.events`);
    expect(below).toBe('1000');
  });

  it('is split at its end, which goes to another shard', async () => {
    const name = await world.split({ keyspace: KEYSPACE, slot: 2, at: String(COUNTED_ROWS), to: 1 });
    await world.untilRebalance(name, 'Completed');
    const [, , tail = ''] = intervals();
    expect(tail).toMatch(new RegExp(`@${COUNTED_ROWS}$`));
    const database = databaseOfSlot(KEYSPACE, Number(tail.split('@')[0]));
    await load.untilBusy();
    expect(load.errors).toEqual([]);
    expect(await untilNoTrace(world)).toEqual([]);
    const [[least] = []] = await world.query(1, `SELECT MIN(id) FROM ${database}.events`);
    expect(Number(least)).toBeGreaterThanOrEqual(COUNTED_ROWS);
  });

  it('stays one when the split is cancelled, and nothing of it is left', async () => {
    await world.changeSpec({ rebalance: { rowsPerSecond: 100, batchRows: 20 } });
    const before = intervals();
    const slot = Number(before[0]?.split('@')[0]);
    const name = await world.split({ keyspace: KEYSPACE, slot, at: '500' });
    await world.untilMove(slot, ['Copying']);
    await load.untilBusy();
    await world.tell(name, { cancel: true });
    await world.untilRebalance(name, 'Cancelled');
    await world.changeSpec({ rebalance: { rowsPerSecond: 1_000_000, batchRows: 1000 } });
    expect(intervals()).toEqual(before);
    expect(load.errors).toEqual([]);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it.each(
    MOVE_FAULTS.filter(({ name }) => /operator|giving/.test(name)).flatMap((fault) =>
      (['Copying', 'Switching', 'Soaking'] as const).map((phase) => ({ name: fault.name, fault, phase })),
    ),
  )('is split though $name in $phase', async ({ fault, phase }) => {
    const [first = '', second = ''] = intervals();
    const slot = Number(first.split('@')[0]);
    const at = Math.floor(Number(second.split('@')[1]) / 2);
    const split = await world.split({ keyspace: KEYSPACE, slot, at: String(at) });
    await fault.strike(world, await world.untilMove(slot, [phase]));
    await world.untilRebalance(split, 'Completed');
    expect(intervals()[1]).toMatch(new RegExp(`@${at}$`));
    await load.untilBusy();
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('has every row that was acknowledged, once', async () => {
    await load.stop();
    expect(load.count).toBeGreaterThan(0);
    expect(await load.judge()).toEqual([]);
  });
});
