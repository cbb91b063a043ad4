import { setTimeout as delay } from 'node:timers/promises';
import { shardMaps } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../../operator/src/runtime/resources.ts';
import { waitFor } from '../../cluster/machine/wait.ts';
import { fillDataSet } from '../../database/data-set.ts';
import { createSqlClient, type SqlClient } from '../../database/sql-client.ts';
import type { Benchmark } from '../benchmark.ts';
import {
  type ClusterStage,
  createCluster,
  isConditionTrue,
  MARIADB_VERSION,
  NAMESPACE,
  OPERATOR,
  openClusterStage,
} from '../cluster-stage.ts';
import { findPodProcesses, type PodProcess, type ProcessUsage, readUsage } from '../process-usage.ts';

const NEVER = new AbortController().signal;
const CLUSTER = 'footprint';
const SHARDS = ['footprint-shard-0', 'footprint-shard-1'];
const ROWS = 20_000;
const SECONDS = 20;
const SESSIONS_PER_SHARD = 2;
const READY = { timeoutMilliseconds: 240_000 };

/** Processes by what they are. */
interface Processes {
  readonly primaryAgents: readonly PodProcess[];
  readonly replicaAgents: readonly PodProcess[];
  readonly operator: readonly PodProcess[];
  readonly primaryServers: readonly PodProcess[];
}

type Kind = keyof Processes;
const KINDS: readonly Kind[] = ['primaryAgents', 'replicaAgents', 'operator', 'primaryServers'];

const LABELS: Readonly<Record<Kind, string>> = {
  primaryAgents: 'agent of a primary',
  replicaAgents: 'agent of a replica',
  operator: 'operator, mean of leader and standby',
  primaryServers: 'server of a primary',
};

/** What our programs take beside idle and busy servers. */
export const footprintBenchmark: Benchmark = {
  name: 'footprint',
  title: 'Processor time and memory of agents and operator',
  method: [
    `Two shards of three instances each in a cluster of three nodes on one machine. For ${SECONDS} s nothing is asked of the databases; then, for as long, ${SESSIONS_PER_SHARD} sessions on each primary update single rows as fast as they can, each commit acknowledged by a replica. Processor time and memory are the kernel's (\`/proc/PID/stat\`, \`smaps_rollup\`), the mean of all processes of a kind; memory is that at the end.`,
    'Proportional memory divides pages that several processes share, such as the program of Node.js, among them.',
  ],
  series: KINDS.flatMap((kind) => [
    { name: `${kind}IdleCpu`, label: `${LABELS[kind]}, idle`, unit: '% of a processor' },
    { name: `${kind}BusyCpu`, label: `${LABELS[kind]}, busy`, unit: '% of a processor' },
    { name: `${kind}Resident`, label: `${LABELS[kind]}, resident`, unit: 'MiB' },
    { name: `${kind}Proportional`, label: `${LABELS[kind]}, proportional`, unit: 'MiB' },
  ]),
  comparisons: [],
  runs: 5,
  async open(progress) {
    const stage = await openClusterStage(progress);
    try {
      const client = await progress.step('make the databases', () => makeDatabases(stage));
      const processes = await findProcesses(stage);
      return {
        versions: { MariaDB: MARIADB_VERSION, Kubernetes: stage.kubernetes },
        settle: () => Promise.resolve(),
        async measure() {
          const idle = await cpuShares(processes, () => delay(SECONDS * 1000));
          const busy = await cpuShares(processes, () => keepBusy(client));
          const values: Record<string, number> = {};
          for (const kind of KINDS) {
            const usages = await readAll(processes[kind]);
            values[`${kind}IdleCpu`] = round(idle[kind] * 100);
            values[`${kind}BusyCpu`] = round(busy[kind] * 100);
            values[`${kind}Resident`] = round(mean(usages.map((usage) => usage.residentMebibytes)));
            values[`${kind}Proportional`] = round(mean(usages.map((usage) => usage.proportionalMebibytes)));
          }
          return values;
        },
        close: () => stage.close(),
      };
    } catch (error) {
      await stage.close();
      throw error;
    }
  },
};

async function makeDatabases({ client, kubectl }: ClusterStage): Promise<SqlClient> {
  await createCluster(client, CLUSTER, SHARDS.length);
  const isReady = async () => ((await isConditionTrue(client, CLUSTER, 'Ready')) ? true : undefined);
  await waitFor(`${CLUSTER} is Ready`, isReady, READY);
  const sql = await createSqlClient(kubectl, { namespace: NAMESPACE, name: CLUSTER });
  for (const shard of SHARDS) {
    await fillDataSet(sql, `${shard}-primary`, ROWS);
  }
  return sql;
}

async function findProcesses({ client }: ClusterStage): Promise<Processes> {
  const map = await client.get(shardMaps, { namespace: NAMESPACE, name: CLUSTER }, NEVER);
  const primaries = map?.spec.shards.map(({ primary }) => primary) ?? [];
  const databasePods = (await client.list(pods, { namespace: NAMESPACE }, NEVER)).items;
  const operatorPods = (await client.list(pods, { namespace: OPERATOR.namespace }, NEVER)).items;
  const isPrimary = new Map(
    databasePods.map(({ metadata }) => [metadata?.uid ?? '', primaries.includes(metadata?.name ?? '')]),
  );
  const all = await findPodProcesses([
    ...isPrimary.keys(),
    ...operatorPods.map(({ metadata }) => metadata?.uid ?? ''),
  ]);
  const find = (word: string, primary: boolean | undefined): PodProcess[] =>
    all.filter(({ commandLine, podUid }) => commandLine.includes(word) && isPrimary.get(podUid) === primary);
  return {
    primaryAgents: find('shardwright.mjs agent', true),
    replicaAgents: find('shardwright.mjs agent', false),
    operator: find('shardwright operator', undefined),
    primaryServers: find('mariadbd ', true),
  };
}

/** Mean share of a processor that the processes of each kind used during `action`. */
async function cpuShares(
  processes: Processes,
  action: () => Promise<unknown>,
): Promise<Record<Kind, number>> {
  const read = async (): Promise<Record<Kind, number>> => {
    const shares = await Promise.all(
      KINDS.map(async (kind) => {
        const usages = await readAll(processes[kind]);
        return [kind, mean(usages.map(({ cpuSeconds }) => cpuSeconds))] as const;
      }),
    );
    return Object.fromEntries(shares) as Record<Kind, number>;
  };
  const before = await read();
  const started = performance.now();
  await action();
  const seconds = (performance.now() - started) / 1000;
  const after = await read();
  return Object.fromEntries(KINDS.map((kind) => [kind, (after[kind] - before[kind]) / seconds])) as Record<
    Kind,
    number
  >;
}

async function keepBusy(client: SqlClient): Promise<void> {
  const statement = `DELIMITER //
    BEGIN NOT ATOMIC
    DECLARE ended DATETIME DEFAULT SYSDATE() + INTERVAL ${SECONDS} SECOND;
    WHILE SYSDATE() < ended DO
      UPDATE app.sbtest1 SET k = k + 1 WHERE id = 1 + FLOOR(RAND() * ${ROWS});
    END WHILE;
  END`;
  await Promise.all(
    SHARDS.flatMap((shard) =>
      Array.from({ length: SESSIONS_PER_SHARD }, () => client.query(`${shard}-primary`, statement)),
    ),
  );
}

function readAll(processes: readonly PodProcess[]): Promise<ProcessUsage[]> {
  return Promise.all(processes.map(({ pid }) => readUsage(pid)));
}

/** Throws where there is nothing: a process that was not found must not count as one that needs nothing. */
function mean(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError('no process of that kind was found');
  }
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
