import type { Benchmark } from '../benchmark.ts';
import { openShardStage } from '../shard-stage.ts';
import { listenAsOperator, signalAgents } from './agents.ts';
import { prepareSysbench, runSysbench, type Workload } from './sysbench.ts';

const SECONDS = 15;
const WARM_UP_SECONDS = 5;

/** sysbench on a primary, with our agents at work and without. */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  title: 'Transactions on a primary, with our agents and without',
  method: [
    'sysbench, four threads by way of the socket, on the primary of three servers with semi-synchronous replication, every commit on disk. With: the agents of all three servers work, and a client listens to each as the operator does. Without: the same agents are stopped (SIGSTOP); servers, settings and replication stay as they are. Which half comes first alternates.',
    'Three servers, three agents, sysbench and the listening client share the processors of one machine. In a cluster each server has its own agent beside it and no others.',
  ],
  series: [
    { name: 'writeWith', label: 'oltp_write_only, with agents', unit: 'transactions/s' },
    { name: 'writeWithout', label: 'oltp_write_only, without', unit: 'transactions/s' },
    { name: 'readWriteWith', label: 'oltp_read_write, with agents', unit: 'transactions/s' },
    { name: 'readWriteWithout', label: 'oltp_read_write, without', unit: 'transactions/s' },
    { name: 'write95With', label: 'oltp_write_only, 95th percentile, with agents', unit: 'ms' },
    { name: 'write95Without', label: 'oltp_write_only, 95th percentile, without', unit: 'ms' },
  ],
  comparisons: [
    {
      label: 'oltp_write_only, with against without',
      of: 'writeWith',
      against: 'writeWithout',
      atLeast: 0.97,
    },
    {
      label: 'oltp_read_write, with against without',
      of: 'readWriteWith',
      against: 'readWriteWithout',
      atLeast: 0.97,
    },
  ],
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
    const withAgents = async (workload: Workload) => {
      const stop = listenAsOperator(members);
      try {
        return await runSysbench(primary, workload, SECONDS);
      } finally {
        await stop();
      }
    };
    const withoutAgents = async (workload: Workload) => {
      await signalAgents(members, 'SIGSTOP');
      try {
        return await runSysbench(primary, workload, SECONDS);
      } finally {
        await signalAgents(members, 'SIGCONT');
      }
    };
    const pair = async (workload: Workload, agentsFirst: boolean) => {
      if (agentsFirst) {
        const present = await withAgents(workload);
        return { present, absent: await withoutAgents(workload) };
      }
      const absent = await withoutAgents(workload);
      await stage.untilReady();
      return { absent, present: await withAgents(workload) };
    };
    return {
      versions: await stage.versions(),
      settle: () => stage.untilReady(),
      async measure(index) {
        const write = await pair('oltp_write_only', index % 2 === 0);
        await stage.untilReady();
        const readWrite = await pair('oltp_read_write', index % 2 === 1);
        return {
          writeWith: write.present.transactionsPerSecond,
          writeWithout: write.absent.transactionsPerSecond,
          readWriteWith: readWrite.present.transactionsPerSecond,
          readWriteWithout: readWrite.absent.transactionsPerSecond,
          write95With: write.present.percentile95Milliseconds,
          write95Without: write.absent.percentile95Milliseconds,
        };
      },
      async close() {
        await signalAgents(members, 'SIGCONT').catch(() => {});
        await stage.close();
      },
    };
  },
};
