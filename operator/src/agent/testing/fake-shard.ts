/** Three pods, their agents and a ShardMap, in memory and in time that a test advances. */
import type { ShardMapShard } from '../../api/v1alpha1/index.ts';
import type { Position } from '../../engines/position.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { Agent } from '../agent.ts';
import { CloneError } from '../clone-client.ts';
import type { ShardView } from '../observation.ts';
import type { AgentState } from '../protocol/agent-state.ts';
import { PROTOCOL_VERSION } from '../protocol/frame.ts';
import type { AgentSettings } from '../settings.ts';
import { addressOf, FakeMember, type FakeShard } from './fake-member.ts';
import { anEntry, OTHER_REPLICA, PRIMARY, REPLICA } from './observations.ts';

export const PODS = [PRIMARY, REPLICA, OTHER_REPLICA] as const;

interface RunningAgent {
  readonly agent: Agent;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  state: AgentState | null;
}

interface Promotion {
  readonly winner: string;
  readonly epoch: number;
  /** Who has answered that it receives no more. */
  readonly stopped: Set<string>;
}

const SETTINGS: AgentSettings = {
  engine: { type: 'MariaDB', version: '11.8' },
  configuration: '',
  maxLagSeconds: 5,
  fenceSeconds: 1,
  accounts: [],
  peers: {},
};

/** A shard whose map starts without a database. */
export class FakeShardWorld {
  readonly clock = new FakeClock();
  readonly shard: FakeShard = { members: new Map(), nextPid: 100, nextDatabase: 0 };
  readonly agents = new Map<string, RunningAgent>();
  readonly #handlers = new Set<() => void>();
  map: ShardMapShard = anEntry({ epoch: 1, ackers: [], initialised: false });
  /** What agents that only watch have seen; behind `map` while `isWatchBroken`. */
  #seen: ShardMapShard = this.map;
  #promotion: Promotion | null = null;
  isWatchBroken = false;
  isApiServerDown = false;
  /** Steps of all agents so far. */
  steps: string[] = [];
  /** Number of the step at which the agent that takes it dies; 0 for none. */
  dieAt = 0;
  /** Called with each step. */
  onStep: (pod: string, name: string) => void = () => {};
  /** The database that was marked as initialised. */
  recordedOrigin: string | null = null;

  constructor() {
    PODS.forEach((pod) => new FakeMember(pod, this.shard));
  }

  member(pod: string): FakeMember {
    const member = this.shard.members.get(pod);
    if (member === undefined) {
      throw new TypeError(`no member ${pod}`);
    }
    return member;
  }

  /** Starts an agent beside whatever is there. */
  startAgent(pod: string): void {
    const member = this.member(pod);
    const stop = new AbortController();
    const step = async (name: string): Promise<void> => {
      stop.signal.throwIfAborted();
      this.steps.push(`${pod} ${name}`);
      this.onStep(pod, name);
      if (this.steps.length === this.dieAt) {
        stop.abort(new Error(`dies at ${name}`));
        // A kubelet starts it again.
        this.clock.setTimer(1000, () => this.startAgent(pod));
        stop.signal.throwIfAborted();
      }
      await settle();
    };
    const own = member.member(step);
    const ordinal = Number(pod.at(-1));
    const running: RunningAgent = {
      stop,
      state: null,
      done: Promise.resolve(),
      agent: new Agent({
        place: { namespace: 'shop', cluster: 'demo', shard: 0, pod, podUid: `uid-${pod}`, ordinal },
        version: 'test',
        positionArithmetic: { empty: '' as Position },
        member: () => own,
        volumePath: '/volume',
        launcher: member.launcher(step),
        completeLaunch: async (plan) => plan,
        shardMap: {
          view: () => this.#view(),
          newestRevision: () => 1,
          read: async () => {
            if (this.isApiServerDown) {
              throw new Error('connection refused');
            }
            return { kind: 'known', shard: this.map };
          },
          onChange: (handler) => {
            this.#handlers.add(handler);
            return () => this.#handlers.delete(handler);
          },
          run: async () => {},
        },
        files: {
          settings: () => SETTINGS,
          accounts: () => [
            { name: 'replication', purpose: 'replication', password: 'x', requireTls: true, schemas: [] },
          ],
          accountsDigest: () => 'accounts',
          certificatesDigest: () => 'certificates',
          onChange: () => () => {},
          run: async () => {},
        },
        peers: { server: addressOf },
        positions: { position: () => null, followed: () => [] },
        fetchState: async (peer) => this.#stateOf(peer),
        fetchFrame: async (peer) => ({
          version: PROTOCOL_VERSION,
          sequence: 1,
          sentAt: this.clock.now(),
          state: this.#stateOf(peer),
        }),
        requestClone: async (source, _onProgress, signal) => {
          const peer = this.agents.get(source);
          if (peer === undefined || peer.stop.signal.aborted) {
            throw new CloneError('Unavailable', `${source} cannot be reached`);
          }
          try {
            return await peer.agent.openClone(pod, signal);
          } catch (cause) {
            throw new CloneError('Unavailable', `${source} refuses`, { cause });
          }
        },
        members: {
          address: (_, peer) => addressOf(peer),
          fetchState: async (_, peer) => this.#stateOf(peer),
        },
        servedPod: () => null,
        onState: (state) => {
          running.state = state;
        },
        processorTime: async () => null,
        measureVolume: async () => ({ usedBytes: 1, totalBytes: 2 ** 40 }),
        clock: this.clock,
        logger: silentLogger,
        random: () => 0.5,
      }),
    };
    this.agents.set(pod, running);
    void running.agent.run(stop.signal);
  }

  #stateOf(pod: string): AgentState {
    const state = this.agents.get(pod)?.state ?? null;
    if (state === null) {
      throw new Error(`${pod} cannot be reached`);
    }
    return state;
  }

  /** Kills an agent, and starts it again. */
  restartAgent(pod: string): void {
    this.agents.get(pod)?.stop.abort(new Error('killed'));
    this.startAgent(pod);
  }

  /** Writes the map as the operator would; agents see it unless their watch is broken. */
  writeMap(change: Partial<ShardMapShard>): void {
    this.map = { ...this.map, ...change };
    if (change.initialised === true) {
      this.recordedOrigin ??= this.member(this.map.primary ?? '').database?.origin ?? null;
    }
  }

  /** Has the operator promote a replica, by two writes and the orders in between, whatever happens meanwhile. */
  promote(winner: string): void {
    this.#promotion = { winner, epoch: this.map.epoch + 1, stopped: new Set() };
  }

  /** What the operator does about what the agents tell. */
  operate(): void {
    if (this.isApiServerDown) {
      return;
    }
    if (this.#promotion !== null) {
      this.#goOnPromoting(this.#promotion);
      return;
    }
    for (const [pod, { state, stop }] of this.agents) {
      if (state === null || stop.signal.aborted) {
        continue;
      }
      if (pod === this.map.primary && state.member?.heartbeat.kind === 'known' && !this.map.initialised) {
        this.writeMap({ initialised: true });
      }
      if (state.awaitingAcker && !this.map.ackers.includes(pod)) {
        this.writeMap({ ackers: [...this.map.ackers, pod] });
      }
      if (state.returned.leavingAckers !== null && this.map.ackers.length > 1) {
        this.writeMap({ ackers: this.map.ackers.filter((acker) => acker !== pod) });
      }
    }
  }

  #goOnPromoting({ winner, epoch, stopped }: Promotion): void {
    if (this.map.epoch < epoch) {
      this.writeMap({ epoch, primary: null, replicas: [...PODS] });
      return;
    }
    const others = PODS.filter((pod) => pod !== PRIMARY);
    if (others.every((pod) => stopped.has(pod))) {
      const replicas = PODS.filter((pod) => pod !== winner);
      this.writeMap({ primary: winner, replicas, ackers: others.filter((pod) => pod !== winner) });
      this.#promotion = null;
      return;
    }
    for (const pod of others.filter((pod) => !stopped.has(pod))) {
      this.agents
        .get(pod)
        ?.agent.commands.stopReceiving({ command: 'stopReceiving', epoch }, new AbortController().signal)
        .then(
          () => stopped.add(pod),
          () => {},
        );
    }
  }

  /** Lets time pass, with the operator at work. */
  async advance(milliseconds: number): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 200) {
      await this.clock.advance(200);
      this.operate();
      if (!this.isWatchBroken && !this.isApiServerDown && this.#seen !== this.map) {
        this.#seen = this.map;
        this.#handlers.forEach((handler) => handler());
      }
      await settle();
    }
  }

  /** Whether the primary takes writes and both replicas follow it. */
  isAtWork(): boolean {
    if (this.map.primary === null) {
      return false;
    }
    const primary = this.member(this.map.primary);
    return (
      primary.server?.isOpen === true &&
      primary.acknowledgers() === 2 &&
      PODS.every((pod) => this.agents.get(pod)?.state?.fitForReads === true)
    );
  }

  /** What must hold at every moment, whatever has happened. Empty when it does. */
  violations(): readonly string[] {
    const members = [...this.shard.members.values()];
    const open = members.filter(({ server }) => server?.isOpen === true);
    const { recordedOrigin } = this;
    return [
      ...open.filter(({ pod }) => pod !== this.map.primary).map(({ pod }) => `${pod} takes writes`),
      ...(open.length > 1 ? ['two members take writes'] : []),
      ...open
        .filter(({ database }) => recordedOrigin === null || database?.origin !== recordedOrigin)
        .map(({ pod }) => `${pod} takes writes into another database than the recorded one`),
      ...(recordedOrigin === null
        ? []
        : members
            .filter(({ database }) => database !== null && database.origin !== recordedOrigin)
            .map(({ pod }) => `${pod} has a second database`)),
      ...members
        .filter(({ server, volume }) => server !== null && volume.kind !== 'ready')
        .map(({ pod }) => `${pod} serves without data`),
    ];
  }

  async close(): Promise<void> {
    this.agents.forEach(({ stop }) => stop.abort(new Error('the test is over')));
    await settle();
  }

  #view(): ShardView {
    return { kind: 'known', shard: this.#seen };
  }
}
