/**
 * Processes of a pod, as the machine sees them. The development cluster's nodes are processes of this machine, as kind's
 * are where Docker runs on it, so a pod's processes are found by the control group that bears its uid.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readProcess } from '../../cluster/machine/process-table.ts';

/** The programs of a pod. */
export type PodProgram = 'server' | 'launcher' | 'agent' | 'operator' | 'router' | 'pause';

const PATTERNS: Readonly<Record<PodProgram, RegExp>> = {
  server: /(^|\/)(mariadbd|mysqld)\0/,
  launcher: /launcher\.mjs\0/,
  agent: /\0agent\0/,
  operator: /\0operator\0/,
  router: /\0router\0/,
  pause: /(^|\/)pause\0/,
};

/** Ids of the pod's processes that run the program. */
export function findPodProcesses(podUid: string, program: PodProgram): number[] {
  return podProcesses(podUid).filter((pid) => PATTERNS[program].test(readText(pid, 'cmdline')));
}

/** Ids of all processes of the pod. */
export function podProcesses(podUid: string): number[] {
  // Drivers other than cgroupfs write the uid with underscores.
  const forms = [podUid, podUid.replaceAll('-', '_')];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const groups = readText(pid, 'cgroup');
      return forms.some((form) => groups.includes(form)) && readProcess(pid) !== undefined;
    });
}

/** Sends the signal to every process of the pod that runs the program. @throws when there is none */
export function signalPod(podUid: string, program: PodProgram, signal: NodeJS.Signals): void {
  const pids = findPodProcesses(podUid, program);
  if (pids.length === 0) {
    throw new Error(`the pod ${podUid} runs no ${program}`);
  }
  sendTo(pids, signal);
}

/** Sends the signal to each process that is still there. */
export function sendTo(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
        throw error;
      }
    }
  }
}

function readText(pid: number, file: 'cmdline' | 'cgroup'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
