import { describe, expect, it } from '@jest/globals';
import { createInformer } from './cache/informer.ts';
import { ApiError } from './client/api-error.ts';
import type { Reconciler } from './controller.ts';
import { createController, done } from './controller.ts';
import { LeadershipLostError } from './leader/elector.ts';
import { silentLogger } from './logger.ts';
import type { Manager } from './manager.ts';
import { createManager } from './manager.ts';
import type { KubernetesObject } from './objects.ts';
import { defineResource, keyOf } from './objects.ts';
import { leases } from './resources.ts';
import { FakeApiServer } from './testing/fake-api-server.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';

const things = defineResource<KubernetesObject>({
  group: 'example.org',
  version: 'v1',
  kind: 'Thing',
  plural: 'things',
  namespaced: true,
});
const signal = new AbortController().signal;
const leaseKey = { namespace: 'a', name: 'lease' };

interface Setup {
  readonly clock: FakeClock;
  readonly server: FakeApiServer;
  readonly manager: Manager;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
}

async function start(
  reconcile: Reconciler['reconcile'],
  prepare?: (manager: Manager) => void,
): Promise<Setup> {
  const clock = new FakeClock();
  const server = new FakeApiServer(clock);
  await server.create(things, { metadata: { namespace: 'a', name: 'one' } }, signal);
  const common = { client: server, clock, logger: silentLogger, random: () => 0 };
  const manager = createManager({
    ...common,
    leaderElection: { ...leaseKey, identity: 'me' },
    stopDeadlineMilliseconds: 5000,
  });
  const informer = createInformer({ ...common, type: things });
  const controller = createController({ ...common, name: 'test', reconciler: { reconcile } });
  controller.watch(informer, (thing) => [keyOf(thing)]);
  manager.addInformer(informer);
  manager.addController(controller);
  prepare?.(manager);
  const stop = new AbortController();
  const ended = manager.run(stop.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  await settle();
  await settle();
  return { clock, server, manager, stop, ended };
}

describe('the manager', () => {
  it('stops gracefully: the reconcile under way finishes, then the lease is released', async () => {
    const finish = Promise.withResolvers<undefined>();
    let isAborted: boolean | undefined;
    const setup = await start(async (_key, reconcileSignal) => {
      await finish.promise;
      isAborted = reconcileSignal.aborted;
      return done;
    });
    expect(setup.manager.isLeader()).toBe(true);
    setup.stop.abort(new Error('SIGTERM'));
    await setup.clock.advance(3000);
    expect((await setup.server.get(leases, leaseKey, signal))?.spec?.holderIdentity).toBe('me');
    finish.resolve(undefined);
    expect(await setup.ended).toBe('stopped');
    expect(isAborted).toBe(false);
    expect((await setup.server.get(leases, leaseKey, signal))?.spec?.holderIdentity).toBe('');
    expect(setup.server.openWatches).toBe(0);
  });

  it('aborts what does not finish in time', async () => {
    const setup = await start(
      (_key, reconcileSignal) =>
        new Promise((_resolve, reject) => {
          reconcileSignal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    );
    setup.stop.abort(new Error('SIGTERM'));
    await setup.clock.advance(5000);
    expect(await setup.ended).toBe('stopped');
    expect((await setup.server.get(leases, leaseKey, signal))?.spec?.holderIdentity).toBe('');
  });

  it('keeps the lease while something still acts under it', async () => {
    const setup = await start(() => Promise.withResolvers<never>().promise);
    setup.stop.abort(new Error('SIGTERM'));
    await setup.clock.advance(10_000);
    expect(await setup.ended).toBe('stopped');
    expect((await setup.server.get(leases, leaseKey, signal))?.spec?.holderIdentity).toBe('me');
  });

  it('aborts everything at once when the lease is lost', async () => {
    let isAborted = false;
    const setup = await start(
      (_key, reconcileSignal) =>
        new Promise((_resolve, reject) => {
          reconcileSignal.addEventListener('abort', () => {
            isAborted = true;
            reject(new Error('aborted'));
          });
        }),
    );
    setup.server.beforeRequest = ({ kind }) => {
      if (kind === 'Lease') {
        throw new ApiError('Unavailable', 0, 'away');
      }
    };
    await setup.clock.advance(3999);
    expect(isAborted).toBe(false);
    await setup.clock.advance(1);
    expect(isAborted).toBe(true);
    expect(await setup.ended).toBeInstanceOf(LeadershipLostError);
  });

  it('ends with what a part threw', async () => {
    const fault = new Error('a bug');
    const setup = await start(
      async () => done,
      (manager) => manager.addRunnable({ name: 'broken', run: () => Promise.reject(fault) }),
    );
    await setup.clock.advance(3000);
    expect(await setup.ended).toBe(fault);
  });

  it('can be stopped before its caches have synced', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    server.beforeRequest = () => Promise.withResolvers<undefined>().promise;
    const common = { client: server, clock, logger: silentLogger };
    const manager = createManager(common);
    manager.addInformer(createInformer({ ...common, type: things }));
    const stop = new AbortController();
    const running = manager.run(stop.signal);
    await settle();
    expect(manager.isLeader()).toBe(false);
    stop.abort(new Error('SIGTERM'));
    await expect(running).resolves.toBeUndefined();
  });

  it('answers probes: not ready before its caches are, ready as a standby, not ready while stopping', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const listing = Promise.withResolvers<undefined>();
    server.beforeRequest = async ({ kind, verb }) => {
      if (kind === 'Thing' && verb === 'list') {
        await listing.promise;
      }
    };
    const holder = { holderIdentity: 'other', leaseDurationSeconds: 15 };
    await server.create(leases, { metadata: leaseKey, spec: holder }, signal);
    const common = { client: server, clock, logger: silentLogger };
    const manager = createManager({
      ...common,
      http: { host: '127.0.0.1', port: 0 },
      leaderElection: { ...leaseKey, identity: 'me' },
    });
    manager.addInformer(createInformer({ ...common, type: things }));
    manager.addHealthCheck('own', () => {
      throw new Error('ill');
    });
    const stop = new AbortController();
    const running = manager.run(stop.signal);
    while (manager.httpPort() === undefined) {
      await settle();
    }
    const fetchPage = async (path: string): Promise<string> => {
      const response = await fetch(`http://127.0.0.1:${manager.httpPort()}${path}`);
      return `${response.status} ${await response.text()}`;
    };
    expect(await fetchPage('/readyz')).toBe('503 [-] caches failed: not synced: things\n');
    listing.resolve(undefined);
    await settle();
    expect(await fetchPage('/readyz')).toBe('200 [+] caches ok\n');
    expect(manager.isLeader()).toBe(false);
    expect(await fetchPage('/healthz')).toBe('503 [+] ping ok\n[-] own failed: ill\n');
    expect(await fetchPage('/metrics')).toBe('404 no metrics\n');
    stop.abort(new Error('SIGTERM'));
    await running;
  });
});
