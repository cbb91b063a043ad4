/** Stopping processes where they are, until they are told to go on. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseProcessState } from './process-table.ts';

/** A thread that waits for a disk stops when that has answered. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * Sends SIGSTOP to each process and resolves when none of their threads runs any more. The signal alone stops nobody at
 * once: one thread has to be given a processor to take it, and until then the others go on, however busy the machine is.
 * A process that is gone counts as stopped.
 *
 * @throws Error when one still runs after a minute
 */
export async function freezeProcesses(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    ignoringGone(() => process.kill(pid, 'SIGSTOP'));
  }
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const running = pids.filter((pid) => !isFrozen(pid));
    if (running.length === 0) {
      return;
    }
    if (performance.now() >= deadline) {
      throw new Error(`not stopped in time: ${running.join(', ')}`);
    }
    await delay(1);
  }
}

/** Whether every thread of a process has stopped, or is gone. */
export function isFrozen(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  const threads = ignoringGone(() => readdirSync(folder)) ?? [];
  return threads.every((thread) => {
    const stat = ignoringGone(() => readFileSync(`${folder}/${thread}/stat`, 'utf8'));
    return stat === undefined || /^[TtZX]$/.test(parseProcessState(stat));
  });
}

function ignoringGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') {
      throw error;
    }
    return undefined;
  }
}
