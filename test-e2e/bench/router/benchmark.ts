import { randomInt } from 'node:crypto';
import { summedProcessorSeconds } from '../process-usage.ts';
import type { Benchmark } from '../benchmark.ts';
import type { Progress } from '../../cluster/progress.ts';
import {
  addedName,
  endpointOf,
  type Group,
  groupComparisons,
  GROUPS,
  groupSeries,
  proxyPids,
  seriesName,
  type Way,
} from './cells.ts';
import { measureIdleConnections } from './idle-connections.ts';
import { openRouterStage, type RouterStage, SLOTS } from './router-stage.ts';
import { ROWS } from './sysbench.ts';

const SECONDS = 3;
const WARM_UP_SECONDS = 1;
const WARM_UP_CLIENTS = 8;
const IDLE_CONNECTIONS = 1000;

/** The router beside a direct connection and HAProxy. */
export const routerBenchmark: Benchmark = {
  name: 'router',
  title: 'The router beside HAProxy, a bare Node pipe and a direct connection',
  method: [
    `sysbench on a table of ${ROWS} rows, ids uniformly at random, statements prepared as it does by default, ${SECONDS} s for each figure. The groups, and within each the ways, come in an order drawn at random in every run. Two MariaDB servers, two shards of a keyspace; *direct*, through HAProxy and through the pipe the table is in one database of the first. HAProxy passes TCP on, with two threads; so does a bare pipe of Node.js (\`socket.pipe\`) with two processes, which understands nothing of what it passes on: no router in Node.js can take less. The router has two workers unless told otherwise. Servers, proxies and sysbench share the two processors of one machine: what a proxy takes, the others lack.`,
    `No TLS but where it is told: direct, HAProxy, pipe and router reach the server by its socket, sysbench reaches the proxies by TCP. With *TLS everywhere* the servers are reached by TCP, and the router ends TLS on both sides while HAProxy and the pipe pass on what they cannot read.`,
    `Point selects are cut by the hash of the id into ${SLOTS} slots on both shards. Transactions of read-only and read-write stay in one slot, which has the interval of all ids; *on both shards*: cut in two slots at the middle, with \`transactions: Multi\`. Processor time is the kernel's (\`/proc/PID/stat\`), of all processes and threads of the proxy.`,
    `Idle connections have logged in and ask for nothing; memory is that of a router with one worker that was just started, shared pages divided among those that share them.`,
  ],
  series: [
    ...groupSeries(),
    { name: 'idleMemory', label: `router, memory with ${IDLE_CONNECTIONS} idle connections`, unit: 'MiB' },
    { name: 'idleEach', label: 'the same, of one connection', unit: 'KiB' },
  ],
  comparisons: groupComparisons(),
  runs: 5,
  async open(progress) {
    const stage = await openRouterStage(progress);
    try {
      await progress.step('router: warm up', async () => {
        for (const group of GROUPS.filter(({ run }) => run.clients === WARM_UP_CLIENTS)) {
          for (const way of group.ways) {
            await stage.sysbench.run(endpointOf(stage, group, way), {
              ...group.run,
              seconds: WARM_UP_SECONDS,
            });
          }
        }
      });
    } catch (error) {
      await stage.close();
      throw error;
    }
    return {
      versions: stage.versions,
      settle: () => Promise.resolve(),
      measure: (_index, progressOfRun) => measureAll(stage, progressOfRun),
      close: () => stage.close(),
    };
  },
};

async function measureAll(stage: RouterStage, progress: Progress): Promise<Readonly<Record<string, number>>> {
  const values: Record<string, number> = {};
  for (const group of shuffled(GROUPS)) {
    for (const way of shuffled(group.ways)) {
      Object.assign(values, await measureCell(stage, group, way));
    }
    progress.note(group.label);
  }
  const median = (way: Way): number => values[`latency ${way} median`] ?? Number.NaN;
  values[addedName('haproxy')] = rounded(median('haproxy') - median('direct'));
  values[addedName('pipe')] = rounded(median('pipe') - median('direct'));
  values[addedName('router')] = rounded(median('router') - median('direct'));
  return { ...values, ...(await measureIdle(stage)) };
}

async function measureCell(stage: RouterStage, group: Group, way: Way): Promise<Record<string, number>> {
  const pids = await proxyPids(stage, group, way);
  const before = await summedProcessorSeconds(pids);
  const figures = await stage.sysbench.run(endpointOf(stage, group, way), { ...group.run, seconds: SECONDS });
  const used = (await summedProcessorSeconds(pids)) - before;
  if (group.figures === 'latency') {
    return { [seriesName(group, way, 'median')]: rounded(figures.medianMicroseconds) };
  }
  return {
    [seriesName(group, way, 'rate')]: Math.round(figures.queriesPerSecond),
    ...(way === 'direct'
      ? {}
      : { [seriesName(group, way, 'processor')]: rounded((used * 1e6) / figures.queries) }),
  };
}

async function measureIdle(stage: RouterStage): Promise<Record<string, number>> {
  const router = await stage.startRouter();
  try {
    const { user, password, database } = stage.throughRouter(router, 'hashed');
    const memory = await measureIdleConnections(router, { user, password, database }, IDLE_CONNECTIONS);
    return { idleMemory: rounded(memory.mebibytes), idleEach: rounded(memory.kibibytesEach) };
  } finally {
    await router.stop('SIGKILL');
  }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function shuffled<T>(items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}
