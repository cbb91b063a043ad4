/** The controller against an API server in memory, with a StatefulSet controller of a few lines. */
import { createHash } from 'node:crypto';
import type { V1StatefulSet } from '@kubernetes/client-node';
import type { ShardedClusterSpecInput } from '../../../api/v1alpha1/index.ts';
import type { InstanceReports } from '../../../core/instance-report.ts';
import type { ApiClient } from '../../../runtime/client/api-client.ts';
import type { EventDescription } from '../../../runtime/events/recorder.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import type { KubernetesObject, ResourceType } from '../../../runtime/objects.ts';
import { keyOf } from '../../../runtime/objects.ts';
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
} from '../../../runtime/resources.ts';
import { FakeApiServer } from '../../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../../runtime/testing/fake-clock.ts';
import { memberCaches } from '../caches.ts';
import { createShardedClusterController } from '../controller.ts';
import { shardedClusters, shardMaps } from '../resource-types.ts';
import { aCluster } from './builders.ts';

const NEVER = new AbortController().signal;

/** Everything a cluster consists of. */
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

/** Turns left to promises before the world counts as quiet. */
const QUIET_TURNS = 8;

/** Tells one template from another. */
function revisionOf({ spec }: V1StatefulSet): string {
  return createHash('sha256')
    .update(JSON.stringify(spec?.template ?? null))
    .digest('hex')
    .slice(0, 10);
}

/** An API server, and operators that come and go. */
export class Harness {
  readonly clock = new FakeClock();
  readonly server = new FakeApiServer(this.clock);
  readonly events: EventDescription[] = [];
  /** What is known of instances; nothing unless a test says so. */
  reports: InstanceReports = {
    instance: () => undefined,
    readTarget: () => undefined,
    cluster: () => [],
    shard: () => undefined,
    evidence: async () => [],
  };
  #operator: { stop: AbortController; running: Promise<unknown> } | undefined;
  #password = 0;

  /** Starts an operator that speaks to the server through `client`. */
  start(client: ApiClient = this.server): void {
    const stop = new AbortController();
    const { controller, roleLabels, caches } = createShardedClusterController({
      client,
      recorder: { event: (_, description) => void this.events.push(description) },
      clock: this.clock,
      logger: silentLogger,
      image: 'shardwright:test',
      reports: () => ({
        instance: (...about) => this.reports.instance(...about),
        shard: (...about) => this.reports.shard(...about),
        readTarget: (...about) => this.reports.readTarget(...about),
        cluster: (...about) => this.reports.cluster(...about),
        evidence: async (...about) => this.reports.evidence(...about),
      }),
      random: () => 0.5,
      randomBytes: (size) => {
        this.#password += 1;
        return new Uint8Array(size).fill(this.#password);
      },
      ensureCertificates: async () => ({ dueAt: Infinity, authorities: 'PEM' }),
      freeze: true,
    });
    const informers = [caches.clusters, caches.rebalances, ...memberCaches(caches)];
    const running = Promise.all([
      ...informers.map((informer) => informer.run(stop.signal)),
      controller.run(stop.signal),
      roleLabels.run(stop.signal),
    ]);
    this.#operator = { stop, running };
  }

  /** Ends the operator. */
  async stop(): Promise<void> {
    this.#operator?.stop.abort(new Error('stopped'));
    await this.#operator?.running;
    this.#operator = undefined;
  }

  /** Waits until nothing asks the server for anything any more, with pods made and ready as StatefulSets say. */
  async untilQuiet(options: { readonly podsReady?: boolean } = {}): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      const before = this.server.requests.length;
      await settle();
      await this.#runStatefulSets(options.podsReady ?? true);
      if (this.server.requests.length !== before + this.#ownRequests) {
        quiet = 0;
      }
    }
  }

  #ownRequests = 0;

  /** Makes, readies and removes pods and makes volumes. */
  async #runStatefulSets(ready: boolean): Promise<void> {
    const before = this.server.requests.length;
    const sets = await this.list(statefulSets);
    const wanted = new Set<string>();
    let changes = 0;
    for (const set of sets) {
      changes += await this.#observe(set);
      for (let ordinal = 0; ordinal < (set.spec?.replicas ?? 0); ordinal += 1) {
        const name = `${set.metadata?.name}-${ordinal}`;
        wanted.add(name);
        changes += await this.#makePod(set, name, ready);
      }
    }
    for (const pod of await this.list(pods)) {
      if (!wanted.has(pod.metadata?.name ?? '')) {
        await this.server.delete(pods, keyOf(pod), {}, NEVER);
        changes += 1;
      }
    }
    this.#ownRequests = changes === 0 ? this.server.requests.length - before : -1;
  }

  /** Tells which revision pods should have, as the controller of StatefulSets does. */
  async #observe(set: V1StatefulSet): Promise<number> {
    const { generation } = set.metadata ?? {};
    if (set.status?.observedGeneration === generation) {
      return 0;
    }
    const status = {
      replicas: set.spec?.replicas,
      observedGeneration: generation,
      updateRevision: revisionOf(set),
    };
    await this.server.mergePatch(statefulSets, keyOf(set), { status }, { subresource: 'status' }, NEVER);
    return 1;
  }

  async #makePod(set: V1StatefulSet, name: string, ready: boolean): Promise<number> {
    const { template, volumeClaimTemplates = [] } = set.spec ?? { template: {} };
    const key = { namespace: 'test', name };
    const [claim] = volumeClaimTemplates;
    const claimKey = { namespace: 'test', name: `data-${name}` };
    if ((await this.server.get(persistentVolumeClaims, claimKey, NEVER)) === undefined) {
      const metadata = { ...claimKey, labels: { ...claim?.metadata?.labels } };
      await this.server.create(
        persistentVolumeClaims,
        { metadata, ...(claim?.spec === undefined ? {} : { spec: claim.spec }) },
        NEVER,
      );
    }
    const status = { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
    const pod = await this.server.get(pods, key, NEVER);
    if (pod === undefined) {
      const uid = set.metadata?.uid ?? '';
      const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: set.metadata?.name ?? '', uid };
      const metadata = {
        ...key,
        labels: { ...template.metadata?.labels, 'controller-revision-hash': revisionOf(set) },
        annotations: { ...template.metadata?.annotations },
        ownerReferences: [{ ...owner, controller: true }],
      };
      await this.server.create(pods, { metadata, status }, NEVER);
      return 1;
    }
    if (pod.status?.conditions?.[0]?.status !== status.conditions[0]?.status) {
      await this.server.mergePatch(pods, key, { status }, { subresource: 'status' }, NEVER);
      return 1;
    }
    return 0;
  }

  /** Creates the cluster `demo`. */
  async createCluster(spec: Partial<ShardedClusterSpecInput> = {}): Promise<void> {
    const { metadata, ...cluster } = aCluster(spec);
    const { uid: _uid, generation: _generation, ...named } = metadata;
    await this.server.create(shardedClusters, { ...cluster, metadata: named }, NEVER);
  }

  /** Creates the cluster `demo`, and waits until it is ready. */
  async readyCluster(spec: Partial<ShardedClusterSpecInput> = {}): Promise<void> {
    await this.createCluster(spec);
    await this.untilQuiet();
    const ready = await this.condition('Ready');
    if (ready !== 'True/AllShardsReady') {
      throw new Error(`the cluster is not ready: ${ready}, ${await this.message('Ready')}`);
    }
  }

  /** Changes the spec of the cluster `demo`. */
  async changeSpec(spec: Record<string, unknown>): Promise<void> {
    await this.server.mergePatch(shardedClusters, { namespace: 'test', name: 'demo' }, { spec }, {}, NEVER);
  }

  async cluster() {
    const cluster = await this.get(shardedClusters, 'demo');
    if (cluster === undefined) {
      throw new Error('there is no cluster');
    }
    return cluster;
  }

  /** `status/reason` of a condition. */
  async condition(type: string): Promise<string> {
    const { status } = await this.cluster();
    const found = status?.conditions?.find((condition) => condition.type === type);
    return `${found?.status}/${found?.reason}`;
  }

  async message(type: string): Promise<string> {
    const { status } = await this.cluster();
    return status?.conditions?.find((condition) => condition.type === type)?.message ?? '';
  }

  get<T extends KubernetesObject>(type: ResourceType<T>, name: string): Promise<T | undefined> {
    return this.server.get(type, { namespace: 'test', name }, NEVER);
  }

  async list<T extends KubernetesObject>(type: ResourceType<T>): Promise<readonly T[]> {
    return (await this.server.list(type, { namespace: 'test' }, NEVER)).items;
  }

  async delete(type: ResourceType<KubernetesObject>, name: string): Promise<void> {
    await this.server.delete(type, { namespace: 'test', name }, {}, NEVER);
  }

  async patch(type: ResourceType<KubernetesObject>, name: string, patch: unknown): Promise<void> {
    await this.server.mergePatch(type, { namespace: 'test', name }, patch, {}, NEVER);
  }

  async patchStatus(type: ResourceType<KubernetesObject>, name: string, status: unknown): Promise<void> {
    await this.server.mergePatch(
      type,
      { namespace: 'test', name },
      { status },
      { subresource: 'status' },
      NEVER,
    );
  }

  async create<T extends KubernetesObject>(type: ResourceType<T>, object: T): Promise<T> {
    return this.server.create(type, object, NEVER);
  }

  /** `Kind/name` of every object of the cluster, sorted. */
  async inventory(): Promise<string[]> {
    const names: string[] = [];
    for (const type of MEMBER_TYPES) {
      names.push(...(await this.list(type)).map((object) => `${type.kind}/${object.metadata?.name}`));
    }
    return names.toSorted();
  }

  /** Requests sent while `action` runs and the world goes quiet, without watches and lists. */
  async requestsDuring(action: () => Promise<void>): Promise<readonly string[]> {
    const before = this.server.requests.length;
    await action();
    await settle();
    return this.server.requests.slice(before).map(({ verb, kind, key }) => `${verb} ${kind} ${key}`);
  }
}
