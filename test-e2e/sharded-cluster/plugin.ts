/** `kubectl shardwright`, as `npm install` leaves it, for the cluster of a scenario. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import type { World } from './world.ts';

/** How a command ended, and what it showed. */
export interface PluginOutcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in the namespace of the scenario; `behind`: what stands behind `--`. */
export async function runPlugin(
  world: Pick<World, 'namespace' | 'kubeconfigPath' | 'kubectl'>,
  words: readonly string[],
  behind: readonly string[] = [],
): Promise<PluginOutcome> {
  const program = join(checkoutFolder, 'node_modules/.bin/kubectl-shardwright');
  const flags = ['--namespace', world.namespace, '--kubeconfig', world.kubeconfigPath];
  // The plugin runs kubectl.
  const path = `${dirname(world.kubectl.program)}:${process.env['PATH'] ?? ''}`;
  return new Promise((resolve) => {
    execFile(
      program,
      [...words, ...flags, ...(behind.length === 0 ? [] : ['--', ...behind])],
      { env: { ...process.env, PATH: path } },
      (error, out, err) => resolve({ exitCode: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}
