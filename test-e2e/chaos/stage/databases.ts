/** The ShardedCluster of the runs. */
import { configMaps, secrets, services } from '../../../operator/src/runtime/resources.ts';
import { waitFor } from '../../cluster/machine/wait.ts';
import { awaitReady } from '../../demo/await-ready.ts';
import type { Kubectl } from '../../install/kubectl.ts';
import { openSession } from '../clients/session.ts';
import { KEYSPACE_SPEC, makeTables } from '../clients/tables.ts';
import { prepareSetting } from './settings.ts';
import type { Account, Setting, Stage, StageBase } from './stage.ts';
import { listReadyRouters } from './topology.ts';

/** Where it is. */
export const NAMESPACE = 'chaos';

const CLUSTER = 'chaos';
const READY_TIMEOUT_SECONDS = 300;
const ROUTER_TIMEOUT_MILLISECONDS = 90_000;
const NEVER = new AbortController().signal;

/**
 * Of the defaults only `minSecondsBetween` is changed: runs follow one another sooner than failures do. One instance
 * a node, whatever the scheduler prefers.
 */
const CLUSTER_SPEC = {
  shards: 1,
  instances: 3,
  storage: { size: '1Gi' },
  resources: { requests: { cpu: '50m', memory: '256Mi' } },
  podAntiAffinity: 'Required',
  failover: { minSecondsBetween: 0 },
  keyspaces: [KEYSPACE_SPEC],
  deletionPolicy: 'Delete',
} as const;

/** Makes the databases unless they are there, waits until they are ready, and reads what clients need. */
export async function createDatabases(base: StageBase, setting: Setting): Promise<Stage> {
  const { kubectl, client, progress } = base;
  await progress.step(`make the databases (${setting})`, async () => {
    const changes = await prepareSetting(kubectl, setting, progress);
    const object = {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardedCluster',
      metadata: { name: CLUSTER, labels: { [SETTING_LABEL]: setting } },
      spec: { ...CLUSTER_SPEC, ...changes },
    };
    await kubectl.apply(JSON.stringify(object), [`--namespace=${NAMESPACE}`]);
    const key = { namespace: NAMESPACE, name: CLUSTER };
    await awaitReady(kubectl, key, (line) => progress.note(line), READY_TIMEOUT_SECONDS);
  });
  const shardName = `${CLUSTER}-shard-0`;
  const key = (name: string) => ({ namespace: NAMESPACE, name });
  const account = async (name: string): Promise<Account> => {
    const secret = await client.get(secrets, key(name), NEVER);
    const decode = (field: string): string =>
      Buffer.from(secret?.data?.[field] ?? '', 'base64').toString('utf8');
    return { user: decode('username'), password: decode('password') };
  };
  const addressOf = async (name: string): Promise<string> =>
    (await client.get(services, key(name), NEVER))?.spec?.clusterIP ?? '';
  const stage: Stage = {
    ...base,
    namespace: NAMESPACE,
    cluster: CLUSTER,
    shard: 0,
    shardName,
    application: await account(`${CLUSTER}-app`),
    administrator: await account(`${CLUSTER}-admin`),
    authority: (await client.get(configMaps, key(`${CLUSTER}-ca`), NEVER))?.data?.['ca.crt'] ?? '',
    serviceAddress: await addressOf(`${shardName}-primary`),
    routerAddress: await addressOf(CLUSTER),
    setting,
  };
  await progress.step('make the tables', () => makeTablesOf(stage));
  return stage;
}

/** Makes the tables by way of a router, as soon as one serves. */
async function makeTablesOf(stage: Stage): Promise<void> {
  await waitFor(
    'a router to make the tables',
    async () => {
      const [router] = await listReadyRouters(stage);
      if (router === undefined) {
        return undefined;
      }
      const session = await openSession({
        ...stage.application,
        host: router.address,
        authority: stage.authority,
        connectMilliseconds: 2000,
        statementMilliseconds: 30_000,
      });
      try {
        await makeTables(session);
        return true;
      } finally {
        session.close();
      }
    },
    { timeoutMilliseconds: ROUTER_TIMEOUT_MILLISECONDS, everyMilliseconds: 500 },
  );
}

const SETTING_LABEL = 'shardwright.io/chaos-setting';

/** Deletes the databases, and waits until nothing of them runs. */
export async function removeDatabases(kubectl: Kubectl): Promise<void> {
  const inNamespace = `--namespace=${NAMESPACE}`;
  const selector = `--selector=shardwright.io/cluster=${CLUSTER}`;
  const patience = '--timeout=120s';
  await kubectl.run(['delete', 'shardedcluster', CLUSTER, inNamespace, patience, '--ignore-not-found']);
  await kubectl.run(['wait', 'pods', inNamespace, selector, '--for=delete', patience]);
  await kubectl.run(['wait', 'persistentvolumeclaims', inNamespace, selector, '--for=delete', patience]);
}

/**
 * Whether there are databases whose pods run the agent of another image, or that have another setting than the usual one. An
 * upgrade of the operator restarts no database by itself, and runs are about what is in this checkout.
 */
export async function hasOtherDatabases(kubectl: Kubectl, image: string): Promise<boolean> {
  const inNamespace = `--namespace=${NAMESPACE}`;
  const columns = '--output=jsonpath={.items[*].spec.initContainers[*].image}';
  const selector = `--selector=shardwright.io/cluster=${CLUSTER}`;
  const images = await kubectl.run(['get', 'pods', inNamespace, selector, columns]);
  const others = await kubectl.run([
    'get',
    'shardedclusters',
    inNamespace,
    `--selector=${SETTING_LABEL}!=usual`,
    '--output=name',
  ]);
  return (images.trim() !== '' && !images.split(' ').includes(image)) || others.trim() !== '';
}
