/**
 * The servers a launcher leaves behind when it is itself killed. The kubelet then starts the container again,
 * and a new launcher must not answer before such a server is gone: its answer "no server runs" is taken as
 * proof of death. Where the pod's containers share a process namespace, orphans can be seen in /proc.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { LauncherLog } from './log.ts';
import { LAUNCHER_VARIABLE } from './server-process.ts';

const POLL_MILLISECONDS = 5;

/**
 * What tells the servers of this pod from all others: the identity of the directory of the socket, which is
 * a volume of this pod alone and outlives its containers.
 */
export function launcherIdentity(directory: string): string {
  const { dev, ino } = statSync(directory);
  return `${dev}:${ino}`;
}

/** Kills every orphan, and resolves when none is left. Waits for as long as one cannot die. */
export async function killOrphans(identity: string, log: LauncherLog): Promise<void> {
  const seen = new Set<number>();
  for (let orphans = findOrphans(identity); orphans.length > 0; orphans = findOrphans(identity)) {
    for (const pid of orphans) {
      if (!seen.has(pid)) {
        seen.add(pid);
        log('warn', 'killing the server that an earlier launcher left behind', { pid });
      }
      killIfPresent(pid);
    }
    await delay(POLL_MILLISECONDS);
  }
}

/** Processes started by an earlier launcher of the same identity. A zombie has no environment and is none. */
function findOrphans(identity: string): number[] {
  const mark = `${LAUNCHER_VARIABLE}=${identity}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => environmentOf(name).split('\0').includes(mark))
    .map(Number);
}

/** Empty for a process that has gone or belongs to somebody else. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function killIfPresent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone between being found and being killed; the next look tells.
  }
}
