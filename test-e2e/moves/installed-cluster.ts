/**
 * A ShardedCluster on the nodes of the development cluster, made by the operator that is installed there: nothing of it is made up. Clients
 * reach the routers by their Service, at a port of a node.
 */
import {
  applicationSecretName,
  type ShardedCluster,
  type ShardMap,
  type ShardMapSpec,
  type ShardRebalance,
} from '../../operator/src/api/v1alpha1/index.ts';
import {
  shardedClusters,
  shardMaps,
  shardRebalances,
} from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { createInformer, type Informer } from '../../operator/src/runtime/cache/informer.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { silentLogger } from '../../operator/src/runtime/logger.ts';
import type { KubernetesObject, ResourceType } from '../../operator/src/runtime/objects.ts';
import { configMaps, leases, nodes, pods, secrets, services } from '../../operator/src/runtime/resources.ts';
import { type ClusterStage, openClusterStage, type StagePlace } from '../bench/cluster-stage.ts';
import { signalPod } from '../chaos/stage/pod-processes.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { Progress } from '../cluster/progress.ts';
import { awaitReady } from '../demo/await-ready.ts';
import { queryAsAgent } from '../sharded-cluster/agent-query.ts';
import { connectToRouter } from './checked-load.ts';
import { keyspaceSpecs } from './cluster-objects.ts';
import { type LoadTarget, ROUTER } from './load-target.ts';
import { MovesStage, type MovesStageOptions } from './moves-stage.ts';

const NAME = 'soak';
const PLACE: StagePlace = {
  namespace: 'soak',
  operator: { name: 'shardwright-soak', namespace: 'soak-operator' },
};
const KEY = { namespace: PLACE.namespace, name: NAME };
const NEVER = new AbortController().signal;
const READY = { timeoutMilliseconds: 300_000 };
/** Of the pods of the routers. */
const ROUTER_LABELS = `shardwright.io/cluster=${NAME},app.kubernetes.io/component=router`;

type Pod = typeof pods extends ResourceType<infer T> ? T : never;

/** How clients reach the routers. */
type Entrance = ReturnType<LoadTarget['reach']>;

interface Caches {
  readonly clusters: Informer<ShardedCluster>;
  readonly maps: Informer<ShardMap>;
  readonly rebalances: Informer<ShardRebalance>;
  readonly pods: Informer<Pod>;
}

/** All of it. */
export class InstalledCluster extends MovesStage {
  readonly #stage: ClusterStage;
  readonly #caches: Caches;
  readonly #stopping: AbortController;
  #entrance: Entrance | undefined;

  private constructor(stage: ClusterStage) {
    super(stage.client, KEY);
    this.#stage = stage;
    this.#stopping = new AbortController();
    this.#caches = {
      clusters: follow(stage, shardedClusters),
      maps: follow(stage, shardMaps),
      rebalances: follow(stage, shardRebalances),
      pods: follow(stage, pods),
    };
  }

  /** Makes it anew; resolves when every shard takes writes, and a router serves. */
  static async open(options: MovesStageOptions, progress: Progress): Promise<InstalledCluster> {
    const stage = await openClusterStage(progress, PLACE);
    const cluster = new InstalledCluster(stage);
    try {
      await progress.step('make a cluster with a keyspace, and routers', () =>
        cluster.#begin(options, (line) => progress.note(line)),
      );
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  map(): ShardMapSpec {
    const map = this.#caches.maps.get(KEY);
    if (map === undefined) {
      throw new Error('there is no ShardMap');
    }
    return map.spec;
  }

  rebalance(name: string): ShardRebalance | undefined {
    return this.#caches.rebalances.get({ namespace: PLACE.namespace, name });
  }

  rebalances(): readonly string[] {
    return this.#caches.rebalances.list(PLACE.namespace).map(({ metadata }) => metadata.name);
  }

  reach(host: string): Entrance {
    if (this.#entrance === undefined) {
      throw new Error('the Service of the routers is not known yet');
    }
    if (host === ROUTER) {
      return this.#entrance;
    }
    const { user, password, authority } = this.#entrance;
    return { host: this.#pod(host).status?.podIP ?? '', user, password, authority };
  }

  async query(shard: number, sql: string): Promise<readonly (readonly string[])[]> {
    const { kubectl } = this.#stage;
    return queryAsAgent({ kubectl, namespace: PLACE.namespace }, this.requirePrimary(shard), sql);
  }

  async execute(shard: number, sql: string): Promise<void> {
    await this.query(shard, sql);
  }

  override async scale(shards: number): Promise<void> {
    const inNamespace = `--namespace=${PLACE.namespace}`;
    await this.#stage.kubectl.run(['scale', 'shardedcluster', NAME, `--replicas=${shards}`, inNamespace]);
  }

  async untilWhole(): Promise<void> {
    await waitFor('all shards to be at work', () => (this.#isWhole() ? true : undefined), READY);
  }

  async killServer(pod: string): Promise<void> {
    signalPod(uidOf(this.#pod(pod)), 'server', 'SIGKILL');
  }

  async killAgent(pod: string): Promise<void> {
    signalPod(uidOf(this.#pod(pod)), 'agent', 'SIGKILL');
  }

  async killOperator(): Promise<void> {
    const { client } = this.#stage;
    const { namespace } = PLACE.operator;
    const [lease] = (await client.list(leases, { namespace }, NEVER)).items;
    const holder = lease?.spec?.holderIdentity ?? '';
    const operators = (await client.list(pods, { namespace }, NEVER)).items;
    const leader = operators.find(({ metadata }) => holder.startsWith(metadata?.name ?? '-'));
    if (leader === undefined) {
      throw new Error(`no operator leads: the Lease names ${holder}`);
    }
    signalPod(uidOf(leader), 'operator', 'SIGKILL');
  }

  async killRouter(): Promise<void> {
    const scope = { namespace: PLACE.namespace, labelSelector: ROUTER_LABELS };
    const [router] = (await this.#stage.client.list(pods, scope, NEVER)).items;
    if (router === undefined) {
      throw new Error('there is no router');
    }
    signalPod(uidOf(router), 'router', 'SIGKILL');
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#stage.close();
  }

  async #begin(options: MovesStageOptions, note: (line: string) => void): Promise<void> {
    const { client, kubectl } = this.#stage;
    await client.create<KubernetesObject>(shardedClusters, clusterObject(options), NEVER);
    const { signal } = this.#stopping;
    for (const cache of Object.values<Informer<KubernetesObject>>({ ...this.#caches })) {
      void cache.run(signal);
      await cache.whenSynced(signal);
    }
    await awaitReady(kubectl, KEY, note, READY.timeoutMilliseconds / 1000);
    await this.untilWhole();
    this.#entrance = await this.#findEntrance();
    await waitFor('a router serves', async () => (await connectToRouter(this)).close() ?? true, READY);
  }

  async #findEntrance(): Promise<Entrance> {
    const { client } = this.#stage;
    const [node] = (await client.list(nodes, {}, NEVER)).items;
    const address = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const service = await client.get(services, KEY, NEVER);
    const port = service?.spec?.ports?.find(({ nodePort }) => nodePort !== undefined)?.nodePort;
    const secret = await client.get(secrets, { ...KEY, name: applicationSecretName(NAME) }, NEVER);
    const authority = await client.get(configMaps, { ...KEY, name: `${NAME}-ca` }, NEVER);
    if (address === undefined || port === undefined) {
      throw new Error(`the Service ${NAME} is not at a port of a node`);
    }
    const decode = (field: string): string =>
      Buffer.from(secret?.data?.[field] ?? '', 'base64').toString('utf8');
    return {
      host: address,
      port,
      user: decode('username'),
      password: decode('password'),
      authority: authority?.data?.['ca.crt'] ?? '',
    };
  }

  /** Whether the operator says so of the newest spec, and all replicas acknowledge. */
  #isWhole(): boolean {
    const cluster = this.#caches.clusters.get(KEY);
    const ready = cluster?.status?.conditions?.find(({ type }) => type === 'Ready');
    const { shards } = this.map();
    return (
      ready?.status === 'True' &&
      ready.observedGeneration === cluster?.metadata.generation &&
      shards.length === cluster?.spec.shards &&
      shards.every(({ primary, replicas, ackers }) => primary !== null && ackers.length === replicas.length)
    );
  }

  #pod(name: string): Pod {
    const pod = this.#caches.pods.get({ namespace: PLACE.namespace, name });
    if (pod === undefined) {
      throw new Error(`there is no pod ${name}`);
    }
    return pod;
  }
}

function follow<T extends KubernetesObject>({ client }: ClusterStage, type: ResourceType<T>): Informer<T> {
  return createInformer<T>({
    client,
    type,
    clock: systemClock,
    logger: silentLogger,
    namespaces: [PLACE.namespace],
  });
}

function clusterObject(options: MovesStageOptions): KubernetesObject & { spec: object } {
  const { filledShards, instances, configuration } = options;
  return {
    metadata: KEY,
    spec: {
      shards: filledShards,
      instances,
      storage: { size: '4Gi' },
      resources: { requests: { cpu: '10m', memory: '128Mi' } },
      failover: { minSecondsBetween: 0 },
      rebalance: { soakSeconds: 1 },
      router: { service: { type: 'NodePort' } },
      keyspaces: keyspaceSpecs(options),
      ...(configuration === undefined ? {} : { config: configuration }),
      deletionPolicy: 'Delete',
    },
  };
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}
