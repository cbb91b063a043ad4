import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import type { Progress } from '../cluster/progress.ts';
import { upCluster } from '../cluster/provider.ts';
import { fillDataSet } from '../database/data-set.ts';
import { createSqlClient } from '../database/sql-client.ts';
import { ensureDatabaseImage } from '../image/database-image.ts';
import { ensureOperatorImage } from '../image/operator-image.ts';
import { createHelm, imageValues, installChart } from '../install/helm.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../install/restricted-namespace.ts';
import { awaitReady } from './await-ready.ts';
import { diagnose } from './diagnosis.ts';
import { showInstances } from './show-instances.ts';
import { showScaleOut } from './scale-out.ts';
import { showObjects } from './show-objects.ts';

/** The Helm release of the demo, which the end-to-end scenarios use too. */
export const OPERATOR = { name: 'shardwright', namespace: 'shardwright-system' } as const;

/** The ShardedCluster of the demo. */
export const CLUSTER = { name: 'minimal', namespace: 'demo' } as const;

/** The shards of the example. */
const SHARDS = ['minimal-shard-0', 'minimal-shard-1'];

/** Rows in each shard. */
const ROWS = 20_000;

const EXAMPLE = 'examples/minimal.yaml';
const READY_TIMEOUT_SECONDS = 400;

/** Brings the demo up, or mends it, and shows it. Throws when a step fails, after telling what is to be seen. */
export async function runDemo(progress: Progress): Promise<void> {
  const started = performance.now();
  const { kubeconfigPath, provider } = await upCluster({ progress });
  if (provider === 'bare') {
    await ensureDatabaseImage('11.8', progress);
  }
  const image = await ensureOperatorImage(progress);
  const kubectl = await createKubectl(kubeconfigPath);
  const applied = performance.now();
  try {
    await progress.step(`install the operator with Helm into ${OPERATOR.namespace}`, async () => {
      await ensureRestrictedNamespace(kubectl, OPERATOR.namespace);
      await installChart(await createHelm(kubeconfigPath), { ...OPERATOR, values: imageValues(image) });
    });
    await progress.step(`apply ${EXAMPLE} in the namespace ${CLUSTER.namespace}`, () =>
      applyExample(kubectl, progress),
    );
    await progress.step('wait until the cluster is Ready', (detail) => {
      const tell = (line: string): void => {
        detail(line.split(';', 1).join(''));
        progress.note(line);
      };
      return awaitReady(kubectl, CLUSTER, tell, READY_TIMEOUT_SECONDS);
    });
  } catch (error) {
    await showTrouble(kubectl);
    throw error;
  }
  const client = await createSqlClient(kubectl, CLUSTER);
  await progress.step(`write ${ROWS} rows, as sysbench does, into each shard`, async () => {
    for (const shard of SHARDS) {
      await fillDataSet(client, `${shard}-primary`, ROWS);
    }
  });
  console.log((await showObjects(kubectl, CLUSTER)).join('\n'));
  console.log(
    ['', 'Databases', ...(await showInstances(kubectl, client, CLUSTER)).map((line) => `  ${line}`)].join(
      '\n',
    ),
  );
  try {
    await showScaleOut(kubectl, progress);
  } catch (error) {
    await showTrouble(kubectl);
    throw error;
  }
  console.log(
    `\nReady. It took ${seconds(started)} s in all, ${seconds(applied)} s of them for the operator and the cluster.`,
  );
  console.log(nextCommands(kubectl, kubeconfigPath).join('\n'));
}

/** Pod Security is enforced in the namespace. A cluster that exists is left as it is: it may have been scaled. */
async function applyExample(kubectl: Kubectl, progress: Progress): Promise<void> {
  await ensureRestrictedNamespace(kubectl, CLUSTER.namespace);
  const inNamespace = `--namespace=${CLUSTER.namespace}`;
  const { exitCode } = await kubectl.attempt(['get', 'shardedcluster', CLUSTER.name, inNamespace]);
  if (exitCode === 0) {
    progress.note(`${CLUSTER.name} exists already and is left as it is`);
    return;
  }
  await kubectl.apply(await readFile(join(checkoutFolder, EXAMPLE), 'utf8'), [inNamespace]);
}

async function showTrouble(kubectl: Kubectl): Promise<void> {
  const lines = await diagnose(kubectl, {
    operatorNamespace: OPERATOR.namespace,
    clusterNamespace: CLUSTER.namespace,
    clusterName: CLUSTER.name,
  });
  console.log(['', 'What is to be seen:', ...lines.map((line) => `  ${line}`)].join('\n'));
}

/** To be pasted as they are. The first makes the others reach this cluster, with a kubectl of its version. */
function nextCommands(kubectl: Kubectl, kubeconfigPath: string): string[] {
  return [
    '',
    'In a shell that reaches this cluster:',
    '',
    `  export KUBECONFIG=${kubeconfigPath} PATH="${dirname(kubectl.program)}:$PATH"`,
    '',
    'try next:',
    '',
    `  kubectl -n ${CLUSTER.namespace} describe shardedcluster ${CLUSTER.name}`,
    `  kubectl -n ${CLUSTER.namespace} delete pvc/data-${CLUSTER.name}-shard-0-2 pod/${CLUSTER.name}-shard-0-2    # and see it cloned anew`,
    `  kubectl -n ${CLUSTER.namespace} scale shardedcluster ${CLUSTER.name} --replicas=3    # one more shard`,
    '',
  ];
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
