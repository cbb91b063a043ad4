import { relative } from 'node:path';
import { parseCommandLine } from './command-line.ts';
import type { Command } from './command-line.ts';
import { describeFailure } from './failure.ts';
import { kubeconfigPath } from './machine/folders.ts';
import { createProgress } from './progress.ts';
import { chooseProvider } from './provider.ts';

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
  const provider = await chooseProvider(command.provider);
  switch (command.kind) {
    case 'up':
      await provider.up(command.nodes, progress);
      progress.note(`ready: export KUBECONFIG=${relative(process.cwd(), kubeconfigPath)}`);
      return;
    case 'down':
      await provider.down(progress);
      return;
    case 'status':
      process.stdout.write(`${await provider.status()}\n`);
      return;
    case 'node':
      await provider.node(command.action, command.name, progress);
      return;
    default:
      command satisfies never;
  }
}
