import { setTimeout as delay } from 'node:timers/promises';
import { monotonicTime } from '../../chaos/clients/monotonic-time.ts';
import type { Operation } from '../../chaos/history/operation.ts';
import { CheckedLoad, connectToRouter } from '../../moves/checked-load.ts';
import { KEYSPACE } from '../../moves/cluster-objects.ts';
import { databaseOf } from '../../moves/keyspace-keys.ts';
import { makeLoadTables } from '../../moves/load-tables.ts';
import { moveThrough, nextShard } from '../../moves/moves-story.ts';
import { MovesWorld } from '../../moves/moves-world.ts';
import type { Benchmark } from '../benchmark.ts';

/** Moves of one run: as many pauses. */
const MOVES = 10;
/** The slot that is switched again and again; a client writes to it all the time. */
const SLOT = 3;

/** A slot with rows enough to be copied for some seconds at the limits that hold by default. */
const LARGE_SLOT = 6;
const LARGE_ROWS = 250_000;
const ROWS_AT_ONCE = 50_000;
/** Copies of it in one run, in turn with as long a time in which nothing moves. */
const COPIES = 3;

/** What clients of the router see of slots that move. */
export const movesBenchmark: Benchmark = {
  name: 'moves',
  title: 'Moving slots under load, as clients of the router see it',
  method: [
    `A slot goes from shard to shard and on, ${MOVES} times a run: three shards of two servers, their agents, a router and an API server on one machine, with the operator in the process of the clients. Clients of the router append, read, compare-and-set and transfer all the while, one of them rows of that slot every three milliseconds.`,
    'The pause of a switch is the longest time in which that client got no row acknowledged, from the wish to the end of the move. The operator’s own figure is from its first write of the map to the flip.',
    `Then, ${COPIES} times in turn: a slot of ${LARGE_ROWS} rows of 200 bytes is copied, at the limits of a spec that names none, and for as long nothing moves. Latencies are of appended rows of all slots, until such a copy is complete; all servers share two processors with the clients.`,
  ],
  series: [
    { name: 'pauseMedian', label: 'pause that the client sees, median', unit: 'ms', atMost: 50 },
    { name: 'pauseLongest', label: `the same, longest of ${MOVES}`, unit: 'ms', atMost: 100 },
    { name: 'switchMedian', label: 'switch as the operator tells it, median', unit: 'ms' },
    { name: 'switchLongest', label: `the same, longest of ${MOVES}`, unit: 'ms' },
    { name: 'quiet50', label: 'a row is acknowledged within, nothing moving, median', unit: 'ms' },
    { name: 'copying50', label: 'the same, while a slot is copied', unit: 'ms' },
    { name: 'quiet99', label: '99 of 100 rows are acknowledged within, nothing moving', unit: 'ms' },
    { name: 'copying99', label: 'the same, while a slot is copied', unit: 'ms' },
    { name: 'moving99', label: 'the same, while slots are switched one after the other', unit: 'ms' },
    { name: 'errors', label: 'errors of clients', unit: '', atMost: 0 },
  ],
  comparisons: [],
  runs: 5,
  async open(progress) {
    const world = await MovesWorld.open({ filledShards: 3 });
    await world.changeSpec({ rebalance: { soakSeconds: 0 } });
    const router = await connectToRouter(world);
    await makeLoadTables(router);
    await router.query(
      `CREATE TABLE ${KEYSPACE}.large (id BIGINT PRIMARY KEY, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL)`,
      [],
    );
    progress.note(`filling slot ${LARGE_SLOT}`);
    await fill(world);
    const [version] = await world.query(0, 'SELECT VERSION()');
    router.close();
    return {
      versions: { MariaDB: /^[\d.]+/.exec(version?.[0] ?? '')?.[0] ?? 'unknown' },
      settle: () => world.untilWhole(),
      async measure(index) {
        const load = new CheckedLoad(world, { seed: index, generation: index, direct: [], busy: [SLOT] });
        try {
          const began = monotonicTime();
          const switches = await measureSwitches(world, load);
          const copies = await measureCopies(world, load);
          const errors = load.routerFailures(began, { withTransactions: true }).length;
          return { ...switches, ...copies, errors };
        } finally {
          await load.stop();
        }
      },
      close: () => world.close(),
    };
  },
};

/** Rows whose keys are not those of the slot: nobody looks for them. */
async function fill(world: MovesWorld): Promise<void> {
  const table = `${databaseOf(LARGE_SLOT)}.large`;
  for (let from = 1; from <= LARGE_ROWS; from += ROWS_AT_ONCE) {
    await world.execute(
      world.ownerOf(LARGE_SLOT),
      `INSERT INTO ${table} SELECT seq, CONCAT(MD5(seq), MD5(seq + 1), MD5(seq + 2)), MD5(seq + 3) FROM ${databaseOf(LARGE_SLOT)}.seq_${from}_to_${from + ROWS_AT_ONCE - 1}`,
    );
  }
}

async function measureSwitches(
  world: MovesWorld,
  load: CheckedLoad,
): Promise<Readonly<Record<string, number>>> {
  const before = load.operations.length;
  const pauses: number[] = [];
  const switches: number[] = [];
  for (let move = 0; move < MOVES; move += 1) {
    const since = monotonicTime();
    const { name } = await moveThrough(world, load, SLOT);
    pauses.push(load.longestGap(since, SLOT));
    switches.push(world.operator.rebalance(name)?.status?.progress?.longestPauseMilliseconds ?? Number.NaN);
  }
  return {
    pauseMedian: quantile(pauses, 0.5),
    pauseLongest: Math.max(...pauses),
    switchMedian: quantile(switches, 0.5),
    switchLongest: Math.max(...switches),
    moving99: quantile(latencies(load.operations.slice(before)), 0.99),
  };
}

async function measureCopies(
  world: MovesWorld,
  load: CheckedLoad,
): Promise<Readonly<Record<string, number>>> {
  const quiet: Operation[] = [];
  const copying: Operation[] = [];
  for (let copy = 0; copy < COPIES; copy += 1) {
    const to = nextShard(world, LARGE_SLOT);
    const name = await world.move({ keyspace: KEYSPACE, unit: 'Slot', slot: LARGE_SLOT, to });
    await world.untilMove(LARGE_SLOT, ['Copying']);
    const began = { at: monotonicTime(), count: load.operations.length };
    await world.untilMove(LARGE_SLOT, ['Switching', 'Soaking', 'Finishing']);
    const took = monotonicTime() - began.at;
    copying.push(...load.operations.slice(began.count));
    await world.untilRebalance(name, 'Completed');
    const idle = load.operations.length;
    await delay(took);
    quiet.push(...load.operations.slice(idle));
  }
  return {
    quiet50: quantile(latencies(quiet), 0.5),
    quiet99: quantile(latencies(quiet), 0.99),
    copying50: quantile(latencies(copying), 0.5),
    copying99: quantile(latencies(copying), 0.99),
  };
}

function latencies(operations: readonly Operation[]): number[] {
  return operations.filter(({ kind }) => kind === 'append').map(({ start, end }) => end - start);
}

/** By the nearest-rank method: every figure is one that was measured. */
function quantile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((left, right) => left - right);
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? Number.NaN;
}
