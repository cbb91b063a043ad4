import { runCommand } from '../../cluster/machine/command.ts';
import type { Benchmark } from '../benchmark.ts';
import { openShardStage } from '../shard-stage.ts';
import { copyByHand } from './by-hand.ts';
import { cloneByAgents, emptyMember } from './by-agents.ts';
import { dropLogs, fillWithBytes } from './data-set.ts';

const BYTES = 1.2 * 2 ** 30;

/** Clones by our agents beside mariadb-backup piped by hand. */
export const cloneBenchmark = cloning(
  'clone',
  'Cloning a replica, from disk to disk',
  'The files are on the disk of this machine, which InnoDB and mariadb-backup read without the cache of the kernel: what is seen is mostly the disk.',
);

/** The same without a disk. */
export const cloneInMemoryBenchmark = cloning(
  'clone-in-memory',
  'Cloning a replica, from memory to memory',
  'The files are in memory, as if the disk were as fast as that: what is seen is the processor time of each way.',
  '/dev/shm',
);

function cloning(name: string, title: string, where: string, parentFolder?: string): Benchmark {
  return {
    name,
    title,
    method: [
      'A replica loses its volume and is cloned by the agents, from another replica, over mutual TLS 1.3. In turn with that, the same data go from the same server to the same machine by hand: `mariadb-backup --stream`, `socat` with mutual TLS on both sides, `mbstream -x`. Which one comes first alternates.',
      'The time is that of the transfer, from the beginning of the copy to the last unpacked byte; preparing the copy is the same for both and not part of it. Source and target share the processors of one machine, and no network lies between.',
      where,
    ],
    series: [
      { name: 'agents', label: 'by the agents', unit: 'MB/s' },
      { name: 'byHand', label: 'by hand', unit: 'MB/s' },
      { name: 'gibibytes', label: 'size of the copy', unit: 'GiB' },
    ],
    comparisons: [{ label: 'agents against by hand', of: 'agents', against: 'byHand', atLeast: 0.9 }],
    runs: 7,
    async open(progress) {
      const stage = await openShardStage(progress, parentFolder);
      const [primary, replica, target] = stage.shard.members;
      try {
        await fillWithBytes(stage, primary, BYTES, progress);
        await stage.untilReady();
        await dropLogs(stage);
      } catch (error) {
        await stage.close();
        throw error;
      }
      return {
        versions: await stage.versions(),
        settle: () => stage.untilReady(),
        async measure(index) {
          let agents = 0;
          let byHand = 0;
          let bytes = 0;
          const clone = async (): Promise<void> => {
            await emptyMember(target);
            await flushDisk();
            const transfer = await cloneByAgents(target);
            bytes = transfer.bytes;
            agents = bytes / transfer.milliseconds / 1000;
            await stage.untilReady();
          };
          const copy = async (): Promise<void> => {
            await flushDisk();
            byHand = await copyByHand(replica, target);
          };
          for (const turn of index % 2 === 0 ? [clone, copy] : [copy, clone]) {
            await turn();
          }
          return {
            agents: round(agents),
            byHand: round(bytes / byHand / 1000),
            gibibytes: round(bytes / 2 ** 30),
          };
        },
        close: () => stage.close(),
      };
    },
  };
}

/** What others have written must not be on its way to the disk meanwhile. */
async function flushDisk(): Promise<void> {
  await runCommand('sync', []);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
