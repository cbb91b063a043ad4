import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EngineError } from './engine-error.ts';

/** What to run: never a shell, and never a secret among the arguments, which every process can read. */
export interface ProgramCall {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running program of the engine, with all three streams piped. */
export type RunningProgram = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts programs of the engine's image. The agent starts them beside itself; a test puts them into another
 * root file system.
 */
export type StartProgram = (call: ProgramCall) => RunningProgram;

/** Starts programs as children of this process, in its own file system. */
export const startProgram: StartProgram = (call) =>
  spawn(call.program, [...call.arguments], {
    env: { ...process.env, ...call.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });

/** As much of a program's last words as an error message carries. */
const TAIL_CHARACTERS = 1000;

/**
 * Waits for a program's end and rejects with EngineError `ProgramFailed`, carrying the end of its standard
 * error, unless it exits with 0. Kills it when the signal aborts. `onLine` sees every line of standard error.
 * The caller consumes standard output.
 */
export async function programEnd(
  call: ProgramCall,
  running: RunningProgram,
  signal: AbortSignal,
  onLine: (line: string) => void = () => {},
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let tail = '';
  let pending = '';
  running.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-TAIL_CHARACTERS);
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  const kill = (): void => {
    running.kill('SIGKILL');
  };
  running.on('error', (cause) =>
    reject(new EngineError('ProgramFailed', `${call.program} cannot be started`, { cause })),
  );
  running.on('close', (code, by) => {
    if (code === 0) {
      resolve();
    } else {
      const how = by === null ? `exit code ${code}` : `signal ${by}`;
      reject(new EngineError('ProgramFailed', `${call.program} ended with ${how}: ${tail.trim()}`));
    }
  });
  if (signal.aborted) {
    kill();
  }
  signal.addEventListener('abort', kill, { once: true });
  try {
    await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/** Runs a program to its end with `input` as its standard input, and returns its standard output. */
export async function runProgram(
  start: StartProgram,
  call: ProgramCall,
  signal: AbortSignal,
  input = '',
): Promise<string> {
  const running = start(call);
  let output = '';
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  // A program that ends before it read everything is told of by its exit code, not by EPIPE.
  running.stdin.on('error', () => {});
  running.stdin.end(input);
  await programEnd(call, running, signal);
  return output;
}
