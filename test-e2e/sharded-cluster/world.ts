/**
 * The development cluster as a stage for ShardedClusters: a namespace that enforces the `restricted` Pod Security
 * level, the CRDs and the image of this checkout, and an operator that runs as a process of this machine so
 * that it can be killed, or watched, at any moment.
 */
import type { InstanceStatus, ShardMap, ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { LABELS, primaryServiceName, replicasServiceName } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters, shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { ApiClient } from '../../operator/src/runtime/client/api-client.ts';
import { connect } from '../../operator/src/runtime/client/connect.ts';
import type { KubernetesObject, ResourceType } from '../../operator/src/runtime/objects.ts';
import {
  configMaps,
  deployments,
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../operator/src/runtime/resources.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { upCluster } from '../cluster/provider.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { createSqlClient } from '../database/sql-client.ts';
import { ensureDatabaseImage } from '../image/database-image.ts';
import { ensureOperatorImage } from '../image/operator-image.ts';
import { applyDefinitions } from '../install/definitions.ts';
import { createKubectl } from '../install/kubectl.ts';
import type { Kubectl } from '../install/kubectl.ts';
import { ensureRestrictedNamespace } from '../install/restricted-namespace.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import type { LocalOperator } from '../operator/local-operator.ts';
import { startLocalOperator } from '../operator/local-operator.ts';
import { pauseInstalledOperators } from './installed-operators.ts';

const NEVER = new AbortController().signal;

/** Every kind a cluster consists of. */
export const MEMBER_TYPES: readonly ResourceType<KubernetesObject>[] = [
  shardMaps,
  statefulSets,
  deployments,
  services,
  secrets,
  configMaps,
  serviceAccounts,
  roles,
  roleBindings,
  podDisruptionBudgets,
  pods,
  persistentVolumeClaims,
];

/** Little enough for many databases on a small machine. */
export const SMALL = {
  storage: { size: '1Gi' },
  resources: { requests: { cpu: '10m', memory: '128Mi' } },
} as const;

/** How long pods may take to start on a busy machine. */
const PODS_TIMEOUT_MILLISECONDS = 240_000;

/** One scenario's namespace and operator. */
export class World {
  readonly namespace: string;
  readonly kubectl: Kubectl;
  readonly client: ApiClient;
  readonly kubeconfigPath: string;
  readonly #image: string;
  readonly #cleanUp: (() => Promise<void>)[];
  #operator: LocalOperator | undefined;

  private constructor(
    parts: Pick<World, 'namespace' | 'kubectl' | 'client' | 'kubeconfigPath'> & { image: string },
    cleanUp: (() => Promise<void>)[],
  ) {
    this.namespace = parts.namespace;
    this.kubectl = parts.kubectl;
    this.client = parts.client;
    this.kubeconfigPath = parts.kubeconfigPath;
    this.#image = parts.image;
    this.#cleanUp = cleanUp;
  }

  /** Sets the stage; the operator is started apart. Operators installed in the cluster are paused until `close`. */
  static async open(
    namespace: string,
    databaseVersions: readonly PackagedMariadb['version'][] = ['11.8'],
  ): Promise<World> {
    const { kubeconfigPath, provider } = await upCluster();
    for (const version of provider === 'bare' ? databaseVersions : []) {
      await ensureDatabaseImage(version);
    }
    const image = await ensureOperatorImage();
    const kubectl = await createKubectl(kubeconfigPath);
    const resume = await pauseInstalledOperators(kubectl);
    try {
      await applyDefinitions(kubectl);
      await kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--timeout=240s']);
      await ensureRestrictedNamespace(kubectl, namespace);
      const connection = await connect({ kubeconfigPath, userAgent: `shardwright-test/${namespace}` });
      const { client } = connection;
      return new World({ namespace, kubectl, client, kubeconfigPath, image }, [
        () => connection.close(),
        resume,
      ]);
    } catch (error) {
      // The scenarios to come expect them at work.
      await resume();
      throw error;
    }
  }

  /** Deletes every cluster and then the namespace, and ends the operator: without one, finalizers would stay. */
  async close(): Promise<void> {
    try {
      if (this.#operator !== undefined) {
        const operator = this.#operator.exit() === undefined ? this.#operator : await this.startOperator();
        await this.kubectl.run(['delete', 'shardedclusters', '--all', '--namespace', this.namespace]);
        await operator.stop();
      }
      await this.kubectl.run(['delete', 'namespace', this.namespace, '--wait=false']);
    } finally {
      for (const clean of this.#cleanUp) {
        await clean();
      }
    }
  }

  get operator(): LocalOperator {
    if (this.#operator === undefined) {
      throw new Error('no operator was started');
    }
    return this.#operator;
  }

  /** Starts an operator for this namespace only. */
  async startOperator(environment: Readonly<Record<string, string>> = {}): Promise<LocalOperator> {
    this.#operator = await startLocalOperator({
      kubeconfigPath: this.kubeconfigPath,
      image: this.#image,
      extraArguments: [`--watch-namespace=${this.namespace}`],
      environment,
    });
    return this.#operator;
  }

  async createCluster(name: string, spec: object): Promise<void> {
    const object: KubernetesObject & { spec: object } = {
      metadata: { name, namespace: this.namespace },
      spec: { ...SMALL, ...spec },
    };
    await this.client.create<KubernetesObject>(shardedClusters, object, NEVER);
  }

  async changeSpec(name: string, spec: object): Promise<void> {
    await this.patch(shardedClusters, name, { spec });
  }

  async get<T extends KubernetesObject>(type: ResourceType<T>, name: string): Promise<T | undefined> {
    return this.client.get(type, { namespace: this.namespace, name }, NEVER);
  }

  /** The object; fails when there is none. */
  async require<T extends KubernetesObject>(type: ResourceType<T>, name: string): Promise<T> {
    const object = await this.get(type, name);
    if (object === undefined) {
      throw new Error(`there is no ${type.kind} ${name}`);
    }
    return object;
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>, cluster: string): Promise<readonly T[]> {
    const labelSelector = `shardwright.io/cluster=${cluster}`;
    return (await this.client.list(type, { namespace: this.namespace, labelSelector }, NEVER)).items;
  }

  async patch(type: ResourceType<KubernetesObject>, name: string, patch: unknown): Promise<void> {
    await this.client.mergePatch(type, { namespace: this.namespace, name }, patch, {}, NEVER);
  }

  async delete(type: ResourceType<KubernetesObject>, name: string): Promise<void> {
    await this.client.delete(type, { namespace: this.namespace, name }, {}, NEVER);
  }

  async map(cluster: string): Promise<ShardMap> {
    return this.require(shardMaps, cluster);
  }

  /** One shard of a cluster, as the map has it. */
  async shard(cluster: string, number: number): Promise<ShardMapShard> {
    const found = (await this.map(cluster)).spec.shards.find((shard) => shard.number === number);
    if (found === undefined) {
      throw new Error(`${cluster} has no shard ${number}`);
    }
    return found;
  }

  /** What the status tells of an instance. */
  async instance(cluster: string, pod: string): Promise<InstanceStatus | undefined> {
    const { status } = await this.require(shardedClusters, cluster);
    return status?.shards
      ?.flatMap(({ instances = [] }) => instances)
      .find((instance) => instance.pod === pod);
  }

  /** Runs SQL as the application of a cluster does, from within its first pod or that one. */
  async sqlClient(cluster: string, from?: string): Promise<SqlClient> {
    return createSqlClient(this.kubectl, { namespace: this.namespace, name: cluster }, from);
  }

  /** Notes of the events about a cluster with that reason. */
  async notes(cluster: string, reason: string): Promise<string[]> {
    const { items } = await this.kubectl.get<{
      items: { reason: string; note: string; regarding: { name: string } }[];
    }>(['events.events.k8s.io', '--namespace', this.namespace]);
    return items
      .filter((event) => event.reason === reason && event.regarding.name === cluster)
      .map(({ note }) => note);
  }

  /** `status/reason` of a condition, or `undefined` while it is not about the current spec. */
  async condition(cluster: string, type: string): Promise<string | undefined> {
    const { metadata, status } = await this.require(shardedClusters, cluster);
    const found = status?.conditions?.find((condition) => condition.type === type);
    return found?.observedGeneration === metadata.generation
      ? `${found?.status}/${found?.reason}`
      : undefined;
  }

  async untilCondition(cluster: string, type: string, expected: string): Promise<void> {
    await this.until(`${cluster} has ${type}=${expected}`, async () => {
      const actual = await this.condition(cluster, type);
      if (actual !== expected) {
        throw new Error(`it is ${actual}`);
      }
      return true;
    });
  }

  async untilReady(cluster: string): Promise<void> {
    await this.untilCondition(cluster, 'Ready', 'True/AllShardsReady');
  }

  /**
   * Waits until the objects that follow the state of the members are as they stay while all is well: reads are led to
   * replicas, some seconds after these are fit, and every primary may be evicted.
   */
  async untilSettled(cluster: string): Promise<void> {
    await this.untilReady(cluster);
    for (const { number } of (await this.map(cluster)).spec.shards) {
      await this.until(
        `reads of shard ${number} are led to replicas, and its primary may leave`,
        async () => {
          const reads = await this.require(services, replicasServiceName(cluster, number));
          const budget = await this.require(podDisruptionBudgets, primaryServiceName(cluster, number));
          const isLed = reads.spec?.selector?.[LABELS.role] === 'replica';
          return isLed && budget.spec?.minAvailable === 0 ? true : undefined;
        },
      );
    }
  }

  async until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    return waitFor(what, probe, { timeoutMilliseconds: PODS_TIMEOUT_MILLISECONDS });
  }

  /** `Kind/name` of everything labelled with a cluster, but for its name, sorted. */
  async inventory(cluster: string): Promise<string[]> {
    const names: string[] = [];
    for (const type of MEMBER_TYPES) {
      const objects = await this.list(type, cluster);
      names.push(...objects.map(({ metadata }) => `${type.kind}/${metadata?.name}`));
    }
    return names.toSorted();
  }

  /** The uid of each object of a cluster, by `Kind/name`: another one where an object was made anew. */
  async uids(cluster: string): Promise<Record<string, string>> {
    const uids: Record<string, string> = {};
    for (const type of MEMBER_TYPES) {
      for (const { metadata } of await this.list(type, cluster)) {
        uids[`${type.kind}/${metadata?.name}`] = metadata?.uid ?? '';
      }
    }
    return uids;
  }

  /** Passwords by Secret, as they are stored. */
  async passwords(cluster: string): Promise<Record<string, string>> {
    const all = await this.list(secrets, cluster);
    return Object.fromEntries(
      all.map(({ metadata, data }) => [metadata?.name ?? '', data?.['password'] ?? '']),
    );
  }

  /** The data directory of a pod: a number that another one would not have, and the user it belongs to. */
  async dataOf(pod: string): Promise<{ readonly identity: string; readonly user: number }> {
    const look = ['stat', '--format=%d:%i:%W %u', '/var/lib/shardwright/volume/data'];
    const text = await this.kubectl.run(['exec', pod, '--namespace', this.namespace, '--', ...look]);
    const [identity = '', user] = text.trim().split(' ');
    return { identity, user: Number(user) };
  }
}
