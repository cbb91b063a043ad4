import { join } from 'node:path';
import { runCommand, tryCommand } from '../cluster/machine/command.ts';
import type { CommandOutcome } from '../cluster/machine/command.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { toolPath } from '../cluster/provider.ts';

/** The chart of this checkout. */
export const chartFolder = join(checkoutFolder, 'charts/shardwright');

/** Helm, bound to one kubeconfig and to folders of this checkout: never the user's own. */
export interface Helm {
  /** Runs helm and returns its standard output. @throws ClusterError `CommandFailed` */
  run(helmArguments: readonly string[]): Promise<string>;
  /** Runs helm; a failure is an outcome, not an error. */
  attempt(helmArguments: readonly string[]): Promise<CommandOutcome>;
}

/** Binds helm to a kubeconfig; without one only commands that need no cluster work. */
export async function createHelm(kubeconfigPath?: string): Promise<Helm> {
  const program = await toolPath('helm');
  const folder = join(checkoutFolder, '.dev/helm');
  const environment = {
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_CONFIG_HOME: join(folder, 'config'),
    HELM_DATA_HOME: join(folder, 'data'),
    // Not a file: without a kubeconfig of ours nothing must be reached.
    KUBECONFIG: kubeconfigPath ?? '/dev/null',
  };
  return {
    run: (helmArguments) => runCommand(program, helmArguments, { environment }),
    attempt: (helmArguments) => tryCommand(program, helmArguments, { environment }),
  };
}

/** Values of the chart, as `--set` takes them. */
export type ChartValues = Readonly<Record<string, string | number | boolean>>;

/** Splits an image reference into the values of the chart that name it. */
export function imageValues(reference: string): ChartValues {
  const colon = reference.lastIndexOf(':');
  if (colon < reference.lastIndexOf('/') || colon < 0) {
    throw new TypeError(`${reference} has no tag`);
  }
  return { 'image.repository': reference.slice(0, colon), 'image.tag': reference.slice(colon + 1) };
}

/** `--set-string` and `--set` options for values. */
export function setOptions(values: ChartValues): string[] {
  return Object.entries(values).flatMap(([name, value]) => [
    typeof value === 'string' ? '--set-string' : '--set',
    `${name}=${value}`,
  ]);
}

/**
 * Installs or upgrades the chart and waits until its Deployment is available. What exists already, such as
 * definitions applied by kubectl, is taken over; a release that was interrupted half-way is made anew, which
 * leaves the definitions and the databases in place.
 */
export async function installChart(
  helm: Helm,
  release: { readonly name: string; readonly namespace: string; readonly values: ChartValues },
): Promise<void> {
  const inNamespace = `--namespace=${release.namespace}`;
  const status = await helm.attempt(['status', release.name, inNamespace]);
  if (/^STATUS: (pending|uninstalling)/m.test(status.standardOutput)) {
    await helm.run(['uninstall', release.name, inNamespace, '--wait']);
  }
  await helm.run([
    'upgrade',
    '--install',
    release.name,
    chartFolder,
    inNamespace,
    '--take-ownership',
    '--wait',
    '--timeout=6m',
    ...setOptions(release.values),
  ]);
}
