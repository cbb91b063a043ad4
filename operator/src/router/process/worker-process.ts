import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import type { MessageFromWorker, MessageToWorker } from './worker-messages.ts';

/** By this a worker knows which one it is. */
export const WORKER_INDEX_VARIABLE = 'SHARDWRIGHT_ROUTER_WORKER';

/** How a process has ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker, as the primary process sees it. */
export interface WorkerProcess {
  /** Sends a message, with a socket of which this process keeps its own handle. Without effect when the worker is gone. */
  send(message: MessageToWorker, socket?: Socket): void;
  onMessage(handler: (message: MessageFromWorker) => void): void;
  /** Asks it to let its clients end what they have begun, and to end. */
  terminate(): void;
  /** Resolves when it has ended, or could not be started. */
  readonly ended: Promise<ProcessEnd>;
}

/** Starts the worker of this number. `failed` hears what keeps it from being told something. */
export type StartWorker = (index: number, failed: (error: Error) => void) => WorkerProcess;

/** Starts this program once more, as a worker. */
export const forkWorker: StartWorker = (index, failed) => {
  const child = fork(process.argv[1] ?? '', process.argv.slice(2), {
    env: { ...process.env, [WORKER_INDEX_VARIABLE]: String(index) },
  });
  child.on('error', failed);
  return {
    send(message, socket) {
      if (child.connected) {
        child.send(message, socket, { keepOpen: true }, (error) => {
          // That it is gone is known by its end.
          if (error !== null && child.connected) {
            failed(error);
          }
        });
      }
    },
    onMessage: (handler) => void child.on('message', (message) => handler(message as MessageFromWorker)),
    terminate: () => void child.kill('SIGTERM'),
    ended: endOf(child),
  };
};

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => {
      // Whoever has no number was never started, and ends without an `exit`.
      if (child.pid === undefined) {
        resolve({ code: null, signal: null });
      }
    });
  });
}
