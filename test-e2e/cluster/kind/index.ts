import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClusterError } from '../failure.ts';
import { runCommand, tryCommand } from '../machine/command.ts';
import { findOnPath, kubeconfigPath } from '../machine/folders.ts';
import type { Progress } from '../progress.ts';
import type { ClusterProvider } from '../cluster-provider.ts';
import {
  kindClusterName,
  planApiServer,
  planBuild,
  planDown,
  planLoad,
  planNodeAction,
  planUp,
} from './plan.ts';
import type { PlannedCommand } from './plan.ts';

const defaultNodeCount = 3;

/** The stock image that has what the product's image needs. */
const stockBaseImage = 'node:24-bookworm-slim';

/** The cluster in Docker containers, by kind. */
export const kindProvider: ClusterProvider = {
  name: 'kind',
  async up(nodes, progress) {
    const containers = await nodeContainers();
    const workers = containers.filter((container) => !container.name.endsWith('-control-plane')).length;
    if (containers.length > 0 && nodes !== undefined && nodes !== workers) {
      throw new ClusterError(
        'InvalidArguments',
        `The kind cluster has ${String(workers)} nodes, not ${String(nodes)}.`,
        {
          remedy: 'kind cannot change that: run `npm run cluster:down` first.',
        },
      );
    }
    await mkdir(dirname(kubeconfigPath), { recursive: true });
    const plan = planUp({
      exists: containers.length > 0,
      stopped: containers.filter((container) => !container.running).map((container) => container.name),
      nodes: nodes ?? defaultNodeCount,
      kubeconfigPath,
    });
    await execute(plan, progress);
  },
  async down(progress) {
    await execute(planDown(), progress);
    await rm(kubeconfigPath, { force: true });
  },
  async node(action, name, progress) {
    const containers = await nodeContainers();
    const found = containers.find((container) => container.name === name);
    if (found === undefined) {
      const names = containers.map((container) => container.name);
      throw new ClusterError('NotFound', `There is no node '${name}'.`, {
        remedy: names.length === 0 ? 'Run `npm run cluster:up`.' : `The nodes are ${names.join(', ')}.`,
      });
    }
    await execute(planNodeAction(action, name, found.running), progress);
  },
  runOnNode: async (name, command) => runCommand('docker', ['exec', name, ...command]),
  async apiServer(action, progress) {
    await execute(planApiServer(action), progress);
  },
  async status() {
    const containers = await nodeContainers();
    const lines = containers.map(
      (container) => `${container.name}  ${container.running ? 'running' : 'stopped'}`,
    );
    return {
      healthy: containers.length > 0 && containers.every((container) => container.running),
      description: ['provider kind', ...lines].join('\n'),
    };
  },
  baseImage: async () => stockBaseImage,
  async buildImage(request, progress) {
    await execute(planBuild(request), progress);
    const id = await runCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', request.tag]);
    return { tag: request.tag, key: id.trim() };
  },
  async loadImage(image, progress) {
    await execute(planLoad(image.tag), progress);
  },
};

/** Why kind cannot be used here, and what to do about it; undefined when it can. */
export async function findKindProblem(): Promise<
  { readonly message: string; readonly remedy: string; readonly dockerAnswers: boolean } | undefined
> {
  // The client may be installed without an engine, so only an answer counts.
  const docker = await tryCommand('docker', ['info', '--format', '{{.ServerVersion}}']);
  if (docker.exitCode !== 0 || docker.standardOutput.trim() === '') {
    return {
      message: 'Docker does not answer.',
      remedy: 'Start Docker (see `docker info`), or leave out --provider to use this machine without it.',
      dockerAnswers: false,
    };
  }
  if (findOnPath('kind') === undefined) {
    return {
      message: 'Docker answers, but kind is not installed.',
      remedy: 'Install kind from https://kind.sigs.k8s.io, or run as root with `--provider bare`.',
      dockerAnswers: true,
    };
  }
  return undefined;
}

async function nodeContainers(): Promise<{ readonly name: string; readonly running: boolean }[]> {
  const text = await runCommand('docker', [
    'ps',
    '--all',
    '--filter',
    `label=io.x-k8s.kind.cluster=${kindClusterName}`,
    '--format',
    '{{.Names}} {{.State}}',
  ]);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '))
    .map(([name = '', state = '']) => ({ name, running: state === 'running' }));
}

async function execute(plan: readonly PlannedCommand[], progress: Progress): Promise<void> {
  for (const command of plan) {
    await progress.step(command.title, async (detail) => {
      await runCommand(command.program, command.arguments, {
        onLine: detail,
        ...(command.input === undefined ? {} : { input: command.input }),
      });
    });
  }
}
