/**
 * A shard with agents, a client that writes, and operators that may be killed at every step, on a clock that is advanced
 * by hand. What must hold at every moment is checked at every moment.
 */
import type { CommandRequest } from '../../agent/protocol/commands.ts';
import { type ShardMap, type ShardMapShard, switchoverAnnotation } from '../../api/v1alpha1/index.ts';
import { assertNever } from '../../runtime/assert-never.ts';
import { shardedClusters, shardMaps } from '../../controllers/sharded-cluster/resource-types.ts';
import { aCluster, aPod } from '../../controllers/sharded-cluster/testing/builders.ts';
import { mariadbPositions } from '../../engines/mariadb/gtid.ts';
import { createInformer } from '../../runtime/cache/informer.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { pods } from '../../runtime/resources.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { mortalApiServer } from '../../runtime/testing/mortal-api-server.ts';
import type { SendCommand } from '../act/fence-members.ts';
import type { AgentView } from '../agent-client/agent-client.ts';
import { ShardMapWriter } from '../shard-map-writer.ts';
import { ShardSupervisor } from '../shard-supervisor.ts';
import { noSupervisorMetrics } from '../supervisor-metrics.ts';
import { aShard, PODS } from './observations.ts';
import { type Entry, SimulatedMember, type Surroundings } from './simulated-member.ts';

const NEVER = new AbortController().signal;
const KEY = { namespace: 'test', name: 'demo' };
const STEP_MILLISECONDS = 50;
/** A crashed agent, or operator, is back after so long. */
const RESTART_MILLISECONDS = 400;

interface Operator {
  readonly supervisor: ShardSupervisor;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

export class SimulatedShard {
  readonly clock = new FakeClock();
  readonly server = new FakeApiServer(this.clock);
  readonly members = PODS.map((pod, ordinal) => new SimulatedMember(pod, ordinal));
  readonly acknowledged = new Map<string, Entry>();
  readonly violations: string[] = [];
  /** Number of steps of operators so far: each write and each command is two, before and after. */
  steps = 0;
  /** Number of the step at which the operator that takes it is killed; 0 for none. */
  dieAt = 0;
  /** Number of the step at which something else happens; 0 for none. */
  strikeAt = 0;
  /** What happens then. */
  strike: () => void = () => {};
  /** How many entries a replica receives and applies in one step. */
  pace = 3;
  readonly #operators = new Set<Operator>();
  #map: ShardMapShard = aShard();
  #epochOpened = 0;
  #rows = 0;
  #heard = new Map<string, AgentView>();
  #uids = new Map<string, string>();

  get map(): ShardMapShard {
    return this.#map;
  }

  member(pod: string): SimulatedMember {
    const member = this.members.find((each) => each.pod === pod);
    if (member === undefined) {
      throw new TypeError(`no member ${pod}`);
    }
    return member;
  }

  /** Makes the objects, and lets the shard come to work. */
  async begin(): Promise<void> {
    await this.server.create(shardedClusters, aCluster({ failover: { minSecondsBetween: 0 } }), NEVER);
    const [primary, ...replicas] = this.members;
    await this.server.create(
      shardMaps,
      {
        apiVersion: 'shardwright.io/v1alpha1',
        kind: 'ShardMap',
        metadata: { ...KEY },
        spec: { revision: 1, shards: [this.#map] },
      },
      NEVER,
    );
    for (const name of PODS) {
      const { metadata } = await this.server.create(pods, aPod(name), NEVER);
      this.#uids.set(metadata?.uid ?? '', name);
    }
    if (primary !== undefined) {
      primary.role = 'primary';
    }
    replicas.forEach((replica) => (replica.role = 'replica'));
    this.startOperator();
    await this.advance(1000);
  }

  /** Starts an operator, beside any that runs: one that was deposed may not know it yet. */
  startOperator(): void {
    const stop = new AbortController();
    const client = this.#mortal(stop);
    const options = { client, clock: this.clock, logger: silentLogger, random: () => 0.5 };
    const clusters = createInformer({ ...options, type: shardedClusters });
    const maps = createInformer({ ...options, type: shardMaps });
    const podInformer = createInformer({ ...options, type: pods });
    const supervisor = new ShardSupervisor({
      cluster: KEY,
      number: 0,
      clusters,
      writer: new ShardMapWriter(client, maps),
      pods: podInformer,
      viewOf: (uid) => this.#heard.get(this.#uids.get(uid) ?? ''),
      stalls: { isStalled: () => false, stalledMilliseconds: () => 0 },
      send: this.#sender(stop),
      positions: mariadbPositions,
      clock: this.clock,
      logger: silentLogger,
      metrics: noSupervisorMetrics,
      onNews: () => {},
    });
    const runs = [clusters, maps, podInformer, supervisor].map((each) => each.run(stop.signal));
    this.#operators.add({ supervisor, stop, ended: Promise.allSettled(runs) });
  }

  /** Kills all operators; another goes on in a moment. */
  killOperators(): void {
    this.#operators.forEach(({ stop }) => stop.abort(new Error('killed')));
    this.#operators.clear();
    this.clock.setTimer(RESTART_MILLISECONDS, () => this.startOperator());
  }

  /** Asks for a switchover by the annotation. */
  async ask(request: string): Promise<void> {
    const annotations = { [switchoverAnnotation(0)]: request };
    await this.server.mergePatch(shardedClusters, KEY, { metadata: { annotations } }, {}, NEVER);
  }

  killServer(pod: string): void {
    this.member(pod).kill(this.clock.monotonic());
  }

  /** Kills an agent, which is back in a moment and has forgotten what it was told. */
  killAgent(pod: string): void {
    const member = this.member(pod);
    member.isAgentAlive = false;
    member.seen = null;
    member.isStoodDown = false;
    member.heldUntil = 0;
    this.clock.setTimer(RESTART_MILLISECONDS, () => {
      member.isAgentAlive = true;
      // A server that looks promoted, or was a primary, is killed unless the map names it: nobody knows why it is so.
      const isPrimary = member.preparedFor !== null || member.role === 'primary';
      if (isPrimary && this.#map.primary !== pod) {
        this.killServer(pod);
      }
    });
  }

  /** Lets time pass. */
  async advance(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += STEP_MILLISECONDS) {
      await this.#readMap();
      const surroundings = this.#surroundings();
      for (const member of this.members) {
        member.step(surroundings);
        member.replicate(surroundings, this.pace);
      }
      this.#write();
      this.#speak(surroundings);
      this.#check();
      await this.clock.advance(STEP_MILLISECONDS);
      await settle();
    }
  }

  /** Lets time pass until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await this.advance(STEP_MILLISECONDS);
    }
  }

  /** Heals everything, and waits for the shard to be at work again; false when it does not come to that. */
  async recover(milliseconds = 60_000): Promise<boolean> {
    this.members.forEach((member) => {
      member.isReachable = true;
      member.isCursed = false;
      if (member.cannotApply) {
        // Whoever has removed what kept it from applying starts it again.
        this.killServer(member.pod);
      }
    });
    for (let passed = 0; passed < milliseconds; passed += 500) {
      await this.advance(500);
      if (this.isAtWork()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the recorded primary takes writes and everybody else follows it and has all that was acknowledged. */
  isAtWork(): boolean {
    const { primary, ackers } = this.#map;
    return (
      primary !== null &&
      this.member(primary).isOpen &&
      ackers.length === PODS.length - 1 &&
      this.members.every((member) => member.pod === primary || member.source === primary) &&
      this.members.every((member) => this.#lacking(member).length === 0)
    );
  }

  /** What must hold at the end. */
  finalViolations(): readonly string[] {
    const primary = this.#map.primary === null ? undefined : this.member(this.#map.primary);
    const lost = primary === undefined ? [...this.acknowledged.keys()] : this.#lacking(primary);
    return [...this.violations, ...lost.map((id) => `${id} was acknowledged and is lost`)];
  }

  async close(): Promise<void> {
    for (const { stop, ended } of this.#operators) {
      stop.abort(new Error('the test is over'));
      await ended;
    }
  }

  #write(): void {
    for (const member of this.members.filter(({ isOpen, isRunning }) => isOpen && isRunning)) {
      this.#rows += 1;
      member.append(`row ${this.#rows}`);
    }
  }

  #surroundings(): Surroundings {
    return {
      map: this.#map,
      now: this.clock.monotonic(),
      peer: (pod) => this.members.find((member) => member.pod === pod),
      onOpened: (member) => {
        const missing = this.#lacking(member);
        if (missing.length > 0) {
          this.violations.push(`${member.pod} opens without ${missing.join(', ')}`);
        }
        const others = this.members.filter((each) => each !== member && each.isOpen && each.isReachable);
        others.forEach((other) => this.violations.push(`${member.pod} opens while ${other.pod} is open`));
        this.#epochOpened = Math.max(this.#epochOpened, member.openEpoch);
      },
      onAcknowledged: (member, entry) => {
        if (!this.acknowledged.has(entry.id)) {
          this.acknowledged.set(entry.id, entry);
          if (member.isOpen && member.openEpoch < this.#epochOpened) {
            this.violations.push(`${entry.id} was acknowledged in epoch ${member.openEpoch}, which was over`);
          }
        }
      },
      isAcknowledged: (entry) => this.acknowledged.get(entry.id) === entry,
    };
  }

  #lacking(member: SimulatedMember): readonly string[] {
    const held = new Set(member.log.map(({ id }) => id));
    return [...this.acknowledged.keys()].filter((id) => !held.has(id));
  }

  /** Every agent that can be heard sends a frame. */
  #speak(surroundings: Surroundings): void {
    for (const member of this.members) {
      const last = this.#heard.get(member.pod);
      if (!member.isAgentAlive || !member.isReachable) {
        if (last !== undefined) {
          this.#heard.set(member.pod, { ...last, status: 'closed' });
        }
        continue;
      }
      this.#heard.set(member.pod, {
        status: 'connected',
        statusSince: 0,
        error: undefined,
        frame: { version: 1, sequence: 1, sentAt: this.clock.now(), state: member.state(surroundings) },
        frameReceivedAt: this.clock.monotonic(),
        roundTripMilliseconds: 1,
        attendedAt: this.clock.monotonic(),
      });
    }
    this.#operators.forEach(({ supervisor }) => supervisor.wake());
  }

  async #readMap(): Promise<void> {
    const map = await this.server.get(shardMaps, KEY, NEVER);
    const shard = map?.spec.shards[0];
    if (shard !== undefined && JSON.stringify(shard) !== JSON.stringify(this.#map)) {
      this.#map = shard;
    }
  }

  /** The rules the API server has for the map. */
  #checkMap(former: ShardMapShard, { epoch, primary }: ShardMapShard): void {
    const isDirect = former.primary !== null && primary !== null && former.primary !== primary;
    const isSecond = former.epoch === epoch && former.primary !== null && primary !== former.primary;
    if (isDirect || isSecond || epoch < former.epoch) {
      this.violations.push(
        `the map went from ${former.primary} in ${former.epoch} to ${primary} in ${epoch}`,
      );
    }
  }

  #check(): void {
    const open = this.members.filter(
      ({ isOpen, isRunning, isReachable }) => isOpen && isRunning && isReachable,
    );
    const current = open.filter(({ pod }) => pod === this.#map.primary);
    if (open.length > 1 && current.length > 1) {
      this.violations.push(`${open.map(({ pod }) => pod).join(' and ')} take writes`);
    }
  }

  /** One step of an operator; it may be its last. */
  #step(stop: AbortController): void {
    stop.signal.throwIfAborted();
    this.steps += 1;
    if (this.steps === this.strikeAt) {
      this.strike();
    }
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
        const [before] = (await this.server.get(shardMaps, KEY, NEVER))?.spec.shards ?? [];
        const result = await write();
        const [after] = kind === 'ShardMap' ? (result as ShardMap).spec.shards : [];
        if (before !== undefined && after !== undefined) {
          this.#checkMap(before, after);
        }
        return result;
      },
    });
  }

  async #carryOut(member: SimulatedMember, request: CommandRequest, signal: AbortSignal): Promise<unknown> {
    const now = this.clock.monotonic();
    switch (request.command) {
      case 'killServer':
        member.kill(now);
        member.isStoodDown = true;
        return { exit: null };
      case 'stopReceiving':
        return member.stopReceiving(request.epoch, now);
      case 'closeWrites':
        return { position: member.closeWrites(now, request.holdMilliseconds) };
      case 'stepDown':
        // An agent reads the map anew before it does so.
        await this.#readMap();
        member.seen = this.#map;
        member.stepDown(request.epoch, request.position);
        return {};
      case 'reopenWrites':
        member.heldUntil = 0;
        return { wasHeld: true };
      case 'awaitApplied':
        for (let waited = 0; waited < request.timeoutMilliseconds; waited += STEP_MILLISECONDS) {
          if (member.hasApplied(request.position)) {
            return { reached: true };
          }
          await this.clock.sleep(STEP_MILLISECONDS, signal);
        }
        return { reached: false };
      case 'prepareToLead':
        return { isPrepared: member.prepareToLead(request.epoch) };
      case 'prepareToFollow':
        return { isPrepared: member.prepareToFollow(request.epoch, request.primary) };
      case 'restartPrimary':
        member.isRestartOrdered = !member.isRunning;
        return { wasDown: !member.isRunning };
      case 'setUsers':
        return {};
      case 'readUsers':
        return { users: [] };
      case 'inspectDatabases':
        return { findings: [] };
      case 'findMiddleKey':
        return { key: '0' };
      case 'readHoldings':
        return { revision: 0, served: [], closed: [], missing: [], fences: [], moves: [] };
      default:
        return assertNever(request);
    }
  }

  #sender(stop: AbortController): SendCommand {
    const send = async (
      pod: string,
      request: CommandRequest,
      deadline: number,
      signal: AbortSignal,
    ): Promise<unknown> => {
      this.#step(stop);
      const member = this.member(pod);
      if (!member.isReachable) {
        await this.clock.sleep(deadline, signal);
        throw new Error('no answer');
      }
      if (!member.isAgentAlive) {
        throw new Error('refused');
      }
      await settle();
      const answer = await this.#carryOut(member, request, signal);
      this.#step(stop);
      return answer;
    };
    return send as SendCommand;
  }
}
