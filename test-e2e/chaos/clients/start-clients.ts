import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClientSettings, ClientStatus } from './settings.ts';

/** Clients that run as a process of their own, on a node. */
export interface RunningClients {
  /** What they said last; undefined before the first word. */
  status(): ClientStatus | undefined;
  /** Ends them when what is under way is done; resolves when the history is on disk. */
  stop(): Promise<void>;
}

const STOP_MILLISECONDS = 15_000;

/**
 * Starts clients in the network namespace of a node, so that they reach Services by way of that node's kube-proxy. They
 * end with the calling process.
 */
export function startClients(networkNamespace: string, settings: ClientSettings): RunningClients {
  const child = spawn(
    'nsenter',
    [`--net=${networkNamespace}`, '--', process.execPath, fileURLToPath(new URL('main.ts', import.meta.url))],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  let status: ClientStatus | undefined;
  let complaint = '';
  createInterface({ input: child.stdout }).on('line', (line) => {
    status = JSON.parse(line) as ClientStatus;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(settings)}\n`);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      complaint += error.message;
      resolve(null);
    });
  });
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  return {
    status: () => status,
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
      const code = await ended;
      clearTimeout(timer);
      process.off('exit', endWithUs);
      if (code !== 0) {
        throw new Error(`the clients ended with ${code}: ${complaint.slice(-2000)}`);
      }
    },
  };
}
