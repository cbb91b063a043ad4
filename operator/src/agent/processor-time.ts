import { readFile } from 'node:fs/promises';

/**
 * How much processor time a process and all its threads have used, in clock ticks of usually 10 ms; null where that
 * cannot be read. Containers of one pod see each other's processes.
 * Source: proc_pid_stat(5), fields `utime` and `stime`.
 */
export async function readProcessorTime(pid: number): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isNaN(ticks) ? null : ticks;
  } catch {
    return null;
  }
}
