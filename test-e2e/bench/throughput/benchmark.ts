import type { MemberProcesses } from '../../agent/member-processes.ts';
import type { Benchmark } from '../benchmark.ts';
import { openShardStage } from '../shard-stage.ts';
import { listenAsOperator, signalAgents } from './agents.ts';
import { prepareSysbench, runSysbench, type SysbenchReport, type Workload } from './sysbench.ts';

const SECONDS = 12;
const WARM_UP_SECONDS = 5;

const WORKLOADS = ['oltp_write_only', 'oltp_read_write'] as const satisfies readonly Workload[];
const NAMES: Readonly<Record<Workload, string>> = { oltp_write_only: 'write', oltp_read_write: 'readWrite' };

/** Which agents work. */
const CONDITIONS = ['With', 'WithoutOwn', 'WithoutAny'] as const;
type Condition = (typeof CONDITIONS)[number];
const LABELS: Readonly<Record<Condition, string>> = {
  With: 'with agents',
  WithoutOwn: 'without the one beside it',
  WithoutAny: 'without any',
};

/** sysbench on a primary, with our agents at work and without. */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  title: 'Transactions on a primary, with our agents and without',
  method: [
    'sysbench, four threads by way of the socket, on the primary of three servers with semi-synchronous replication, every commit on disk. With: the agents of all three servers work, and a client listens to each as the operator does. Without the one beside it: the agent of the primary is stopped (SIGSTOP), as are the looks of the client at it; servers, settings and replication stay as they are. Without any: all three agents are stopped, and nobody listens. Which comes first changes from run to run.',
    'Three servers, three agents, sysbench and the listening client share the processors of one machine. In a cluster each server has its own agent beside it and no others, which is why the first comparison counts and the second is told.',
  ],
  series: WORKLOADS.flatMap((workload) => [
    ...CONDITIONS.map((condition) => ({
      name: `${NAMES[workload]}${condition}`,
      label: `${workload}, ${LABELS[condition]}`,
      unit: 'transactions/s',
    })),
    ...CONDITIONS.map((condition) => ({
      name: `${NAMES[workload]}${condition}95`,
      label: `${workload}, 95th percentile, ${LABELS[condition]}`,
      unit: 'ms',
    })),
  ]),
  comparisons: WORKLOADS.flatMap((workload) => [
    {
      label: `${workload}, with against without the agent beside it`,
      of: `${NAMES[workload]}With`,
      against: `${NAMES[workload]}WithoutOwn`,
      atLeast: 0.97,
    },
    {
      label: `${workload}, with all three agents on the machine against without any`,
      of: `${NAMES[workload]}With`,
      against: `${NAMES[workload]}WithoutAny`,
    },
  ]),
  runs: 5,
  async open(progress) {
    const stage = await openShardStage(progress);
    const { members } = stage.shard;
    const [primary] = members;
    try {
      await prepareSysbench(stage, primary);
      await runSysbench(primary, 'oltp_read_write', WARM_UP_SECONDS);
    } catch (error) {
      await stage.close();
      throw error;
    }
    const run = async (workload: Workload, condition: Condition): Promise<SysbenchReport> => {
      const stopped: readonly MemberProcesses[] = { With: [], WithoutOwn: [primary], WithoutAny: members }[
        condition
      ];
      const heard = members.filter((member) => !stopped.includes(member));
      await signalAgents(stopped, 'SIGSTOP');
      const stopListening = listenAsOperator(heard);
      try {
        return await runSysbench(primary, workload, SECONDS);
      } finally {
        await stopListening();
        await signalAgents(stopped, 'SIGCONT');
        await stage.untilReady();
      }
    };
    return {
      versions: await stage.versions(),
      settle: () => stage.untilReady(),
      async measure(index) {
        const values: Record<string, number> = {};
        for (const workload of WORKLOADS) {
          for (const offset of CONDITIONS.keys()) {
            const condition = CONDITIONS[(index + offset) % CONDITIONS.length] ?? 'With';
            const figures = await run(workload, condition);
            values[`${NAMES[workload]}${condition}`] = figures.transactionsPerSecond;
            values[`${NAMES[workload]}${condition}95`] = figures.percentile95Milliseconds;
          }
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
