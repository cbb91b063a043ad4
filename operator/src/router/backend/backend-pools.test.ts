import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { noBackendMetrics } from '../metrics/backend-metrics.ts';
import type { LendRequest, RetainedServer } from './backend-pool.ts';
import { createBackendPools } from './backend-pools.ts';
import { DEFAULT_POOL_SETTINGS } from './pool-settings.ts';
import { FakeConnection } from './testing/fake-connection.ts';
import { SERVER, TRAITS } from './testing/scripted-server.ts';

const signal = new AbortController().signal;

function pools() {
  return createBackendPools({
    settings: DEFAULT_POOL_SETTINGS,
    clock: new FakeClock(),
    metrics: noBackendMetrics,
    connect: ({ user }) => Promise.resolve(new FakeConnection(user)),
  });
}

const request = (pod: string, port = 3306): LendRequest => ({
  server: { ...SERVER, pod, port },
  user: 'app',
  credential: { kind: 'password', password: '' },
  traits: TRAITS,
  surroundings: {},
});

const retained = (
  pod: string,
  role: 'primary' | 'replica',
  epoch: number,
  ...closed: readonly string[]
): RetainedServer => ({
  server: { ...SERVER, pod },
  role,
  epoch,
  closed: new Set(closed),
});

describe('BackendPools.retain', () => {
  it.each<[string, readonly RetainedServer[], readonly RetainedServer[], readonly string[]]>([
    [
      'nothing changed',
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [],
    ],
    [
      'a promotion: the former primary’s end, the new one’s stay',
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [retained('b', 'primary', 2), retained('a', 'replica', 2)],
      ['a'],
    ],
    [
      'the same primary in a new epoch: it was restarted',
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [retained('a', 'primary', 2), retained('b', 'replica', 2)],
      ['a'],
    ],
    [
      'no primary while one is being made',
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [retained('b', 'replica', 1), retained('a', 'replica', 1)],
      ['a'],
    ],
    [
      'a server left',
      [retained('a', 'primary', 1), retained('b', 'replica', 1)],
      [retained('a', 'primary', 1)],
      ['b'],
    ],
  ])('%s', async (_case, before, after, ended) => {
    const all = pools();
    all.retain(before);
    const loans = await Promise.all(before.map(async ({ server }) => all.lend(request(server.pod), signal)));
    all.retain(after);
    const failed = before.filter((_server, index) => loans[index]?.connection.failure !== undefined);
    expect(failed.map(({ server }) => server.pod)).toEqual(ended);
  });

  it('lends of a former primary again, in its new role', async () => {
    const all = pools();
    all.retain([retained('a', 'primary', 1)]);
    const before = await all.lend(request('a'), signal);
    all.retain([retained('a', 'replica', 2)]);
    const after = await all.lend(request('a'), signal);
    expect(before.connection.failure?.code).toBe('Retired');
    expect(after.connection.failure).toBeUndefined();
  });

  it('lends nothing of servers that are not among them', async () => {
    const all = pools();
    all.retain([retained('a', 'primary', 1)]);
    await expect(all.lend(request('b'), signal)).rejects.toMatchObject({
      code: 'Retired',
      execution: 'NotSent',
    });
  });
});

describe('BackendPools', () => {
  it('opens anew when a server has another address', async () => {
    const all = pools();
    const before = await all.lend(request('a'), signal);
    await all.lend(request('a', 3307), signal);
    expect(before.connection.failure?.code).toBe('Retired');
    expect(all.stats()).toHaveLength(1);
  });

  it('closed, lends nothing', async () => {
    const all = pools();
    const loan = await all.lend(request('a'), signal);
    all.close();
    expect(loan.connection.failure?.code).toBe('Retired');
    await expect(all.lend(request('a'), signal)).rejects.toMatchObject({ code: 'Retired' });
    expect(all.stats()).toEqual([]);
  });
});

describe('databases that are closed', () => {
  it('are left on their server, also by connections that come later', async () => {
    const cluster = pools();
    cluster.retain([retained('a', 'primary', 1), retained('b', 'primary', 1)]);
    const left = await cluster.lend(request('a'), signal);
    const other = await cluster.lend(request('b'), signal);
    for (const loan of [left, other]) {
      (loan.connection as FakeConnection).database = 'app_s0001';
      loan.giveBack({ clean: true });
    }
    cluster.retain([retained('a', 'primary', 1, 'app_s0001'), retained('b', 'primary', 1)]);
    expect(left.connection.database).toBe('information_schema');
    expect(other.connection.database).toBe('app_s0001');
    cluster.retain([
      retained('a', 'primary', 1, 'app_s0001'),
      retained('b', 'primary', 1),
      retained('c', 'replica', 1, 'app_s0001'),
    ]);
    const later = await cluster.lend(request('c'), signal);
    (later.connection as FakeConnection).database = 'app_s0001';
    later.giveBack({ clean: true });
    expect(later.connection.database).toBe('information_schema');
  });
});
