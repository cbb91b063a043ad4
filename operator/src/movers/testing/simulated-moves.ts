/**
 * A cluster whose slots move, with operators that may be killed at every write, agents that restart, shards that lose their
 * primary, and a client that writes, on a clock that is advanced by hand. What must hold is checked at every write of the map.
 */
import type { ShardedClusterSpecInput, ShardMap, ShardRebalance } from '../../api/v1alpha1/index.ts';
import { RebalanceReconciler } from '../../controllers/shard-rebalance/reconciler.ts';
import {
  shardedClusters,
  shardMaps,
  shardRebalances,
} from '../../controllers/sharded-cluster/resource-types.ts';
import { aCluster, aPod } from '../../controllers/sharded-cluster/testing/builders.ts';
import type { ShardStateName } from '../../core/instance-report.ts';
import { readSlotSet, writeSlotSet } from '../../core/keyspace/slot-set.ts';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import type { Position } from '../../engines/position.ts';
import { createInformer } from '../../runtime/cache/informer.ts';
import { isApiError } from '../../runtime/client/api-error.ts';
import type { EventDescription } from '../../runtime/events/recorder.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { KubernetesObject } from '../../runtime/objects.ts';
import { pods } from '../../runtime/resources.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { mortalApiServer } from '../../runtime/testing/mortal-api-server.ts';
import type { AgentView } from '../../supervisor/agent-client/agent-client.ts';
import type { AgentTarget } from '../../supervisor/agent-client/agent-target.ts';
import { ShardMapWriter } from '../../supervisor/shard-map-writer.ts';
import { leading } from '../../supervisor/testing/states.ts';
import { noMoverMetrics } from '../mover-metrics.ts';
import { Movers } from '../movers.ts';
import { SimulatedAgent } from './simulated-agent.ts';

const NEVER = new AbortController().signal;
const KEY = { namespace: 'test', name: 'demo' };
const STEP_MILLISECONDS = 50;
const RESTART_MILLISECONDS = 400;
/** Slots of the keyspace, on the first two shards to begin with. */
export const SLOTS = 6;

interface Operator {
  readonly stop: AbortController;
  readonly movers: Movers;
  readonly ended: Promise<unknown>;
  readonly reconciler: RebalanceReconciler;
  readonly tell: (target: AgentTarget) => void;
}

export class SimulatedMoves {
  readonly clock = new FakeClock();
  readonly server = new FakeApiServer(this.clock);
  readonly agents = new Map<number, SimulatedAgent>();
  readonly events: EventDescription[] = [];
  readonly violations: string[] = [];
  /** Steps of operators so far: each write is two, before and after. */
  steps = 0;
  /** Number of the step at which the operator that takes it is killed; 0 for none. */
  dieAt = 0;
  /** Acknowledged writes, by slot. */
  readonly acknowledged = Array.from({ length: SLOTS }, () => 0);
  readonly #operators = new Set<Operator>();
  readonly #states = new Map<number, ShardStateName>();
  /** By uid. */
  readonly #podNames = new Map<string, string>();

  /** Makes a cluster of `shards`, of which the first two hold all slots, and starts an operator. */
  async begin(
    shards = 3,
    rebalance: ShardedClusterSpecInput['rebalance'] = { soakSeconds: 5 },
  ): Promise<void> {
    const keyspaces = [{ name: 'app', slots: SLOTS, defaultKey: 'id' }];
    const { metadata, ...cluster } = aCluster({ shards, keyspaces, rebalance: rebalance ?? {} });
    const { uid: _uid, generation: _generation, ...named } = metadata;
    await this.server.create(shardedClusters, { ...cluster, metadata: named }, NEVER);
    const numbers = Array.from({ length: shards }, (_, number) => number);
    const half = SLOTS / 2;
    for (const number of numbers) {
      const agent = new SimulatedAgent(number);
      this.agents.set(number, agent);
      for (let ordinal = 0; ordinal < 2; ordinal += 1) {
        const name = `demo-shard-${number}-${ordinal}`;
        const { metadata: stored } = await this.server.create(pods, aPod(name), NEVER);
        this.#podNames.set(stored?.uid ?? '', name);
      }
    }
    for (let slot = 0; slot < SLOTS; slot += 1) {
      this.agents.get(slot < half ? 0 : 1)?.databases.set(slot, { writes: 0, isGranted: true, fence: null });
    }
    await this.server.create(shardMaps, this.#firstMap(numbers), NEVER);
    this.startOperator();
  }

  #firstMap(numbers: readonly number[]): ShardMap {
    const half = SLOTS / 2;
    const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
    return {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardMap',
      metadata: { ...KEY },
      spec: {
        revision: 1,
        shards: numbers.map((number) => ({
          number,
          name: `demo-shard-${number}`,
          epoch: 1,
          primary: `demo-shard-${number}-0`,
          replicas: [`demo-shard-${number}-1`],
          ackers: [`demo-shard-${number}-1`],
          initialised: true,
          acknowledgement: 'OneReplica' as const,
        })),
        keyspaces: [
          {
            name: 'app',
            strategy: 'ConsistentHash',
            placement: 'Balanced',
            slots: SLOTS,
            defaultKey: 'id',
            tables: [],
            homeShard: 0,
            referenceShards: [...numbers],
            slotsByShard: [
              { shard: 0, slots: writeSlotSet(slots.slice(0, half)) },
              { shard: 1, slots: writeSlotSet(slots.slice(half)) },
            ],
            transactions: 'Single',
            consistency: 'Strong',
          },
        ],
      },
    };
  }

  /** Starts an operator, beside any that runs: one that was deposed may not know it yet. */
  startOperator(): void {
    const stop = new AbortController();
    const client = this.#mortal(stop);
    const options = { client, clock: this.clock, logger: silentLogger, random: () => 0.5 };
    const clusters = createInformer({ ...options, type: shardedClusters });
    const maps = createInformer({ ...options, type: shardMaps });
    const rebalances = createInformer({ ...options, type: shardRebalances });
    const podInformer = createInformer({ ...options, type: pods });
    const handlers = new Set<(target: AgentTarget) => void>();
    const recorder = {
      event: (_: KubernetesObject, description: EventDescription) => void this.events.push(description),
    };
    const movers = new Movers({
      ...options,
      clusters,
      rebalances,
      recorder,
      shardMaps: maps,
      pods: podInformer,
      writer: new ShardMapWriter(client, maps),
      streams: {
        view: (uid) => this.#viewOf(uid),
        onEvent: (handler) => {
          handlers.add(handler);
          return () => handlers.delete(handler);
        },
        command: () => Promise.reject(new Error('agents here take no commands')),
      },
      reports: {
        shard: (_, number) => ({
          state: this.#states.get(number) ?? 'healthy',
          isUrgent: false,
          blocked: null,
          switchover: null,
          lastPromotion: null,
        }),
      },
      positions: mariadbPositions,
      metrics: noMoverMetrics,
    });
    const reconciler = new RebalanceReconciler({
      ...options,
      clusters,
      rebalances,
      recorder,
      shardMaps: maps,
      views: movers,
    });
    const runs = [clusters, maps, rebalances, podInformer, movers].map((each) => each.run(stop.signal));
    const tell = (target: AgentTarget): void => handlers.forEach((handler) => handler(target));
    this.#operators.add({ stop, movers, reconciler, tell, ended: Promise.allSettled(runs) });
  }

  /** Kills all operators; another goes on in a moment. */
  killOperators(): void {
    this.#operators.forEach(({ stop }) => stop.abort(new Error('killed')));
    this.#operators.clear();
    this.clock.setTimer(RESTART_MILLISECONDS, () => this.startOperator());
  }

  /** Takes the primary of a shard away, as a promotion does; another is there after a while. */
  async failOver(number: number): Promise<void> {
    const agent = this.agents.get(number);
    if (agent === undefined || !agent.isAlive) {
      return;
    }
    agent.isAlive = false;
    this.#states.set(number, 'promoting');
    await this.#changeShard(number, (shard) => ({
      ...shard,
      epoch: shard.epoch + 1,
      primary: null,
      replicas: [`demo-shard-${number}-0`, `demo-shard-${number}-1`],
    }));
    this.clock.setTimer(2 * RESTART_MILLISECONDS, () => void this.#promote(number, agent));
  }

  async #promote(number: number, agent: SimulatedAgent): Promise<void> {
    await this.#changeShard(number, (shard) => {
      const primary = `demo-shard-${number}-${shard.epoch % 2}`;
      return { ...shard, primary, replicas: shard.replicas.filter((pod) => pod !== primary) };
    });
    agent.restart();
    agent.isAlive = true;
    this.#states.delete(number);
  }

  /** Restarts the agent of a shard's primary: the server goes on. */
  restartAgent(number: number): void {
    this.agents.get(number)?.restart();
  }

  async map(): Promise<ShardMap> {
    const map = await this.server.get(shardMaps, KEY, NEVER);
    if (map === undefined) {
      throw new Error('there is no map');
    }
    return map;
  }

  /** All rebalances. */
  async rebalances(): Promise<readonly ShardRebalance[]> {
    return (await this.server.list(shardRebalances, { namespace: 'test' }, NEVER)).items;
  }

  /** The one rebalance there is. */
  async rebalance(): Promise<ShardRebalance> {
    const [rebalance] = await this.rebalances();
    if (rebalance === undefined) {
      throw new Error('there is no rebalance');
    }
    return rebalance;
  }

  /** Says something of the rebalance. */
  async say(spec: Partial<ShardRebalance['spec']>): Promise<void> {
    const { metadata } = await this.rebalance();
    await this.server.mergePatch(
      shardRebalances,
      { namespace: 'test', name: metadata.name },
      { spec },
      {},
      NEVER,
    );
  }

  /** Changes the spec of the cluster. */
  async changeSpec(spec: Record<string, unknown>): Promise<void> {
    await this.server.mergePatch(shardedClusters, KEY, { spec }, {}, NEVER);
  }

  /** Lets time pass. */
  async advance(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP_MILLISECONDS) {
      const map = await this.map();
      for (const agent of this.agents.values()) {
        agent.map = agent.isAlive && !agent.isBehind ? map : agent.map;
        agent.step((shard) => this.agents.get(shard));
      }
      this.#write();
      this.#speak();
      await this.#reconcile();
      await this.clock.advance(STEP_MILLISECONDS);
      await settle();
    }
  }

  /** Lets time pass until `isOver`; false when it does not come to that in time. */
  async until(isOver: () => Promise<boolean>, milliseconds = 120_000): Promise<boolean> {
    for (let passed = 0; passed < milliseconds; passed += 200) {
      if (await isOver()) {
        return true;
      }
      await this.advance(200);
    }
    return false;
  }

  /** Waits for the one rebalance to end, and returns its phase. */
  async untilEnded(milliseconds?: number): Promise<string> {
    await this.until(async () => {
      const [rebalance] = await this.rebalances();
      return rebalance?.status?.endedAt !== undefined;
    }, milliseconds);
    const [rebalance] = await this.rebalances();
    return rebalance?.status?.phase ?? 'none';
  }

  /** What must hold when nothing moves: every slot once, with everything that was acknowledged, and no remains. */
  async finalViolations(): Promise<readonly string[]> {
    const found = [...this.violations];
    const { spec } = await this.map();
    if (spec.moves !== undefined) {
      found.push(`moves are left on the map: ${JSON.stringify(spec.moves)}`);
    }
    const [keyspace] = spec.keyspaces ?? [];
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const owners = (keyspace?.slotsByShard ?? []).filter(({ slots }) => readSlotSet(slots).includes(slot));
      const [owner] = owners;
      const holders = [...this.agents.values()].filter(({ databases }) => databases.has(slot));
      if (owners.length !== 1 || holders.length !== 1 || holders[0]?.shard !== owner?.shard) {
        const where = holders.map(({ shard }) => shard).join();
        found.push(
          `slot ${slot} is on shards ${where}, by the map on ${owners.map(({ shard }) => shard).join()}`,
        );
      }
      const database = holders[0]?.databases.get(slot);
      if (database === undefined || database.writes !== this.acknowledged[slot] || !database.isGranted) {
        found.push(`slot ${slot} has ${database?.writes} of ${this.acknowledged[slot]} writes`);
      }
    }
    return found;
  }

  /** Numbers of the slots of each shard, by the map. */
  async slotsByShard(): Promise<Record<number, number>> {
    const { spec } = await this.map();
    const [keyspace] = spec.keyspaces ?? [];
    return Object.fromEntries(
      (keyspace?.slotsByShard ?? []).map(({ shard, slots }) => [shard, readSlotSet(slots).length]),
    );
  }

  async close(): Promise<void> {
    for (const { stop, ended } of this.#operators) {
      stop.abort(new Error('the test is over'));
      await ended;
    }
  }

  #write(): void {
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const taken = [...this.agents.values()].filter((agent) => agent.write(slot));
      if (taken.length > 1) {
        this.violations.push(`slot ${slot} was written on ${taken.map(({ shard }) => shard).join(' and ')}`);
      }
      this.acknowledged[slot] = (this.acknowledged[slot] ?? 0) + (taken.length > 0 ? 1 : 0);
    }
  }

  #speak(): void {
    for (const number of this.agents.keys()) {
      const pod = `demo-shard-${number}-0`;
      const target = {
        namespace: 'test',
        cluster: 'demo',
        pod,
        podUid: '',
        host: '',
        port: 1,
        serverName: '',
      };
      this.#operators.forEach(({ tell }) => tell(target));
    }
  }

  async #reconcile(): Promise<void> {
    for (const { reconciler, stop } of this.#operators) {
      try {
        await reconciler.reconcile(KEY, stop.signal);
      } catch (error) {
        if (!stop.signal.aborted && !isApiError(error, 'Conflict')) {
          throw error;
        }
      }
    }
  }

  #viewOf(uid: string): AgentView | undefined {
    const pod = this.#podNames.get(uid) ?? '';
    const number = Number(/-shard-(\d+)-/.exec(pod)?.[1] ?? -1);
    const agent = this.agents.get(number);
    const shard = agent?.map?.spec.shards.find((each) => each.number === number);
    if (agent === undefined || shard === undefined || !agent.isAlive) {
      return undefined;
    }
    const moves = shard.primary === pod ? agent.reports(shard.epoch) : [];
    const applied = `0-1-${agent.history}` as Position;
    const users = { digest: 'all', taken: [], carried: { digest: null, isComplete: true } };
    const state = leading({ moves, sizes: [], epoch: shard.epoch, users }, { applied });
    return {
      status: 'connected',
      statusSince: 0,
      error: undefined,
      frame: { version: 1, sequence: 1, sentAt: this.clock.now(), state },
      frameReceivedAt: this.clock.monotonic(),
      roundTripMilliseconds: 1,
      attendedAt: this.clock.monotonic(),
    };
  }

  async #changeShard(
    number: number,
    change: (shard: ShardMap['spec']['shards'][number]) => ShardMap['spec']['shards'][number],
  ): Promise<void> {
    const map = await this.map();
    const shards = map.spec.shards.map((shard) => (shard.number === number ? change(shard) : shard));
    try {
      await this.server.replace(
        shardMaps,
        { ...map, spec: { ...map.spec, revision: map.spec.revision + 1, shards } },
        {},
        NEVER,
      );
    } catch (error) {
      if (!isApiError(error, 'Conflict')) {
        throw error;
      }
      await this.#changeShard(number, change);
    }
  }

  /** What a write of the map must not do, whoever writes. */
  #checkMap(before: ShardMap, after: ShardMap): void {
    const former = new Map((before.spec.moves ?? []).map((move) => [move.id, move]));
    for (const move of after.spec.moves ?? []) {
      const was = former.get(move.id);
      const slot = move.slot ?? -1;
      const isFlip = was?.phase === 'Switching' && move.phase === 'Soaking';
      const isFlipBack = was?.phase === 'Returning' && move.phase === 'Undoing';
      if (isFlip || isFlipBack) {
        const giving = this.agents.get(isFlip ? move.from : move.to)?.databases.get(slot);
        const taking = this.agents.get(isFlip ? move.to : move.from)?.databases.get(slot);
        if (giving?.fence?.attempt !== move.attempt || giving.isGranted || taking?.writes !== giving.writes) {
          this.violations.push(`${move.id} was flipped without a fence, or behind it`);
        }
      }
    }
  }

  #step(stop: AbortController): void {
    stop.signal.throwIfAborted();
    this.steps += 1;
    if (this.steps === this.dieAt) {
      this.killOperators();
      stop.signal.throwIfAborted();
    }
  }

  /** The API server as one operator sees it. */
  #mortal(stop: AbortController): FakeApiServer {
    return mortalApiServer(this.server, {
      step: () => this.#step(stop),
      observe: async (kind, write) => {
        const before = await this.map();
        const result = await write();
        if (kind === 'ShardMap') {
          this.#checkMap(before, result as ShardMap);
        }
        return result;
      },
    });
  }
}
