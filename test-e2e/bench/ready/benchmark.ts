import { shardMaps } from '../../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../../operator/src/runtime/resources.ts';
import type { Benchmark } from '../benchmark.ts';
import {
  type ClusterStage,
  createCluster,
  deleteWithData,
  isConditionTrue,
  MARIADB_VERSION,
  NAMESPACE,
  openClusterStage,
} from '../cluster-stage.ts';
import { timePhases } from './phases.ts';
import { plainServers } from './plain-servers.ts';

const NEVER = new AbortController().signal;
const CLUSTER = 'ready';
const SHARDS = 2;
const PODS = 6;
const ACKERS = 4;
const TIMEOUT_SECONDS = 180;

/** From a spec to two shards of three servers each. */
export const readyBenchmark: Benchmark = {
  name: 'ready',
  title: 'From `apply` to Ready',
  method: [
    'A `ShardedCluster` of two shards with three instances each is created in a cluster of three nodes on one machine; the images are on the nodes, the operator runs. Looked at every 150 ms until the condition Ready is True; then it is deleted with its data.',
    'In turn with that: two StatefulSets of three MariaDB servers each from the same image, empty, not replicated, without certificates or accounts. That is what Kubernetes and MariaDB take by themselves on this machine.',
  ],
  series: [
    { name: 'scheduled', label: 'all six pods are scheduled', unit: 's' },
    { name: 'initialised', label: 'both databases exist', unit: 's' },
    { name: 'cloned', label: 'all four replicas are cloned and recorded', unit: 's' },
    { name: 'open', label: 'both primaries take writes', unit: 's' },
    { name: 'ready', label: 'Ready', unit: 's' },
    { name: 'plain', label: 'six servers alone: all ready', unit: 's' },
  ],
  comparisons: [{ label: 'Ready against six servers alone, in time', of: 'ready', against: 'plain' }],
  runs: 5,
  async open(progress) {
    const stage = await openClusterStage(progress);
    return {
      versions: { MariaDB: MARIADB_VERSION, Kubernetes: stage.kubernetes },
      settle: () => Promise.resolve(),
      async measure(index) {
        let values: Record<string, number> = {};
        for (const turn of index % 2 === 0
          ? [timeCluster, timePlainServers]
          : [timePlainServers, timeCluster]) {
          values = { ...values, ...(await turn(stage)) };
        }
        return values;
      },
      close: () => stage.close(),
    };
  },
};

async function timeCluster(stage: ClusterStage): Promise<Record<string, number>> {
  const { client } = stage;
  const readMap = async () => client.get(shardMaps, { namespace: NAMESPACE, name: CLUSTER }, NEVER);
  const started = performance.now();
  await createCluster(client, CLUSTER, SHARDS);
  const seconds = await timePhases(
    [
      { name: 'scheduled', isReached: () => havePods(stage, 'PodScheduled') },
      {
        name: 'initialised',
        async isReached() {
          const shards = (await readMap())?.spec.shards ?? [];
          return shards.length === SHARDS && shards.every(({ initialised }) => initialised);
        },
      },
      {
        name: 'cloned',
        async isReached() {
          const shards = (await readMap())?.spec.shards ?? [];
          return shards.flatMap(({ ackers }) => ackers).length === ACKERS;
        },
      },
      { name: 'open', isReached: () => isConditionTrue(client, CLUSTER, 'Available') },
      { name: 'ready', isReached: () => isConditionTrue(client, CLUSTER, 'Ready') },
    ],
    started,
    TIMEOUT_SECONDS,
  );
  await deleteWithData(stage, 'shardedclusters');
  return seconds;
}

async function timePlainServers(stage: ClusterStage): Promise<Record<string, number>> {
  const started = performance.now();
  for (const name of ['plain-0', 'plain-1']) {
    await stage.kubectl.apply(JSON.stringify(plainServers(name)), [`--namespace=${NAMESPACE}`]);
  }
  const isReached = (): Promise<boolean> => havePods(stage, 'Ready');
  const seconds = await timePhases([{ name: 'plain', isReached }], started, TIMEOUT_SECONDS);
  await deleteWithData(stage, 'statefulsets');
  return seconds;
}

async function havePods({ client }: ClusterStage, condition: string): Promise<boolean> {
  const { items } = await client.list(pods, { namespace: NAMESPACE }, NEVER);
  const isSo = ({ status }: (typeof items)[number]): boolean =>
    status?.conditions?.some((each) => each.type === condition && each.status === 'True') === true;
  return items.filter(isSo).length === PODS;
}
