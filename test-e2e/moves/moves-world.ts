/**
 * A cluster of processes on this machine: MariaDB servers with the agents beside them, a router, an API server, and the
 * supervisor of the operator. Nothing of it stands in for something else but the pods, which no kubelet runs.
 */
import { join } from 'node:path';
import type { ShardMapSpec, ShardRebalance } from '../../operator/src/api/v1alpha1/index.ts';
import { shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { withoutPrimary, withShard } from '../../operator/src/supervisor/change-shard-map.ts';
import { connect, type Connection } from '../../operator/src/runtime/client/connect.ts';
import { prepareAgentAccess } from '../agent/agent-access.ts';
import {
  CLUSTER,
  type ClusterProcesses,
  createClusterProcesses,
  NAMESPACE,
} from '../agent/cluster-processes.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { connectAsAgent } from '../agent/member-sql.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane/index.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import type { PackagedMariadb } from '../mariadb/root-file-system.ts';
import type { RouterProcess } from '../router/router-process.ts';
import { createClusterObjects, randomSecret } from './cluster-objects.ts';
import { copyLogs } from './copy-logs.ts';
import type { LoadTarget } from './load-target.ts';
import { MovesStage, type MovesStageOptions } from './moves-stage.ts';
import { createPodObject } from './pod-objects.ts';
import { ShardLinks } from './shard-links.ts';
import { SmallFolders } from './small-folders.ts';
import { startOperator, type SupervisingOperator } from './supervising-operator.ts';
import { createRouter } from './world-router.ts';

const MARIADB: PackagedMariadb = { version: '11.8', suite: 'trixie' };
const READY = { timeoutMilliseconds: 240_000 };
const NEVER = new AbortController().signal;

interface Parts {
  readonly controlPlane: ControlPlane;
  readonly connection: Connection;
  readonly processes: ClusterProcesses;
  readonly router: RouterProcess;
  readonly links: ShardLinks | undefined;
  readonly folders: SmallFolders | undefined;
}

/** Everything of it. */
export class MovesWorld extends MovesStage {
  readonly router: RouterProcess;
  readonly processes: ClusterProcesses;
  readonly #parts: Parts;
  readonly #authority: string;
  #operator: SupervisingOperator | undefined;

  private constructor(parts: Parts) {
    super(parts.connection.client, { namespace: NAMESPACE, name: CLUSTER });
    this.#parts = parts;
    this.#authority = parts.processes.tls.authorities;
    this.router = parts.router;
    this.processes = parts.processes;
  }

  /**
   * Makes it; resolves when every shard takes writes, and the router serves. By default three shards run, of two members each, and all
   * but one have slots.
   */
  static async open(options: Partial<MovesStageOptions> = {}): Promise<MovesWorld> {
    const { shards = 3, instances = 2, filledShards = shards - 1, configuration, volumeMebibytes } = options;
    const links = options.canBeCut === true ? new ShardLinks() : undefined;
    const folders = volumeMebibytes === undefined ? undefined : new SmallFolders(volumeMebibytes);
    const controlPlane = await startControlPlane();
    const { client: plain, kubeconfigPath } = await prepareAgentAccess(controlPlane);
    plain.close();
    const connection = await connect({
      kubeconfigPath: controlPlane.kubeconfigPath,
      userAgent: 'shardwright-operator/test',
    });
    const processes = await createClusterProcesses(
      MARIADB,
      kubeconfigPath,
      Array.from({ length: shards }, () => instances),
      {
        ...(links === undefined ? {} : { route: links.route.bind(links) }),
        ...(folders === undefined ? {} : { prepareVolume: folders.make.bind(folders) }),
        ...(configuration === undefined ? {} : { configuration }),
        hasApplicationAccount: false,
        createPod: (place) => createPodObject(connection.client, place),
      },
    );
    const key = randomSecret();
    const router = await createRouter(processes, key, kubeconfigPath);
    await createClusterObjects(connection.client, {
      shards,
      instancesPerShard: instances,
      filledShards,
      hasRanges: options.hasRanges ?? false,
      hasRemainders: options.hasRemainders ?? false,
      tls: processes.tls,
      applicationPassword: processes.applicationPassword,
      router: { key, password: router.accountPassword },
    });
    const world = new MovesWorld({ controlPlane, connection, processes, router, links, folders });
    try {
      await world.#begin();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  get operator(): SupervisingOperator {
    if (this.#operator === undefined) {
      throw new Error('no operator runs');
    }
    return this.#operator;
  }

  get members(): readonly MemberProcesses[] {
    return this.processes.shards.flat();
  }

  map(): ShardMapSpec {
    return this.operator.map();
  }

  rebalance(name: string): ShardRebalance | undefined {
    return this.operator.rebalance(name);
  }

  rebalances(): readonly string[] {
    return this.operator.rebalances();
  }

  reach(host: string): ReturnType<LoadTarget['reach']> {
    const member = this.members.find(({ pod }) => pod === host);
    return {
      host: '127.0.0.1',
      port: member?.options.ports.server ?? this.router.port,
      user: 'app',
      password: this.processes.applicationPassword,
      authority: this.#authority,
    };
  }

  /** The primary of a shard by the map. */
  primary(shard: number): MemberProcesses {
    return this.#member(this.requirePrimary(shard));
  }

  /** Runs a statement as the agent on the primary of a shard. */
  async query(shard: number, sql: string): Promise<readonly (readonly string[])[]> {
    const session = await connectAsAgent(this.primary(shard));
    try {
      return await session.read(sql);
    } finally {
      session.close();
    }
  }

  async execute(shard: number, sql: string): Promise<void> {
    const session = await connectAsAgent(this.primary(shard));
    try {
      await session.run(sql);
    } finally {
      session.close();
    }
  }

  /** Starts the operator, after `stopOperator` another one. */
  async startOperator(): Promise<void> {
    const { connection, processes } = this.#parts;
    this.#operator = await startOperator(connection.client, join(processes.folder, 'operator.log'), {
      event() {},
    });
  }

  async killServer(pod: string): Promise<void> {
    await this.#member(pod).killServer();
  }

  async killAgent(pod: string): Promise<void> {
    await this.#member(pod).restartAgent();
  }

  async killOperator(): Promise<void> {
    await this.stopOperator();
    await this.startOperator();
  }

  async killRouter(): Promise<void> {
    await this.router.stop('SIGKILL');
    await this.router.start();
  }

  async cutOff(one: number, other: number): Promise<void> {
    required(this.#parts.links).cut(one, other);
  }

  async heal(): Promise<void> {
    required(this.#parts.links).heal();
  }

  async fillVolume(pod: string): Promise<void> {
    await required(this.#parts.folders).fill(this.#member(pod).volumePath);
  }

  async freeVolume(pod: string): Promise<void> {
    await required(this.#parts.folders).empty(this.#member(pod).volumePath);
  }

  async stopOperator(): Promise<void> {
    await this.#operator?.stop();
  }

  /** Stops the operator right after the first write of a promotion. */
  async giveUpPrimary(shard: number): Promise<void> {
    const { client } = this.#parts.connection;
    await this.stopOperator();
    const map = await client.get(shardMaps, { namespace: NAMESPACE, name: CLUSTER }, NEVER);
    const entry = map?.spec.shards.find(({ number }) => number === shard);
    if (map === undefined || entry === undefined) {
      throw new Error('there is no ShardMap');
    }
    const changed = { ...map, spec: withShard(map.spec, withoutPrimary(entry, true)) };
    await client.replace(shardMaps, changed, {}, NEVER);
  }

  /** Ends agents, launchers and servers of a shard at once, as when all its nodes lose power; launchers are back. */
  async cutPower(shard: number): Promise<void> {
    const members = this.processes.shards[shard] ?? [];
    await Promise.all(members.map((member) => member.stopAgent('SIGKILL')));
    await Promise.all(members.map((member) => member.restartLauncher()));
  }

  async untilWhole(): Promise<void> {
    await waitFor(
      'all shards to be at work',
      () => (this.operator.map().shards.every((shard) => this.#isWhole(shard)) ? true : undefined),
      READY,
    );
  }

  keepLogs(folder: string): Promise<void> {
    return copyLogs(this.processes.folder, folder);
  }

  async close(): Promise<void> {
    await this.router.stop('SIGKILL');
    await this.#operator?.stop();
    // Before the folders in which something is mounted are removed.
    await this.#parts.folders?.remove();
    await this.processes.dispose();
    this.#parts.links?.close();
    await this.#parts.connection.close();
    await this.#parts.controlPlane.stop();
  }

  #member(pod: string): MemberProcesses {
    const found = this.members.find((member) => member.pod === pod);
    if (found === undefined) {
      throw new Error(`there is no pod ${pod}`);
    }
    return found;
  }

  #isWhole({ primary, replicas, ackers }: ReturnType<SupervisingOperator['map']>['shards'][number]): boolean {
    const state = primary === null ? undefined : this.operator.state(primary);
    return (
      state?.member?.writable === true &&
      state.users !== null &&
      ackers.length === replicas.length &&
      replicas.every((pod) => this.operator.state(pod)?.fitForReads === true)
    );
  }

  async #begin(): Promise<void> {
    await this.startOperator();
    for (const member of this.members) {
      member.startLauncher();
      member.startAgent();
    }
    await this.untilWhole();
    await this.router.start();
  }
}

/** What the world was opened with. @throws when it was opened without */
function required<T>(part: T | undefined): T {
  if (part === undefined) {
    throw new Error('the world was opened without what this needs');
  }
  return part;
}
