/**
 * The operator as a process of this machine, for scenarios that kill it, stop it or read its log:
 *
 *     const operator = await startLocalOperator({ kubeconfigPath });   // resolves when /readyz says ok
 *     await operator.kill();                                           // SIGKILL, as a node's death
 *     await operator.stop();                                           // SIGTERM; returns the exit code
 *
 * It runs from source, as `node operator/src/main.ts operator ...`, and ends with the calling process.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findFreePorts } from '../cluster/control-plane/free-port.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { waitFor } from '../cluster/machine/wait.ts';

export interface LocalOperatorOptions {
  readonly kubeconfigPath: string;
  /** Given to the operator after the options this helper sets, so that they win. */
  readonly extraArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** @default `shardwright:local`, which exists nowhere */
  readonly image?: string;
  /** Wait until it is ready. @default true */
  readonly untilReady?: boolean;
  /** A bundle to run instead of the sources. */
  readonly program?: string;
}

/** One line of the operator's log. */
export interface LogLine {
  readonly time: string;
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface LocalOperator {
  readonly pid: number;
  /** Such as `http://127.0.0.1:40123`; serves /metrics, /healthz and /readyz. */
  readonly url: string;
  /** Everything logged so far. Output that is not a line of the log comes with level `error`. */
  log(): readonly LogLine[];
  /** The exit code, or the signal that ended it; undefined while it runs. */
  exit(): number | NodeJS.Signals | undefined;
  /** The exit code or signal, once it has ended by itself. */
  ended: Promise<number | NodeJS.Signals>;
  /** The metrics page. */
  metrics(): Promise<string>;
  /** SIGTERM; SIGKILL after 30 s. The exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const STOP_GRACE_MILLISECONDS = 30_000;
const READY_TIMEOUT_MILLISECONDS = 180_000;

/** Starts an operator without leader election, unless `extraArguments` ask for it. */
export async function startLocalOperator(options: LocalOperatorOptions): Promise<LocalOperator> {
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    [
      options.program ?? join(checkoutFolder, 'operator/src/main.ts'),
      'operator',
      `--kubeconfig=${options.kubeconfigPath}`,
      `--bind-address=127.0.0.1:${port}`,
      `--image=${options.image ?? 'shardwright:local'}`,
      '--leader-elect=false',
      '--log-level=debug',
      ...(options.extraArguments ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...options.environment } },
  );
  const lines: LogLine[] = [];
  collectLines(child.stdout, (line) => lines.push(parseLine(line)));
  collectLines(child.stderr, (line) => lines.push(parseLine(line)));
  let exit: number | NodeJS.Signals | undefined;
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      exit = code ?? signal ?? 'SIGKILL';
      resolve(exit);
    });
  });
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.on('exit', endWithUs);
  void ended.finally(() => process.off('exit', endWithUs)).catch(() => undefined);

  const operator: LocalOperator = {
    pid: child.pid ?? 0,
    url,
    log: () => lines,
    exit: () => exit,
    ended,
    metrics: async () => (await fetch(`${url}/metrics`)).text(),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MILLISECONDS);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
  if (options.untilReady ?? true) {
    await waitUntilReady(operator);
  }
  return operator;
}

async function waitUntilReady(operator: LocalOperator): Promise<void> {
  try {
    await waitFor(
      'the local operator to become ready',
      async () => {
        if (operator.exit() !== undefined) {
          return 'ended';
        }
        return (await fetch(`${operator.url}/readyz`)).ok ? 'ready' : undefined;
      },
      { timeoutMilliseconds: READY_TIMEOUT_MILLISECONDS },
    );
    if (operator.exit() !== undefined) {
      throw new Error(`the operator ended with ${operator.exit()}`);
    }
  } catch (error) {
    await operator.kill();
    const tail = operator
      .log()
      .slice(-20)
      .map((line) => JSON.stringify(line));
    throw new Error(`the local operator did not become ready; its log:\n${tail.join('\n')}`, {
      cause: error,
    });
  }
}

function collectLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  stream.on('end', () => {
    if (rest !== '') {
      onLine(rest);
    }
  });
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { time: new Date().toISOString(), level: 'error', message: line };
  }
}
