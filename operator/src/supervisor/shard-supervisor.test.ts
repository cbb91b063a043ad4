/** The loop of a shard against an API server in memory, with agents that say what a test has them say. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { replicaState } from '../agent/testing/agent-states.ts';
import type { ShardMapShard } from '../api/v1alpha1/index.ts';
import { shardedClusters, shardMaps } from '../controllers/sharded-cluster/resource-types.ts';
import { aCluster, aPod } from '../controllers/sharded-cluster/testing/builders.ts';
import { mariadbPositions } from '../engines/mariadb/gtid.ts';
import type { Position } from '../engines/position.ts';
import { createInformer } from '../runtime/cache/informer.ts';
import { silentLogger } from '../runtime/logger.ts';
import { pods } from '../runtime/resources.ts';
import { FakeApiServer } from '../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../runtime/testing/fake-clock.ts';
import type { AgentView } from './agent-client/agent-client.ts';
import { ShardMapWriter } from './shard-map-writer.ts';
import { ShardSupervisor } from './shard-supervisor.ts';
import { noSupervisorMetrics } from './supervisor-metrics.ts';

const NEVER = new AbortController().signal;
const KEY = { namespace: 'test', name: 'demo' };
const MEMBERS = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;
const [PRIMARY, FIRST, SECOND] = MEMBERS;
const SHARD: ShardMapShard = {
  number: 0,
  name: 'demo-shard-0',
  epoch: 1,
  primary: PRIMARY,
  replicas: [FIRST, SECOND],
  ackers: [FIRST, SECOND],
  initialised: true,
  acknowledgement: 'OneReplica',
};

let clock: FakeClock;
let server: FakeApiServer;
let supervisor: ShardSupervisor;
let stop: AbortController;
let running: Promise<unknown>;
let states: Map<string, AgentState>;
let isStalled: boolean;
let stalledLooks: number;
/** Pods by uid. */
let names: Map<string, string>;

function viewOf(uid: string): AgentView | undefined {
  const state = states.get(names.get(uid) ?? '');
  return state === undefined
    ? undefined
    : {
        status: 'connected',
        statusSince: 0,
        error: undefined,
        frame: { version: 1, sequence: 1, sentAt: 0, state },
        frameReceivedAt: clock.monotonic(),
        roundTripMilliseconds: 1,
        attendedAt: undefined,
      };
}

function at(position: string, role: 'primary' | 'replica' = 'replica'): AgentState {
  const state = replicaState({ epoch: 1 });
  const { member } = state;
  if (member?.role.kind !== 'replica') {
    throw new TypeError('no replica');
  }
  const value = position as Position;
  const following = { ...member.role.following, receiving: { kind: 'running' } as const };
  return {
    ...state,
    member: {
      ...member,
      role: role === 'primary' ? { kind: 'primary' } : { kind: 'replica', following },
      applied: value,
      received: { kind: 'known', value },
    },
  };
}

async function begin(
  shard: Partial<ShardMapShard> = {},
  spec: Parameters<typeof aCluster>[0] = {},
): Promise<void> {
  await server.create(shardedClusters, aCluster(spec), NEVER);
  await server.create(
    shardMaps,
    {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardMap',
      metadata: { ...KEY },
      spec: { revision: 7, shards: [{ ...SHARD, ...shard }] },
    },
    NEVER,
  );
  for (const name of MEMBERS) {
    const { metadata } = await server.create(pods, aPod(name), NEVER);
    names.set(metadata?.uid ?? '', name);
  }
  const options = { client: server, clock, logger: silentLogger, random: () => 0.5 };
  const clusters = createInformer({ ...options, type: shardedClusters });
  const maps = createInformer({ ...options, type: shardMaps });
  const podInformer = createInformer({ ...options, type: pods });
  supervisor = new ShardSupervisor({
    cluster: KEY,
    number: 0,
    clusters,
    writer: new ShardMapWriter(server, maps),
    pods: podInformer,
    viewOf,
    stalls: { isStalled: () => isStalled, stalledMilliseconds: () => 0 },
    send: () => Promise.reject(new Error('no agent is there to command')),
    metrics: { ...noSupervisorMetrics, stalledLook: () => (stalledLooks += 1) },
    positions: mariadbPositions,
    clock,
    logger: silentLogger,
    onNews: () => {},
  });
  const informers = [clusters, maps, podInformer].map((informer) => informer.run(stop.signal));
  await settle();
  running = Promise.all([...informers, supervisor.run(stop.signal)]);
  await settle();
}

async function pass(milliseconds = 1000): Promise<ShardMapShard | undefined> {
  await clock.advance(milliseconds);
  await settle();
  return (await server.get(shardMaps, KEY, NEVER))?.spec.shards[0];
}

async function revision(): Promise<number | undefined> {
  return (await server.get(shardMaps, KEY, NEVER))?.spec.revision;
}

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeApiServer(clock);
  stop = new AbortController();
  names = new Map();
  [isStalled, stalledLooks] = [false, 0];
  states = new Map([
    [PRIMARY, at('0-1-42', 'primary')],
    [FIRST, at('0-1-42')],
    [SECOND, at('0-1-42')],
  ]);
});

afterEach(async () => {
  stop.abort();
  await running.catch(() => {});
});

describe('the loop of a shard', () => {
  it('records a replica that waits, raises the revision by one, and rests', async () => {
    states.set(SECOND, { ...at('0-1-42'), awaitingAcker: true });
    await begin({ ackers: [FIRST] });
    expect((await pass())?.ackers).toEqual([FIRST, SECOND]);
    await pass(10_000);
    expect(await revision()).toBe(8);
  });

  it('changes nothing while suspended', async () => {
    states.set(SECOND, { ...at('0-1-42'), awaitingAcker: true });
    await begin({ ackers: [FIRST] }, { suspend: true });
    await pass();
    expect(await revision()).toBe(7);
  });

  it('has everything else wait when a primary is lost, for a moment, and not when that was a while ago', async () => {
    await begin();
    await pass();
    expect(supervisor.report.isUrgent).toBe(false);
    const { server: _, ...rest } = at('0-1-50', 'primary');
    const lastExit = { pid: 7, code: null, signal: 'SIGKILL', at: 0 };
    states.set(PRIMARY, { ...rest, member: null, server: { kind: 'ended', lastExit } });
    // Nobody can take over: what the dead primary holds is not known, nor what the others do.
    states.delete(FIRST);
    states.delete(SECOND);
    supervisor.wake();
    await pass(100);
    expect([supervisor.report.state, supervisor.report.isUrgent]).toEqual(['primaryLost', true]);
    await pass(2000);
    expect([supervisor.report.state, supervisor.report.isUrgent]).toEqual(['primaryLost', false]);
  });

  it('lets a removed acker go once another holds what it may have acknowledged, and not before', async () => {
    await begin({}, { instances: 2 });
    await server.delete(pods, { namespace: 'test', name: SECOND }, {}, NEVER);
    states.set(PRIMARY, at('0-1-50', 'primary'));
    await pass();
    expect((await pass(10_000))?.ackers).toEqual([FIRST, SECOND]);
    states.set(FIRST, at('0-1-50'));
    expect((await pass())?.ackers).toEqual([FIRST]);
  });

  it('takes nobody’s silence for true while its own event loop is held up', async () => {
    await begin();
    await pass();
    const { member, ...rest } = at('0-1-42');
    if (member?.role.kind !== 'replica') {
      throw new TypeError('no replica');
    }
    const following = { ...member.role.following, receiving: { kind: 'connecting' } as const };
    const cutOff = { ...rest, member: { ...member, role: { kind: 'replica', following } as const } };
    states = new Map([FIRST, SECOND].map((pod) => [pod, cutOff]));
    isStalled = true;
    expect(await pass(10_000)).toMatchObject({ epoch: 1, primary: PRIMARY });
    expect(supervisor.report.state).toBe('healthy');
    expect(stalledLooks).toBeGreaterThan(1);
    isStalled = false;
    expect(await pass()).toMatchObject({ epoch: 2, primary: null });
  });

  it('does not wait to hear better of a death that is proven', async () => {
    await begin();
    await pass();
    const lastExit = { pid: 7, code: null, signal: 'SIGKILL', at: 0 };
    states.set(PRIMARY, { ...at('0-1-42'), member: null, server: { kind: 'ended', lastExit } });
    isStalled = true;
    supervisor.wake();
    expect(await pass(100)).toMatchObject({ epoch: 2, primary: null });
    expect(stalledLooks).toBe(0);
  });
});
