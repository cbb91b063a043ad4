import { stat } from 'node:fs/promises';
import { kubeconfigPath } from '../cluster/machine/folders.ts';
import type { Progress } from '../cluster/progress.ts';
import { createHelm } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import { CLUSTER, OPERATOR } from './run.ts';

/** Removes the ShardedCluster with its data, then the operator. The definitions and the Kubernetes stay. */
export async function removeDemo(progress: Progress): Promise<void> {
  if ((await stat(kubeconfigPath).catch(() => undefined)) === undefined) {
    progress.note('there is no development cluster, so nothing is left to remove');
    return;
  }
  const kubectl = await createKubectl(kubeconfigPath);
  const helm = await createHelm(kubeconfigPath);
  // The cluster first, while the operator runs and can clean up after it.
  await progress.step(`delete the namespace ${CLUSTER.namespace} with all in it`, () =>
    kubectl.run(['delete', 'namespace', CLUSTER.namespace, '--ignore-not-found', '--timeout=240s']),
  );
  await progress.step('uninstall the operator', async () => {
    await helm.run([
      'uninstall',
      OPERATOR.name,
      `--namespace=${OPERATOR.namespace}`,
      '--ignore-not-found',
      '--wait',
    ]);
    await kubectl.run(['delete', 'namespace', OPERATOR.namespace, '--ignore-not-found', '--timeout=240s']);
  });
}
