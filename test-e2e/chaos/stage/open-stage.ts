import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '../../../operator/src/runtime/client/connect.ts';
import { checkoutFolder } from '../../cluster/machine/folders.ts';
import { upCluster } from '../../cluster/provider.ts';
import type { Progress } from '../../cluster/progress.ts';
import { ensureDatabaseImage } from '../../image/database-image.ts';
import { ensureOperatorImage } from '../../image/operator-image.ts';
import { createHelm, imageValues, installChart } from '../../install/helm.ts';
import { createKubectl } from '../../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../../install/restricted-namespace.ts';
import { pauseInstalledOperators } from '../../sharded-cluster/installed-operators.ts';
import { createDatabases, hasOtherDatabases, NAMESPACE, removeDatabases } from './databases.ts';
import { discardSetting } from './settings.ts';
import type { Setting, Stage, StageBase } from './stage.ts';
import { OPERATOR } from './stage.ts';

/** Sets the stage, or finds it as an earlier run left it. */
export async function openStage(progress: Progress): Promise<Stage> {
  const { kubeconfigPath, provider } = await upCluster({ progress });
  if (provider === 'bare') {
    await ensureDatabaseImage('11.8', progress);
  }
  const image = await ensureOperatorImage(progress);
  const kubectl = await createKubectl(kubeconfigPath);
  const resume = await pauseInstalledOperators(kubectl, OPERATOR.namespace);
  await progress.step('install the operator', async () => {
    const folder = join(checkoutFolder, 'crds');
    for (const file of await readdir(folder)) {
      await kubectl.run(['apply', '--server-side', '--force-conflicts', `--filename=${join(folder, file)}`]);
    }
    for (const namespace of [NAMESPACE, OPERATOR.namespace]) {
      await ensureRestrictedNamespace(kubectl, namespace);
    }
    await installChart(await createHelm(kubeconfigPath), {
      ...OPERATOR,
      values: { ...imageValues(image), watchNamespace: NAMESPACE, 'crds.install': false },
    });
    if (await hasOtherDatabases(kubectl, image)) {
      await removeDatabases(kubectl);
      await discardSetting(kubectl);
    }
  });
  const connection = await connect({ kubeconfigPath, userAgent: 'shardwright-chaos' });
  const base: StageBase = {
    kubeconfigPath,
    provider,
    kubectl,
    client: connection.client,
    progress,
    async close() {
      await connection.close();
      await resume();
    },
  };
  return createDatabases(base, 'usual');
}

/**
 * Deletes the databases and makes new ones: what is left to do where a run left them broken for good, or where the next
 * one needs another setting.
 */
export async function rebuildStage(stage: Stage, setting: Setting = stage.setting): Promise<Stage> {
  await removeDatabases(stage.kubectl);
  await discardSetting(stage.kubectl);
  return createDatabases(stage, setting);
}

/** Removes operator, cluster and namespaces. */
export async function strikeStage({ kubectl, kubeconfigPath }: StageBase): Promise<void> {
  await removeDatabases(kubectl);
  await discardSetting(kubectl);
  const helm = await createHelm(kubeconfigPath);
  await helm.attempt(['uninstall', OPERATOR.name, `--namespace=${OPERATOR.namespace}`]);
  await kubectl.run(['delete', 'namespace', NAMESPACE, OPERATOR.namespace, '--wait=false']);
}
