#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { VERSION } from '../commands/version.ts';
import { connect } from '../runtime/client/connect.ts';
import { systemClock } from '../runtime/clock.ts';
import { EXIT_CODES } from './failure.ts';
import { createKubectl } from './kubectl.ts';
import { runPlugin } from './plugin.ts';
import { createRedraw } from './redraw.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')));
process.once('SIGTERM', () => interrupt.abort(new Error('interrupted')));

const line = (stream: NodeJS.WriteStream) => (text: string) => void stream.write(`${text}\n`);
const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
const ask = async (question: string, signal: AbortSignal): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
};
let exitCode: number;
try {
  exitCode = await runPlugin(process.argv.slice(2), {
    version: VERSION,
    signal: interrupt.signal,
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(text),
    connect: async ({ kubeconfig, context, namespace }) => {
      const userAgent = `kubectl-shardwright/${VERSION} (${process.platform}/${process.arch})`;
      const connection = await connect({ kubeconfigPath: kubeconfig, context, userAgent });
      const usedNamespace = namespace ?? connection.namespace;
      return {
        client: connection.client,
        namespace: usedNamespace,
        kubectl: createKubectl({
          ...(kubeconfig === undefined ? {} : { kubeconfig }),
          ...(context === undefined ? {} : { context }),
          namespace: usedNamespace,
        }),
        isTerminal,
        ask,
        redraw: createRedraw(
          (text) => process.stdout.write(text),
          isTerminal,
          () => process.stdout.columns,
        ),
        clock: systemClock,
        say: line(process.stdout),
        progress: line(process.stderr),
        close: () => connection.close(),
      };
    },
  });
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  exitCode = EXIT_CODES.failed;
}

// Explicit, since an idle connection would keep the process alive.
process.exit(exitCode);
