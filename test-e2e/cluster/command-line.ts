import { parseArgs } from 'node:util';
import { ClusterError } from './failure.ts';
import type { NodeAction, ProviderName } from './cluster-provider.ts';

/** What the user asked for. */
export type Command =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'up'; readonly nodes?: number; readonly provider?: ProviderName }
  | { readonly kind: 'down'; readonly provider?: ProviderName }
  | { readonly kind: 'status'; readonly provider?: ProviderName }
  | {
      readonly kind: 'node';
      readonly action: NodeAction;
      readonly name: string;
      readonly provider?: ProviderName;
    };

const maximumNodes = 9;
const nodeActions: readonly NodeAction[] = ['kill', 'isolate', 'heal', 'restart'];

const providerHelp = `  --provider bare|kind   bare: real nodes on this machine, needs root on Linux; kind: in Docker
                         (default: kind where Docker answers, else bare)
  --help                 this text`;

const helpTexts = {
  general: `Manages the development cluster of this machine.

  npm run cluster:up                      makes it, mends it, or leaves a healthy one alone
  npm run cluster:down                    removes it without a trace; caches stay
  npm run cluster:node -- ACTION NAME     kill, isolate, heal or restart one node
  npm run cluster:status                  shows what there is

Each takes --help.`,
  up: `Makes the development cluster, mends it, or leaves a healthy one alone; writes .dev/kubeconfig.

  npm run cluster:up [-- OPTIONS]

  --nodes N              how many nodes, 1 to ${String(maximumNodes)} (default: as it is, or 3)
${providerHelp}`,
  down: `Removes the development cluster with its data; caches stay.

  npm run cluster:down [-- OPTIONS]

${providerHelp}`,
  status: `Shows the development cluster's nodes and what is wrong with them. Ends with 1 unless there is a healthy one.

  npm run cluster:status

${providerHelp}`,
  node: `Does to one node what the word says, and only to it.

  npm run cluster:node -- kill NAME       SIGKILL for its kubelet, containerd and all pods, at once
  npm run cluster:node -- isolate NAME    nothing reaches it and it reaches nothing; its pods run on
  npm run cluster:node -- heal NAME       connects it again
  npm run cluster:node -- restart NAME    starts it (killed or not) with its images and volumes

${providerHelp}`,
} as const;

/**
 * Understands the command line.
 * @throws ClusterError `InvalidArguments`, with the help text as its remedy.
 */
export function parseCommandLine(programArguments: readonly string[]): Command {
  const [word, ...rest] = programArguments;
  if (word === undefined || word === '--help' || word === 'help') {
    return { kind: 'help', text: helpTexts.general };
  }
  if (word !== 'up' && word !== 'down' && word !== 'status' && word !== 'node') {
    throw invalid(`There is no command '${word}'.`, helpTexts.general);
  }
  const help = helpTexts[word];
  const { values, positionals } = parseOptions(rest, help);
  if (values.help === true) {
    return { kind: 'help', text: help };
  }
  const provider = parseProvider(values.provider, help);
  if (values.nodes !== undefined && word !== 'up') {
    throw invalid('--nodes is an option of up only.', help);
  }
  switch (word) {
    case 'node':
      return { kind: 'node', ...parseNodeAction(positionals, help), ...provider };
    case 'up': {
      refuseWords(positionals, help);
      return { kind: 'up', ...parseNodes(values.nodes, help), ...provider };
    }
    case 'down':
    case 'status':
      refuseWords(positionals, help);
      return { kind: word, ...provider };
    default:
      return word satisfies never;
  }
}

function parseOptions(
  words: readonly string[],
  help: string,
): { values: { help?: boolean; nodes?: string; provider?: string }; positionals: string[] } {
  try {
    return parseArgs({
      args: [...words],
      options: { help: { type: 'boolean' }, nodes: { type: 'string' }, provider: { type: 'string' } },
      allowPositionals: true,
    });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), help);
  }
}

function parseNodes(text: string | undefined, help: string): { nodes?: number } {
  if (text === undefined) {
    return {};
  }
  const nodes = Number(text);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > maximumNodes) {
    throw invalid(`--nodes must be a whole number from 1 to ${String(maximumNodes)}, not '${text}'.`, help);
  }
  return { nodes };
}

function parseProvider(text: string | undefined, help: string): { provider?: ProviderName } {
  if (text === undefined) {
    return {};
  }
  if (text !== 'bare' && text !== 'kind') {
    throw invalid(`--provider must be bare or kind, not '${text}'.`, help);
  }
  return { provider: text };
}

function parseNodeAction(words: readonly string[], help: string): { action: NodeAction; name: string } {
  const [actionWord, name, ...more] = words;
  const action = nodeActions.find((candidate) => candidate === actionWord);
  if (action === undefined) {
    throw invalid(
      actionWord === undefined
        ? 'What shall be done to the node?'
        : `'${actionWord}' cannot be done to a node.`,
      help,
    );
  }
  if (name === undefined) {
    throw invalid('Which node?', help);
  }
  refuseWords(more, help);
  return { action, name };
}

function refuseWords(words: readonly string[], help: string): void {
  if (words.length > 0) {
    throw invalid(`Not understood: ${words.join(' ')}`, help);
  }
}

function invalid(message: string, help: string): ClusterError {
  return new ClusterError('InvalidArguments', message, { remedy: help });
}
