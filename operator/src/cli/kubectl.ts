/**
 * kubectl itself, which the plugin runs for what happens inside of pods: it knows every way to log in, and terminals. Nothing
 * secret is among its arguments.
 */
import { spawn } from 'node:child_process';
import type { ConnectionFlags } from './connection-flags.ts';
import { PluginFailure } from './failure.ts';

/** kubectl, for the API server and the namespace that were asked for. */
export interface Kubectl {
  /**
   * Runs it with `input` on its standard input, and returns its standard output. Throws {@link PluginFailure} `Failed` with
   * the end of its standard error when it ends with another exit code than 0.
   */
  capture(kubectlArguments: readonly string[], input: string, signal: AbortSignal): Promise<string>;
  /** Gives it the terminal, and returns its exit code. */
  attach(kubectlArguments: readonly string[], signal: AbortSignal): Promise<number>;
}

/** As much of its last words as a message carries, in characters. */
const TAIL_CHARACTERS = 1000;

/** Prepares kubectl; nothing runs before its first use. */
export function createKubectl(
  { kubeconfig, context, namespace }: ConnectionFlags,
  program = 'kubectl',
): Kubectl {
  const connection = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
  ];
  return {
    async capture(kubectlArguments, input, signal) {
      const running = spawn(program, [...connection, ...kubectlArguments], {
        stdio: ['pipe', 'pipe', 'pipe'],
        signal,
      });
      const output: Buffer[] = [];
      let errors = '';
      running.stdout.on('data', (chunk: Buffer) => void output.push(chunk));
      running.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        errors = (errors + chunk).slice(-TAIL_CHARACTERS);
      });
      // A program that ends before it read everything is told of by its exit code, not by EPIPE.
      running.stdin.on('error', () => {});
      running.stdin.end(input);
      const code = await endOf(running, program, signal);
      if (code !== 0) {
        throw new PluginFailure('Failed', `${describe(kubectlArguments)}: ${errors.trim()}`);
      }
      return Buffer.concat(output).toString('utf8');
    },
    attach: (kubectlArguments, signal) =>
      endOf(
        spawn(program, [...connection, ...kubectlArguments], { stdio: 'inherit', signal }),
        program,
        signal,
      ),
  };
}

function endOf(running: ReturnType<typeof spawn>, program: string, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  running.on('error', (cause) =>
    reject(
      signal.aborted
        ? signal.reason
        : new PluginFailure('Failed', `${program} cannot be started: put it on PATH`, { cause }),
    ),
  );
  // Ended by a signal, as a shell counts it.
  running.on('close', (code) => resolve(code ?? 128));
  return promise;
}

/** The command and the pod: what follows may be long. */
function describe(kubectlArguments: readonly string[]): string {
  return `kubectl ${kubectlArguments.slice(0, 3).join(' ')}`;
}
