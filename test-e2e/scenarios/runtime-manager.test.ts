/** Election, events, connections and quietness against a real API server. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LeaderElectorOptions, Manager, ObjectKey } from '../../operator/src/runtime/index.ts';
import {
  createController,
  createEventRecorder,
  createInformer,
  createLeaderElector,
  createManager,
  createPrometheusMetrics,
  done,
  events,
  keyOf,
  LeadershipLostError,
  leases,
  silentLogger,
  systemClock,
} from '../../operator/src/runtime/index.ts';
import { conformanceCases } from '../../operator/src/runtime/testing/conformance.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { startControlPlane } from '../cluster/control-plane/index.ts';
import type { TestClient } from '../runtime/test-client.ts';
import { connectTo, entries, pause, until } from '../runtime/test-client.ts';
import { startUnreliableProxy } from '../runtime/unreliable-proxy.ts';

const signal = new AbortController().signal;
const namespace = 'default';
/** Short enough for a test, with the proportions of the defaults. */
const quick = { leaseMilliseconds: 6000, renewDeadlineMilliseconds: 4000, retryMilliseconds: 800 };
/** Whoever had to wait for the end of a lease would take at least as long. */
const AT_ONCE_MILLISECONDS = quick.leaseMilliseconds - 2 * quick.retryMilliseconds;

let controlPlane: ControlPlane;
let test: TestClient;

beforeAll(async () => {
  controlPlane = await startControlPlane();
  test = await connectTo(controlPlane);
});

afterAll(async () => {
  await test?.close();
  await controlPlane?.stop();
});

const forgetThePast = async (): Promise<void> => {
  await controlPlane.compact();
  await controlPlane.restartApiServer('SIGKILL');
};

const elector = (identity: string, name: string, options: Partial<LeaderElectorOptions> = {}) =>
  createLeaderElector({
    client: test.client,
    clock: systemClock,
    logger: silentLogger,
    random: Math.random,
    namespace,
    name,
    identity,
    ...quick,
    ...options,
  });
const holder = async (name: string) => (await test.client.get(leases, { namespace, name }, signal))?.spec;

describe('the real API server keeps the promises the fake one makes', () => {
  it.each(conformanceCases)('$name', async ({ run }) => {
    const kept = run({ client: test.client, namespace, signal, compact: forgetThePast });
    await expect(kept).resolves.toBeUndefined();
  });
});

describe('connections', () => {
  it('serve fifty requests with two handshakes at most', async () => {
    const fresh = await connectTo(controlPlane);
    for (let count = 0; count < 50; count += 1) {
      await fresh.client.get(entries, { namespace, name: 'none' }, signal);
    }
    expect(fresh.connections()).toBeLessThanOrEqual(2);
    await fresh.close();
  });
});

describe('election', () => {
  it('hands over at once when the leader lets go', async () => {
    const [first, second] = [elector('first', 'handed-over'), elector('second', 'handed-over')];
    await first.acquire(signal);
    const stop = new AbortController();
    const holding = first.hold(stop.signal);
    const waiting = second.acquire(signal);
    await pause(quick.leaseMilliseconds + 500);
    expect(second.isLeader()).toBe(false);
    stop.abort(new Error('stopping'));
    await holding;
    await first.release(signal);
    const released = Date.now();
    await waiting;
    expect(Date.now() - released).toBeLessThan(AT_ONCE_MILLISECONDS);
    expect(first.isLeader()).toBe(false);
    expect(await holder('handed-over')).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  it('replaces a leader that fell silent, after its lease and not before', async () => {
    const [first, second] = [elector('first', 'silent'), elector('second', 'silent')];
    await first.acquire(signal);
    const taken = Date.now();
    await second.acquire(signal);
    expect(Date.now() - taken).toBeGreaterThanOrEqual(quick.leaseMilliseconds - 100);
    expect(await holder('silent')).toMatchObject({ holderIdentity: 'second', leaseTransitions: 1 });
  });

  it('ends the leader that cannot reach the API server before another may follow', async () => {
    const proxy = await startUnreliableProxy(Number(new URL(controlPlane.url).port));
    const cutOff = await connectTo(controlPlane, proxy.port);
    const first = elector('first', 'cut-off', { client: cutOff.client });
    const second = elector('second', 'cut-off');
    await first.acquire(signal);
    const holding = first.hold(signal).catch((error: unknown) => ({ error, at: Date.now() }));
    const following = second.acquire(signal).then(() => Date.now());
    proxy.refuse(true);
    const lost = await holding;
    expect(lost).toMatchObject({ error: expect.any(LeadershipLostError) });
    expect(first.isLeader()).toBe(false);
    expect(await following).toBeGreaterThan(typeof lost === 'object' ? lost.at : Infinity);
    await cutOff.close();
    await proxy.close();
  });
});

describe('the event recorder', () => {
  it('counts a repetition instead of making another event', async () => {
    const recorder = createEventRecorder({
      client: test.client,
      clock: systemClock,
      logger: silentLogger,
      reporter: { controller: 'example.org/test', instance: 'one' },
    });
    const regarding = await test.client.create(entries, { metadata: { namespace, name: 'evented' } }, signal);
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    const tell = (): void =>
      recorder.event(regarding, {
        type: 'Warning',
        reason: 'Tested',
        action: 'Test',
        note: 'é'.repeat(1000),
      });
    const written = async () => {
      const page = await test.client.list(events, { namespace }, signal);
      return page.items.filter((event) => event.reason === 'Tested');
    };
    tell();
    await until('the event is written', async () => (await written()).length === 1);
    tell();
    await until('the series is written', async () => (await written())[0]?.series?.count === 2);
    tell();
    stop.abort(new Error('stopping'));
    await running;
    const all = await written();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ series: { count: 3 }, regarding: { name: 'evented' }, type: 'Warning' });
  });
});

describe('the manager', () => {
  it('hands the work to a warm standby, and costs nothing while idle', async () => {
    const proxy = await startUnreliableProxy(Number(new URL(controlPlane.url).port));
    const first = await startReplica('first', proxy.port);
    await until('the first leads', () => first.manager.isLeader());
    await until('the first has reconciled', () => first.reconciled.length > 0);
    const second = await startReplica('second');
    await until('the standby is ready', async () => (await second.page('/readyz')).status === 200);
    expect((await first.page('/healthz')).text).toBe('[+] ping ok\n');
    expect(second.reconciled).toHaveLength(0);

    const lists = first.client.requests.get('GET') ?? 0;
    const writes = first.client.requests.get('PATCH') ?? 0;
    await pause(3000);
    // Renewing the lease is a PUT; nothing else is sent.
    expect(first.client.requests.get('GET')).toBe(lists);
    expect(first.client.requests.get('PATCH') ?? 0).toBe(writes);

    const { text } = await first.page('/metrics');
    expect(text).toContain('controller_runtime_reconcile_total{controller="test",result="success"}');
    expect(text).toContain('leader_election_master_status{name="manager"} 1');
    expect(text).toContain('workqueue_depth{name="test",controller="test"} 0');
    expect(text).toContain('workqueue_unfinished_work_seconds');

    first.stop.abort(new Error('SIGTERM'));
    expect(await first.ended).toBe('stopped');
    const released = Date.now();
    await until('the standby leads', () => second.manager.isLeader());
    expect(Date.now() - released).toBeLessThan(AT_ONCE_MILLISECONDS);
    await until('the standby has reconciled', () => second.reconciled.length > 0);

    second.stop.abort(new Error('SIGTERM'));
    expect(await second.ended).toBe('stopped');
    await Promise.all([first.client.close(), second.client.close(), proxy.close()]);
  });

  it('ends with an error when it loses the lease', async () => {
    const proxy = await startUnreliableProxy(Number(new URL(controlPlane.url).port));
    const replica = await startReplica('third', proxy.port);
    await until('it leads', () => replica.manager.isLeader());
    proxy.refuse(true);
    expect(await replica.ended).toBeInstanceOf(LeadershipLostError);
    expect(replica.manager.isLeader()).toBe(false);
    await Promise.all([replica.client.close(), proxy.close()]);
  });
});

interface Replica {
  readonly manager: Manager;
  readonly client: TestClient;
  readonly reconciled: ObjectKey[];
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
  page(path: string): Promise<{ status: number; text: string }>;
}

async function startReplica(identity: string, port?: number): Promise<Replica> {
  const client = await connectTo(controlPlane, port);
  const { metrics, page: metricsPage } = createPrometheusMetrics();
  const common = { client: client.client, clock: systemClock, logger: silentLogger, metrics };
  const manager = createManager({
    ...common,
    http: { host: '127.0.0.1', port: 0, metricsPage },
    leaderElection: { namespace, name: 'manager', identity, ...quick },
  });
  const informer = createInformer({ ...common, type: entries, namespaces: [namespace] });
  const reconciled: ObjectKey[] = [];
  const reconciler = {
    reconcile: async (key: ObjectKey) => {
      reconciled.push(key);
      return done;
    },
  };
  const controller = createController({ ...common, name: 'test', reconciler });
  controller.watch(informer, (entry) => [keyOf(entry)]);
  manager.addInformer(informer);
  manager.addController(controller);
  const stop = new AbortController();
  const ended = manager.run(stop.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  await until('the server listens', () => manager.httpPort() !== undefined);
  const page = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${String(manager.httpPort())}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { manager, client, reconciled, stop, ended, page };
}
