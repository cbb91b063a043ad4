import { relative } from 'node:path';
import { parseCommandLine } from './command-line.ts';
import type { Command } from './command-line.ts';
import { describeFailure } from './failure.ts';
import { kubeconfigPath } from './machine/folders.ts';
import { createProgress } from './progress.ts';
import type { ClusterOptions } from './provider.ts';
import { actOnNode, describeCluster, downCluster, upCluster } from './provider.ts';

try {
  await execute(parseCommandLine(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`\n${describeFailure(error)}\n`);
  process.exitCode = 1;
}

async function execute(command: Command): Promise<void> {
  if (command.kind === 'help') {
    process.stdout.write(`${command.text}\n`);
    return;
  }
  const progress = createProgress();
  const options = { provider: command.provider, progress };
  switch (command.kind) {
    case 'up':
      await upCluster({ ...options, nodes: command.nodes });
      progress.note(`ready: export KUBECONFIG=${relative(process.cwd(), kubeconfigPath)}`);
      return;
    case 'down':
      await downCluster(options);
      return;
    case 'status':
      await showStatus(options);
      return;
    case 'node':
      await actOnNode(command.action, command.name, options);
      return;
    default:
      command satisfies never;
  }
}

/** Scripts go by the exit code: 1 unless there is a healthy cluster. */
async function showStatus(options: ClusterOptions): Promise<void> {
  const { healthy, description } = await describeCluster(options);
  process.stdout.write(`${description}\n`);
  process.exitCode = healthy ? 0 : 1;
}
