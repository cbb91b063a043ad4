import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { ClusterError } from '../failure.ts';

/** A program that lives no longer than this process. */
export interface ChildProgram {
  readonly pid: number;
  /** What ended it, or undefined while it runs. */
  exit(): string | undefined;
  /** Sends the signal and waits for the end; SIGKILL follows after `graceMilliseconds`. */
  stop(signal?: NodeJS.Signals, graceMilliseconds?: number): Promise<void>;
  /** The last lines of its log, for error messages. */
  logTail(): string;
}

/** On Linux the kernel ends a child with its parent, even when that one is killed. */
const parentDeathWrapper = ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'];

const running = new Set<ChildProcess>();
let exitHandlerInstalled = false;

/**
 * Starts a program whose output goes to `logFile`. It ends with this process: through the kernel's
 * parent-death signal on Linux, elsewhere when this process exits by itself.
 */
export function startChildProgram(
  program: string,
  programArguments: readonly string[],
  logFile: string,
): ChildProgram {
  killChildrenOnExit();
  const canWrap = process.platform === 'linux' && existsSync(parentDeathWrapper[0] ?? '');
  const [command = program, ...rest] = [...(canWrap ? parentDeathWrapper : []), program, ...programArguments];
  const log = openSync(logFile, 'a', 0o600);
  // Its own process group: Ctrl-C in the terminal reaches us alone, and we stop it in order.
  const child = spawn(command, rest, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  running.add(child);
  let exit: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      exit ??= reason;
      running.delete(child);
      resolve();
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal === null ? `exit code ${String(code)}` : signal));
  });
  child.unref();
  const logTail = (): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  if (child.pid === undefined) {
    throw new ClusterError('CommandFailed', `${program} could not be started`);
  }
  return {
    pid: child.pid,
    exit: () => exit,
    logTail,
    async stop(signal = 'SIGTERM', graceMilliseconds = 5000) {
      if (exit !== undefined) {
        return;
      }
      child.ref();
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds);
      await ended;
      clearTimeout(timer);
    },
  };
}

function killChildrenOnExit(): void {
  if (exitHandlerInstalled) {
    return;
  }
  exitHandlerInstalled = true;
  process.on('exit', () => {
    for (const child of running) {
      child.kill('SIGKILL');
    }
  });
}
