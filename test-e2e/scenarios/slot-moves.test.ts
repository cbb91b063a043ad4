/**
 * Slots move from shard to shard under a load whose every answer is checked: real servers with real agents, a router, and
 * the operator. A part of what `npm run test:soak` does, in the order that a seed decides: SHARDWRIGHT_SEED gives another.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { CheckedLoad, connectToRouter } from '../moves/checked-load.ts';
import { databaseOf } from '../moves/keyspace-keys.ts';
import { makeLoadTables } from '../moves/load-tables.ts';
import { MOVE_FAULTS } from '../moves/move-faults.ts';
import { moveThrough, nextShard, untilNoTrace } from '../moves/moves-story.ts';
import { MovesWorld } from '../moves/moves-world.ts';
import { seededRandom } from '../sharded-cluster/random.ts';

const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_123);
/** Slots that the clients prefer, and that are moved here. */
const BUSY = [1, 3, 6];
/** A slot of which there is not too much to copy slowly. */
const QUIET = 4;
/** Slots with clients that go past the router. */
const DIRECT = [3];
const STEP = { timeoutMilliseconds: 240_000, everyMilliseconds: 50 };
/** Half a minute for all rows of a slot: whatever is done to a copy that is under way has to come before its end. */
const SLOW_ROWS_PER_SECOND = 20;
const FAST_ROWS_PER_SECOND = 1_000_000;
/** So many of the faults; the others come with other seeds. */
const FAULTS = 3;
const PHASES = ['Copying', 'Switching', 'Soaking'] as const;

let world: MovesWorld;
let load: CheckedLoad;

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  world = await MovesWorld.open();
  const router = await connectToRouter(world);
  await makeLoadTables(router);
  router.close();
  load = new CheckedLoad(world, { seed: SEED, direct: DIRECT, busy: BUSY });
  await waitFor('the load has begun', () => (load.operations.length > 200 ? true : undefined), STEP);
});

afterAll(async () => {
  await load?.stop();
  await world?.close();
});

/** Moves a slot with a copy slow enough to be met half way; resolves when rows have come. */
async function beginSlowMove(slot: number): Promise<{ readonly name: string; readonly to: number }> {
  await world.changeSpec({ rebalance: { rowsPerSecond: SLOW_ROWS_PER_SECOND, batchRows: 20 } });
  const to = nextShard(world, slot);
  const name = await world.move({ keyspace: 'app', unit: 'Slot', slot, to });
  await waitFor(
    'rows have come',
    async () => {
      const [[count = '0'] = []] = await world.query(to, `SELECT COUNT(*) FROM ${databaseOf(slot)}.appends`);
      return Number(count) > 20 ? true : undefined;
    },
    STEP,
  );
  return { name, to };
}

async function goFast(): Promise<void> {
  await world.changeSpec({ rebalance: { rowsPerSecond: FAST_ROWS_PER_SECOND, batchRows: 1000 } });
}

describe('slots under load', () => {
  it('go to a shard that is added, and no client of the router notices', async () => {
    const since = monotonicTime();
    await world.changeSpec({ shards: 3 });
    await waitFor('a rebalance is made', () => world.operator.rebalances()[0], STEP);
    const { status } = await world.untilRebalance('demo-r1', 'Completed');
    expect(status?.plan).toMatchObject({ shardsBefore: 2, shardsAfter: 3 });
    expect(world.slotsOf(2)).toHaveLength(2);
    await load.untilAllAnswered();
    expect(load.routerFailures(since, { withTransactions: false })).toEqual([]);
    console.log(`scaled: longest pause ${load.longestGap(since).toFixed(1)} ms`);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('move by hand, and back again', async () => {
    const home = world.ownerOf(3);
    for (let round = 0; round < 3; round += 1) {
      const { longestGap, failures } = await moveThrough(world, load, 3);
      expect(failures).toEqual([]);
      console.log(`moved: longest pause ${longestGap.toFixed(1)} ms`);
    }
    expect(world.ownerOf(3)).toBe(home);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('come back with every write when they are rolled back after the switch', async () => {
    await world.changeSpec({ rebalance: { soakSeconds: 600 } });
    const home = world.ownerOf(1);
    const since = monotonicTime();
    const name = await world.move({ keyspace: 'app', unit: 'Slot', slot: 1, to: nextShard(world, 1) });
    await world.untilMove(1, ['Soaking']);
    expect(world.ownerOf(1)).not.toBe(home);
    await load.untilAllAnswered();
    await world.tell(name, { rollback: true });
    await world.untilRebalance(name, 'RolledBack');
    expect(world.ownerOf(1)).toBe(home);
    await load.untilAllAnswered();
    expect(load.routerFailures(since, { withTransactions: false })).toEqual([]);
    await world.changeSpec({ rebalance: { soakSeconds: 1 } });
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('stay where they are when a move is cancelled, and nothing of it is left', async () => {
    const home = world.ownerOf(QUIET);
    const { name } = await beginSlowMove(QUIET);
    await world.tell(name, { cancel: true });
    await world.untilRebalance(name, 'Cancelled');
    await goFast();
    expect(world.ownerOf(QUIET)).toBe(home);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('stay where they are when the copy is not the same', async () => {
    const home = world.ownerOf(QUIET);
    const { name, to } = await beginSlowMove(QUIET);
    await world.execute(to, `DELETE FROM ${databaseOf(QUIET)}.appends ORDER BY id LIMIT 1`);
    await goFast();
    const told = await waitFor(
      'the difference is told',
      () => {
        const { status } = world.operator.rebalance(name) ?? {};
        const text = JSON.stringify([status?.held, status?.moves, status?.message]);
        return /VerificationFailed|differ/i.test(text) ? text : undefined;
      },
      STEP,
    );
    expect(told).toContain('appends');
    expect(world.ownerOf(QUIET)).toBe(home);
    await world.tell(name, { cancel: true });
    await waitFor(
      'the move is undone',
      () => (/Failed|Cancelled/.test(world.operator.rebalance(name)?.status?.phase ?? '') ? true : undefined),
      STEP,
    );
    expect(world.ownerOf(QUIET)).toBe(home);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  const random = seededRandom(SEED);
  const sample = MOVE_FAULTS.map((fault) => ({ fault, place: random() }))
    .toSorted((left, right) => left.place - right.place)
    .slice(0, FAULTS)
    .map(({ fault }) => ({
      fault,
      name: fault.name,
      phase: PHASES[Math.floor(random() * PHASES.length)] ?? 'Copying',
    }));

  it.each(sample)('move although $name in $phase', async ({ fault, phase }) => {
    const { failures } = await moveThrough(world, load, 3, { fault, phase });
    expect(fault.isSeenByClients ? [] : failures).toEqual([]);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('have lost nothing and doubled nothing in the end', async () => {
    await load.stop();
    expect(await load.judge()).toEqual([]);
    expect(load.operations.length).toBeGreaterThan(2000);
    expect(await untilNoTrace(world)).toEqual([]);
  });
});
