/**
 * A slot of intervals becomes two by itself, and one again by a rollback: real servers with real agents, a router, and the
 * operator. Each client changes rows of its own, so that what every row has to hold is known exactly.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectToRouter } from '../moves/checked-load.ts';
import { KEYSPACE_SPEC, RANGE_KEYSPACE_SPEC } from '../moves/cluster-objects.ts';
import { MOVE_FAULTS } from '../moves/move-faults.ts';
import { untilNoTrace } from '../moves/moves-story.ts';
import { MovesWorld } from '../moves/moves-world.ts';

const KEYSPACE = RANGE_KEYSPACE_SPEC.name;
const TABLE = `${KEYSPACE}.events`;
const ROWS = 2000;
const CLIENTS = 3;
const LONG = { timeoutMilliseconds: 300_000, everyMilliseconds: 200 };

let world: MovesWorld;

/** Clients of the router. What they were told counts. */
class ExactLoad {
  readonly errors: string[] = [];
  /** How often each row was changed, by key, and how often that is not known of a change. */
  readonly changes = new Map<number, number>();
  readonly doubts = new Map<number, number>();
  longestMilliseconds = 0;
  done = 0;
  #next = ROWS;
  #isStopped = true;
  #clients: readonly Promise<void>[] = [];

  start(): void {
    this.#isStopped = false;
    this.#clients = Array.from({ length: CLIENTS }, async (_, client) => this.#run(client));
  }

  async untilBusy(): Promise<void> {
    const before = this.done;
    await waitFor('the load goes on', () => (this.done > before + 60 ? true : undefined), LONG);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
  }

  async #run(client: number): Promise<void> {
    const session = await connectToRouter(world);
    for (let round = 0; !this.#isStopped; round += 1) {
      const key = ((round * 37) % Math.floor(ROWS / CLIENTS)) * CLIENTS + client;
      const begun = performance.now();
      await this.#change(key, session.query(`UPDATE ${TABLE} SET changes = changes + 1 WHERE id = ${key}`));
      const added = (this.#next += 1);
      await this.#change(added, session.query(`INSERT INTO ${TABLE} (id, changes) VALUES (${added}, 1)`));
      this.done += 1;
      this.longestMilliseconds = Math.max(this.longestMilliseconds, performance.now() - begun);
    }
    session.close();
  }

  async #change(key: number, statement: Promise<unknown>): Promise<void> {
    let counts = this.changes;
    try {
      await statement;
    } catch (error) {
      counts = this.doubts;
      this.errors.push(String(error));
    }
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}

const load = new ExactLoad();

beforeAll(async () => {
  world = await MovesWorld.open({ shards: 1, instances: 2, filledShards: 1, hasRanges: true });
  await world.execute(0, 'SET GLOBAL userstat = 1');
  const session = await connectToRouter(world);
  await session.query(`USE ${KEYSPACE}`);
  await session.query(`CREATE TABLE ${TABLE} (id BIGINT PRIMARY KEY, changes INT NOT NULL DEFAULT 0)`);
  const rows = Array.from({ length: ROWS }, (_, key) => `(${key})`);
  await session.query(`INSERT INTO ${TABLE} (id) VALUES ${rows.join(', ')}`);
  session.close();
});

afterAll(async () => {
  await load.stop();
  await world?.close();
});

/** Intervals of the map, as `slot@from`. */
function intervals(): readonly string[] {
  const keyspace = world.operator.map().keyspaces?.find(({ name }) => name === KEYSPACE);
  return (keyspace?.ranges ?? []).map(({ slot, from = '' }) => `${slot}@${from}`);
}

/** Rows that do not hold what clients were told. */
async function findLosses({ changes, doubts }: ExactLoad): Promise<readonly string[]> {
  const session = await connectToRouter(world);
  const rows = await session.query<RowDataPacket[]>(`SELECT id, changes FROM ${TABLE}`);
  session.close();
  const found = new Map(rows.map((row) => [Number(row['id']), Number(row['changes'])]));
  return [
    ...(found.size === rows.length ? [] : [`${rows.length} rows have ${found.size} keys`]),
    ...[...changes].flatMap(([key, least]) => {
      const count = found.get(key) ?? 0;
      const most = least + (doubts.get(key) ?? 0);
      return count >= least && count <= most
        ? []
        : [`row ${key} was changed ${least} to ${most} times, and says ${count}`];
    }),
  ];
}

describe('a slot of intervals', () => {
  it('is split by itself once it is over its threshold, in the middle', async () => {
    const split = { maxRows: 1000, minIntervalSeconds: 60 };
    await world.changeSpec({ keyspaces: [KEYSPACE_SPEC, { ...RANGE_KEYSPACE_SPEC, split }] });
    const name = await waitFor('a rebalance to be made', () => world.operator.rebalances()[0], LONG);
    await world.changeSpec({ keyspaces: [KEYSPACE_SPEC, RANGE_KEYSPACE_SPEC] });
    const sizes = world.operator.state(world.primaryPod(0) ?? '')?.sizes;
    expect(sizes?.find(({ database }) => database === `${KEYSPACE}_s0000`)?.rowsPerSecond).toBeDefined();
    const { spec } = await world.untilRebalance(name, 'Completed');
    expect(spec.split).toMatchObject({ keyspace: KEYSPACE, slot: 0 });
    expect(spec.reason).toMatch(/^Slot 0 of log has about \d+ rows, and maxRows is 1000\.$/);
    expect(intervals()).toEqual(['1@', `2@${spec.split?.at}`]);
    const [[below] = []] = await world.query(0, `SELECT COUNT(*) FROM ${KEYSPACE}_s0001.events`);
    expect(Number(below)).toBe(Number(spec.split?.at));
    expect(Number(below) / ROWS).toBeCloseTo(0.5, 1);
    expect(await untilNoTrace(world)).toEqual([]);
  });

  it('is one again after a rollback, with everything that was written to its parts', async () => {
    load.start();
    await world.changeSpec({ rebalance: { soakSeconds: 600 } });
    await load.untilBusy();
    const before = intervals();
    const databases = await world.query(0, `SHOW DATABASES LIKE '${KEYSPACE}\\_s%'`);
    const slot = Number(before.at(-1)?.split('@')[0]);
    const name = await world.split({ keyspace: KEYSPACE, slot, at: '1500' });
    await world.untilMove(slot, ['Soaking']);
    expect(intervals()).toHaveLength(before.length + 1);
    expect(intervals().at(-1)).toMatch(/@1500$/);
    await load.untilBusy();
    await world.tell(name, { rollback: true });
    const { status } = await world.untilRebalance(name, 'RolledBack');
    expect(status?.progress?.longestPauseMilliseconds).toBeGreaterThan(0);
    expect(intervals()).toEqual(before);
    await load.untilBusy();
    console.log(`split and back: longest round of two statements ${load.longestMilliseconds.toFixed(0)} ms`);
    expect(load.errors).toEqual([]);
    expect(await untilNoTrace(world)).toEqual([]);
    expect(await world.query(0, `SHOW DATABASES LIKE '${KEYSPACE}\\_s%'`)).toEqual(databases);
    await load.stop();
    expect(await findLosses(load)).toEqual([]);
    expect(load.errors).toEqual([]);
  });

  it.each(
    MOVE_FAULTS.filter(({ name }) => /operator|giving/.test(name)).flatMap((fault) =>
      (['Soaking', 'Returning'] as const).map((phase) => ({ name: fault.name, fault, phase })),
    ),
  )('is one again though $name in $phase', async ({ fault, phase }) => {
    load.start();
    await world.changeSpec({ rebalance: { soakSeconds: 600 } });
    const before = intervals();
    const slot = Number(before.at(-1)?.split('@')[0]);
    const name = await world.split({ keyspace: KEYSPACE, slot, at: '1500' });
    const soaking = await world.untilMove(slot, ['Soaking']);
    await load.untilBusy();
    if (phase === 'Soaking') {
      await fault.strike(world, soaking);
    }
    await world.tell(name, { rollback: true });
    if (phase === 'Returning') {
      await fault.strike(world, await world.untilMove(slot, ['Returning']));
    }
    await world.untilRebalance(name, 'RolledBack');
    expect(intervals()).toEqual(before);
    await load.untilBusy();
    expect(await untilNoTrace(world)).toEqual([]);
    await load.stop();
    expect(await findLosses(load)).toEqual([]);
  });
});
