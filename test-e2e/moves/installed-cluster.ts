/**
 * A ShardedCluster on the nodes of the development cluster, made by the operator that is installed there: nothing of it is made up. Clients
 * reach the routers by their Service, at a port of a node.
 */
import {
  LABELS,
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
import { leases, pods } from '../../operator/src/runtime/resources.ts';
import { type ClusterStage, openClusterStage } from '../bench/cluster-stage.ts';
import { acceptPackets, dropPackets } from '../chaos/stage/node-network.ts';
import { signalPod } from '../chaos/stage/pod-processes.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { Progress } from '../cluster/progress.ts';
import { awaitReady } from '../demo/await-ready.ts';
import { queryAsAgent } from '../sharded-cluster/agent-query.ts';
import { fillVolume, freeVolume } from '../sharded-cluster/full-volume.ts';
import { connectToRouter } from './checked-load.ts';
import { copyPodLogs } from './copy-logs.ts';
import { clusterObject, findEntrance, KEY, NAME, PLACE, ROUTER_LABELS } from './installed-objects.ts';
import { makeVolumes, volumeOf } from './installed-volumes.ts';
import { type LoadTarget, ROUTER } from './load-target.ts';
import { MovesStage, type MovesStageOptions } from './moves-stage.ts';

const NEVER = new AbortController().signal;
const READY = { timeoutMilliseconds: 300_000 };

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
  /** Where packets are dropped. */
  readonly #cutNodes = new Set<string>();
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

  async cutOff(one: number, other: number): Promise<void> {
    const own = this.#podsOf(one);
    const [ones, others] = [own, this.#podsOf(other)].map((side) =>
      side.map(({ status }) => status?.podIP).join(','),
    );
    if (ones === undefined || others === undefined) {
      return;
    }
    // Whatever passes between them passes here.
    for (const node of new Set(own.map(nodeOf))) {
      this.#cutNodes.add(node);
      await dropPackets(this.#stage, node, [
        ['-s', ones, '-d', others],
        ['-s', others, '-d', ones],
      ]);
    }
  }

  async heal(): Promise<void> {
    for (const node of this.#cutNodes) {
      await acceptPackets(this.#stage, node);
    }
    this.#cutNodes.clear();
  }

  async fillVolume(pod: string): Promise<void> {
    const found = this.#pod(pod);
    await fillVolume(nodeOf(found), await volumeOf(this.#stage.client, found));
  }

  async freeVolume(pod: string): Promise<void> {
    const found = this.#pod(pod);
    await freeVolume(nodeOf(found), await volumeOf(this.#stage.client, found));
  }

  keepLogs(folder: string): Promise<void> {
    return copyPodLogs(this.#stage.kubectl, [PLACE.namespace, PLACE.operator.namespace], folder);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    // Rules outlive the pods that they are about.
    await this.heal();
    await this.#stage.close();
  }

  async #begin(options: MovesStageOptions, note: (line: string) => void): Promise<void> {
    const { client, kubectl } = this.#stage;
    await makeVolumes(this.#stage, options);
    await client.create<KubernetesObject>(shardedClusters, clusterObject(options), NEVER);
    const { signal } = this.#stopping;
    for (const cache of Object.values<Informer<KubernetesObject>>({ ...this.#caches })) {
      void cache.run(signal);
      await cache.whenSynced(signal);
    }
    await awaitReady(kubectl, KEY, note, READY.timeoutMilliseconds / 1000);
    await this.untilWhole();
    this.#entrance = await findEntrance(client);
    await waitFor('a router serves', async () => (await connectToRouter(this)).close() ?? true, READY);
  }

  #podsOf(shard: number): readonly Pod[] {
    return this.#caches.pods
      .list(PLACE.namespace)
      .filter(({ metadata }) => metadata?.labels?.[LABELS.shard] === String(shard));
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

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}

function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ?? '';
}
