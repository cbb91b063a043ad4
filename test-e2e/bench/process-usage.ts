/** What processes of this machine take, by the kernel's own books. */
import { readdir, readFile } from 'node:fs/promises';

/** Of one process. */
export interface ProcessUsage {
  /** User and system time so far, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory, pages that it shares with others counted in full. */
  readonly residentMebibytes: number;
  /** Resident memory, each shared page divided by the number of those that share it. */
  readonly proportionalMebibytes: number;
}

/** Ticks of a second in /proc; fixed on Linux for programs. Source: proc(5), sysconf(_SC_CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** What a process takes now. Rejects when there is none. */
export async function readUsage(pid: number): Promise<ProcessUsage> {
  const [stat, memory] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/smaps_rollup`, 'utf8'),
  ]);
  return { cpuSeconds: parseCpuSeconds(stat), ...parseMemory(memory) };
}

/** User and system time of some processes so far, all their threads included, in seconds. Rejects when one is gone. */
export async function summedProcessorSeconds(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  return stats.reduce((sum, stat) => sum + parseCpuSeconds(stat), 0);
}

/** Reads /proc/PID/stat, where the program's name may hold anything. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Reads /proc/PID/smaps_rollup. */
export function parseMemory(text: string): Pick<ProcessUsage, 'residentMebibytes' | 'proportionalMebibytes'> {
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
  return { residentMebibytes: mebibytes('Rss'), proportionalMebibytes: mebibytes('Pss') };
}

/** A process of a pod. */
export interface PodProcess {
  readonly pid: number;
  readonly podUid: string;
  readonly commandLine: string;
}

/** Processes that run in pods with these uids. */
export async function findPodProcesses(podUids: readonly string[]): Promise<PodProcess[]> {
  const found: PodProcess[] = [];
  for (const name of await readdir('/proc')) {
    const read = (file: string): Promise<string> => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    const groups = /^\d+$/.test(name) ? await read('cgroup') : '';
    // A systemd-managed cgroup spells the uid with underscores.
    const podUid = podUids.find((uid) => groups.includes(uid) || groups.includes(uid.replaceAll('-', '_')));
    if (podUid !== undefined) {
      found.push({ pid: Number(name), podUid, commandLine: (await read('cmdline')).replaceAll('\0', ' ') });
    }
  }
  return found;
}
