import { runCommand } from './run-command.ts';
import { runJest, type TestCount } from './run-jest.ts';

const CLUSTER = 'test-e2e/cluster/main.ts';

/**
 * Runs the end-to-end scenarios that Jest's arguments select, file names for instance (all when empty), on the
 * development cluster. A cluster that was already up is reused and left up; one made for this run is taken down again.
 */
export async function runEndToEnd(jestArguments: readonly string[]): Promise<TestCount> {
  const before = await runCommand('node', [CLUSTER, 'status']);
  const wasUp = before.exitCode === 0;
  const up = await runCommand('node', [CLUSTER, 'up'], { show: 'all' });
  if (up.exitCode !== 0) {
    console.error('The development cluster did not come up, so no scenario ran.');
    return { passed: 0, failed: 1 };
  }
  const count = await runJest('jest.e2e.config.mjs', jestArguments);
  if (!wasUp) {
    await runCommand('node', [CLUSTER, 'down'], { show: 'all' });
  }
  return count;
}
