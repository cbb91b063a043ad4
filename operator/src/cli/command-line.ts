/** What the commands of the plugin have in common on the command line. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ConnectionFlags } from './connection-flags.ts';
import { PluginFailure } from './failure.ts';
import type { PluginSession } from './session.ts';

/** Connects, runs the body of a command, and closes all connections. */
export type RunCommand = (
  flags: ConnectionFlags,
  body: (session: PluginSession, signal: AbortSignal) => Promise<void>,
) => Promise<void>;

/** How an answer is shown. */
export const OUTPUT_FORMATS = ['text', 'json'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** What the program's help ends with. */
export const EXIT_HELP = `
Exit codes:
  0  done
  1  refused, undone or failed; the message says why
  2  the command line cannot be used
  3  not finished in the time given`;

/** The flags of kubectl that say which cluster of Kubernetes is meant. */
export function connecting(command: Command): Command {
  return command
    .option('-n, --namespace <name>', 'namespace (default: that of the context)')
    .option('--kubeconfig <path>', 'kubeconfig (default: KUBECONFIG, or ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .addHelpText('after', EXIT_HELP);
}

/** Reads the format that was asked for. Throws {@link PluginFailure}. */
export function parseFormat(text: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === text);
  if (format === undefined) {
    throw new PluginFailure('Usage', `--output ${text}: write one of ${OUTPUT_FORMATS.join(', ')}`);
  }
  return format;
}

/** Reads a number of seconds. Throws commander's InvalidArgumentError. */
export function parseSeconds(text: string): number {
  const seconds = Number(text.replace(/s$/u, ''));
  if (!Number.isFinite(seconds) || seconds <= 0) {
    throw new InvalidArgumentError('Write a number of seconds, as 60.');
  }
  return seconds;
}

/** Reads a number of shards, or of lines. Throws commander's InvalidArgumentError. */
export function parseCount(text: string): number {
  const count = /^\d{1,7}$/u.test(text) ? Number(text) : 0;
  if (count < 1) {
    throw new InvalidArgumentError('Write a whole number, at least 1.');
  }
  return count;
}
