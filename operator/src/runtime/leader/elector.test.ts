import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../client/api-error.ts';
import { silentLogger } from '../logger.ts';
import { leases } from '../resources.ts';
import { FakeApiServer } from '../testing/fake-api-server.ts';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import type { LeaderElector } from './elector.ts';
import { createLeaderElector, LeadershipLostError } from './elector.ts';

const forever = new AbortController().signal;
const key = { namespace: 'a', name: 'lease' };

function candidate(identity: string, server: FakeApiServer, clock: FakeClock): LeaderElector {
  return createLeaderElector({
    ...key,
    identity,
    client: server,
    clock,
    logger: silentLogger,
    random: () => 0,
  });
}

/** Follows a promise without waiting for it. */
function follow<T>(promise: Promise<T>): { settled: boolean; error: unknown } {
  const state: { settled: boolean; error: unknown } = { settled: false, error: undefined };
  const watch = async (): Promise<void> => {
    try {
      await promise;
    } catch (error) {
      state.error = error;
    }
    state.settled = true;
  };
  void watch();
  return state;
}

describe('the elector', () => {
  it('creates the lease for five seconds', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    expect(elector.isLeader()).toBe(true);
    expect((await server.get(leases, key, forever))?.spec).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 5,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
  });

  it('renews every second, with one request each', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    const stop = new AbortController();
    const holding = elector.hold(stop.signal);
    const before = server.requests.length;
    await clock.advance(10_000);
    expect(server.requests.slice(before).map(({ verb }) => verb)).toEqual(
      Array.from({ length: 10 }, () => 'replace'),
    );
    stop.abort(new Error('stopping'));
    await holding;
    expect(elector.isLeader()).toBe(true);
  });

  it('takes a silent lease only after it stood still for its whole length by our own clock', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    await candidate('one', server, clock).acquire(forever);
    await clock.advance(3500);
    const second = candidate('two', server, clock);
    const acquiring = follow(second.acquire(forever));
    await clock.advance(4900);
    expect(acquiring.settled).toBe(false);
    // Not a whole pause later.
    await clock.advance(400);
    expect(acquiring.settled).toBe(true);
    expect((await server.get(leases, key, forever))?.spec).toMatchObject({
      holderIdentity: 'two',
      leaseTransitions: 1,
    });
  });

  it('takes a released lease at the next attempt, and releases only its own', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const [first, second] = [candidate('one', server, clock), candidate('two', server, clock)];
    await first.acquire(forever);
    const acquiring = follow(second.acquire(forever));
    await clock.advance(3000);
    expect(acquiring.settled).toBe(false);
    await second.release(forever);
    await first.release(forever);
    expect((await server.get(leases, key, forever))?.spec).toMatchObject({
      holderIdentity: '',
      leaseDurationSeconds: 1,
    });
    await clock.advance(2000);
    expect(acquiring.settled).toBe(true);
    expect(second.isLeader()).toBe(true);
  });

  it('releases even when its last renewal took effect without an answer', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    await server.mergePatch(leases, key, { spec: { renewTime: '2026-01-01T00:00:02.000000Z' } }, {}, forever);
    await elector.release(forever);
    expect((await server.get(leases, key, forever))?.spec?.holderIdentity).toBe('');
    await elector.acquire(forever);
    await server.mergePatch(leases, key, { spec: { holderIdentity: 'two' } }, {}, forever);
    await elector.release(forever);
    expect((await server.get(leases, key, forever))?.spec?.holderIdentity).toBe('two');
  });

  it('is lost three seconds after the last renewal, while the lease still runs', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    server.beforeRequest = () => {
      throw new ApiError('Unavailable', 0, 'away');
    };
    const holding = follow(elector.hold(forever));
    await clock.advance(2999);
    expect(holding.settled).toBe(false);
    await clock.advance(1);
    expect(holding.error).toBeInstanceOf(LeadershipLostError);
    expect(elector.isLeader()).toBe(false);
  });

  it('is lost in time even when requests hang', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    server.beforeRequest = () => Promise.withResolvers<undefined>().promise;
    const holding = follow(elector.hold(forever));
    await clock.advance(3001);
    expect(holding.error).toBeInstanceOf(LeadershipLostError);
  });

  it('survives failures shorter than the deadline', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    const holding = follow(elector.hold(forever));
    server.beforeRequest = () => {
      throw new ApiError('Timeout', 0, 'slow');
    };
    await clock.advance(2500);
    server.beforeRequest = undefined;
    await clock.advance(60_000);
    expect(holding.settled).toBe(false);
    expect(elector.isLeader()).toBe(true);
  });

  it('is lost at once when another holds the lease', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const elector = candidate('one', server, clock);
    await elector.acquire(forever);
    const holding = follow(elector.hold(forever));
    await server.mergePatch(leases, key, { spec: { holderIdentity: 'two' } }, {}, forever);
    await clock.advance(3000);
    expect(holding.error).toBeInstanceOf(LeadershipLostError);
    expect((await server.get(leases, key, forever))?.spec?.holderIdentity).toBe('two');
  });

  it('never leads twice at once, whoever fails when', async () => {
    const clock = new FakeClock();
    const server = new FakeApiServer(clock);
    const electors = ['one', 'two', 'three'].map((identity) => candidate(identity, server, clock));
    const stop = new AbortController();
    let overlaps = 0;
    const runs = electors.map(async (elector) => {
      while (!stop.signal.aborted) {
        await elector.acquire(stop.signal).catch(() => undefined);
        await elector.hold(stop.signal).catch(() => undefined);
      }
    });
    for (let round = 0; round < 60; round += 1) {
      const isAway = round % 7 > 3;
      server.beforeRequest = () => {
        if (isAway) {
          throw new ApiError('Unavailable', 0, 'away');
        }
      };
      await clock.advance(1300);
      overlaps += electors.filter((elector) => elector.isLeader()).length > 1 ? 1 : 0;
    }
    stop.abort(new Error('done'));
    await clock.advance(20_000);
    await Promise.all(runs);
    await settle();
    expect(overlaps).toBe(0);
  });

  it('refuses durations that do not fit together', () => {
    const options = {
      ...key,
      identity: 'one',
      client: new FakeApiServer(new FakeClock()),
      clock: new FakeClock(),
      logger: silentLogger,
      random: () => 0,
      leaseMilliseconds: 2000,
    };
    expect(() => createLeaderElector(options)).toThrow(RangeError);
  });
});
