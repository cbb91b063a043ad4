import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark } from '../benchmark.ts';
import { openShardStage, type ShardStage } from '../shard-stage.ts';
import { listenAsOperator, signalAgents } from './agents.ts';
import { prepareSysbench, runSysbench, type Workload } from './sysbench.ts';

const WARM_UP_SECONDS = 5;
/** Each pair is one slice with the agent and one without. */
const PAIRS = 8;
/** What an agent does first when it wakes up is not what it does all the time. */
const SETTLE_MILLISECONDS = 1000;
const SLICE_MILLISECONDS = 4000;
/** sysbench outlives the slices, and their looks at the server. */
const SECONDS = Math.ceil((2 * PAIRS * (SETTLE_MILLISECONDS + SLICE_MILLISECONDS)) / 1000) + 10;

const WORKLOADS = ['oltp_write_only', 'oltp_read_write'] as const satisfies readonly Workload[];
const NAMES: Readonly<Record<Workload, string>> = { oltp_write_only: 'write', oltp_read_write: 'readWrite' };

/** sysbench on a primary, with our agent beside it and without. */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  title: 'Transactions on a primary, with our agent beside it and without',
  method: [
    `sysbench, four threads by way of the socket, on the primary of three servers with semi-synchronous replication, every commit on disk. While it runs, the agent of the primary works and is stopped (SIGSTOP) in turn, in ${PAIRS} pairs of slices of ${SLICE_MILLISECONDS / 1000} s, the order within each pair drawn at random; the first second after each change does not count. Transactions are those that the server has counted (\`Com_commit\`). With: a client listens to the agents of all three servers as the operator does. Without: to those of the replicas.`,
    'Three servers, three agents, sysbench and the listening client share the processors of one machine.',
  ],
  series: WORKLOADS.flatMap((workload) => [
    { name: `${NAMES[workload]}With`, label: `${workload}, with the agent`, unit: 'transactions/s' },
    { name: `${NAMES[workload]}Without`, label: `${workload}, without`, unit: 'transactions/s' },
  ]),
  comparisons: WORKLOADS.map((workload) => ({
    label: `${workload}, with the agent against without`,
    of: `${NAMES[workload]}With`,
    against: `${NAMES[workload]}Without`,
    atLeast: 0.97,
  })),
  runs: 6,
  async open(progress) {
    const stage = await openShardStage(progress);
    const { members } = stage.shard;
    const [primary, ...replicas] = members;
    try {
      await prepareSysbench(stage, primary);
      await runSysbench(primary, 'oltp_read_write', WARM_UP_SECONDS);
    } catch (error) {
      await stage.close();
      throw error;
    }

    const rateWith = async (): Promise<number> => {
      const stopListening = listenAsOperator([primary]);
      try {
        return await rateOf(stage);
      } finally {
        await stopListening();
      }
    };
    const rateWithout = async (): Promise<number> => {
      await signalAgents([primary], 'SIGSTOP');
      try {
        return await rateOf(stage);
      } finally {
        await signalAgents([primary], 'SIGCONT');
      }
    };

    /** Transactions a second, added up over the slices of each kind. */
    const compare = async (workload: Workload): Promise<{ with: number; without: number }> => {
      const running = runSysbench(primary, workload, SECONDS);
      const sums = { with: 0, without: 0 };
      for (let pair = 0; pair < PAIRS; pair += 1) {
        const isWithFirst = randomInt(2) === 0;
        sums.with += isWithFirst ? await rateWith() : 0;
        sums.without += await rateWithout();
        sums.with += isWithFirst ? 0 : await rateWith();
      }
      await running;
      return { with: sums.with / PAIRS, without: sums.without / PAIRS };
    };

    return {
      versions: await stage.versions(),
      settle: () => stage.untilReady(),
      async measure() {
        const stopListening = listenAsOperator(replicas);
        const values: Record<string, number> = {};
        try {
          for (const workload of WORKLOADS) {
            const rates = await compare(workload);
            values[`${NAMES[workload]}With`] = rates.with;
            values[`${NAMES[workload]}Without`] = rates.without;
            await stage.untilReady();
          }
        } finally {
          await stopListening();
        }
        return values;
      },
      async close() {
        await signalAgents(members, 'SIGCONT').catch(() => {});
        await stage.close();
      },
    };
  },
};

/** Transactions a second in one slice, once what came before has settled. */
async function rateOf(stage: ShardStage): Promise<number> {
  await delay(SETTLE_MILLISECONDS);
  const before = await committed(stage);
  await delay(SLICE_MILLISECONDS);
  const after = await committed(stage);
  return ((after.count - before.count) / (after.at - before.at)) * 1000;
}

async function committed(stage: ShardStage): Promise<{ readonly count: number; readonly at: number }> {
  const [row] = await stage.query(stage.shard.members[0], "SHOW GLOBAL STATUS LIKE 'Com_commit'");
  return { count: Number(row?.['Value']), at: performance.now() };
}
