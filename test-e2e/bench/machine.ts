/** What a figure is worth depends on where, and beside what, it was measured. */
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { runCommand } from '../cluster/machine/command.ts';

/** A machine, without its name. */
export interface MachineDescription {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGibibytes: number;
  readonly kernel: string;
  readonly system: string;
}

/** This machine. */
export async function describeMachine(): Promise<MachineDescription> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: cpus().length,
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? process.platform,
  };
}

/** The commit of this checkout; with `+` when files were changed since. */
export async function describeCommit(): Promise<string> {
  const commit = (await git('rev-parse', '--short', 'HEAD')).trim();
  const changes = await git(
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--',
    'operator',
    'charts',
    ':!*.md',
  );
  return changes === '' ? commit : `${commit}+`;
}

function git(...words: string[]): Promise<string> {
  return runCommand('git', ['-C', checkoutFolder, ...words]);
}

/** The load average of the last minute. */
export function loadAverage(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

const SAMPLE_MILLISECONDS = 1500;
/** Below this share nothing else worth naming runs. */
const QUIET = 0.15;
const PATIENCE_MILLISECONDS = 15_000;

/** Waits a while for other work on this machine to end; returns the share of its processors that is busy then. */
export async function untilQuiet(note: (text: string) => void): Promise<number> {
  const started = performance.now();
  for (;;) {
    const before = await processorTime();
    await delay(SAMPLE_MILLISECONDS);
    const after = await processorTime();
    const busy = 1 - (after.idle - before.idle) / (after.all - before.all);
    if (busy <= QUIET || performance.now() - started > PATIENCE_MILLISECONDS) {
      return Math.round(busy * 1000) / 1000;
    }
    note(`other work keeps ${Math.round(busy * 100)} % of the processors busy`);
  }
}

/** Ticks of all processors since the machine started. Source: proc(5), /proc/stat. */
async function processorTime(): Promise<{ readonly all: number; readonly idle: number }> {
  const line = /^cpu +(.*)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1] ?? '';
  // The guests' time, in the last two columns, is already in the first two.
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, ...others] = line
    .split(' ')
    .slice(0, 8)
    .map(Number);
  const all = [user, nice, system, idle, waiting, ...others].reduce((sum, ticks) => sum + ticks, 0);
  return { all, idle: idle + waiting };
}
