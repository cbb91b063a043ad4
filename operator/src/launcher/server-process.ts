import { spawn } from 'node:child_process';
import type { ServerExit, StartRequest } from './protocol.ts';

/** Variable in the environment of every server, by which a later launcher knows its predecessor's. */
export const LAUNCHER_VARIABLE = 'SHARDWRIGHT_LAUNCHER';

/** A server that was started and whose end was not yet reported. */
export interface ServerProcess {
  readonly pid: number;
  /** SIGKILL to its process group. Does nothing once the end was reported. */
  kill(): void;
}

/** The program could not be started. `reason` is the system's code, such as `ENOENT`. */
export class SpawnError extends Error {
  readonly code = 'SpawnFailed';
  readonly reason: string;

  constructor(program: string, cause: NodeJS.ErrnoException) {
    super(`${program} could not be started: ${cause.code ?? cause.message}`, { cause });
    this.name = 'SpawnError';
    this.reason = cause.code ?? 'unknown';
  }
}

/**
 * Starts the program, and returns at once; `onExit` is called when it was reaped, never before this function
 * returned. Its output is the launcher's own: it inherits the descriptors, so nothing passes through a buffer
 * of ours, and what it wrote before it was killed is out. It leads a process group of its own, so that a
 * signal to the launcher's group (a person's Ctrl-C) does not shut it down behind our back. Where the program
 * cannot be started, the promise of a {@link SpawnError} comes back instead.
 */
export function spawnServer(
  request: StartRequest,
  launcherIdentity: string,
  onExit: (exit: ServerExit) => void,
): ServerProcess | Promise<SpawnError> {
  const child = spawn(request.program, request.arguments, {
    env: { ...request.environment, [LAUNCHER_VARIABLE]: launcherIdentity },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) {
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(new SpawnError(request.program, error)));
    });
  }
  let running = true;
  child.once('exit', (code, signal) => {
    running = false;
    onExit({ pid, code, signal, at: Date.now() });
  });
  return {
    pid,
    kill() {
      // The group's number is free for others once its leader was reaped, which is when `exit` is emitted.
      if (running) {
        process.kill(-pid, 'SIGKILL');
      }
    },
  };
}
