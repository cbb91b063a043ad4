import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineError } from '../engines/engine-error.ts';
import type { IdleClientsOrder } from '../engines/member-session.ts';
import { FakeClock } from '../runtime/testing/fake-clock.ts';
import type { Account } from '../engines/accounts.ts';
import type { UsersOrder } from '../engines/users.ts';
import { MisdirectedClients, undirectedAccounts } from './misdirected-clients.ts';
import type { ServerSession } from './server-session.ts';

describe('clients of a server that has stepped down', () => {
  let clock: FakeClock;
  let orders: IdleClientsOrder[];
  let left: readonly number[];
  let isWritable: boolean;
  let pid: number;
  let failure: Error | null;
  let clients: MisdirectedClients;
  let stop: AbortController;
  let running: Promise<void>;

  beforeEach(() => {
    clock = new FakeClock();
    orders = [];
    left = [];
    isWritable = false;
    pid = 7;
    failure = null;
    stop = new AbortController();
    const session = {
      async endIdleClients(order: IdleClientsOrder) {
        orders.push(order);
        if (failure !== null) {
          throw failure;
        }
        return left;
      },
    };
    clients = new MisdirectedClients({
      session: {
        get current() {
          return { pid, session };
        },
        state: () => ({ writable: isWritable }),
      } as unknown as ServerSession,
      besides: () => ['replication'],
      clock,
    });
    running = clients.run(stop.signal);
  });

  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('are left alone where it has not, and nothing is waited for but that', async () => {
    await clock.advance(10_000);
    expect(orders).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('are looked for at once when it has, and each time anew', async () => {
    for (const round of [1, 2]) {
      await clock.advance(10_000);
      orders = [];
      left = [round];
      clients.begin();
      await clock.advance(0);
      expect(orders).toEqual([{ ids: [], besides: ['replication'] }]);
      await clock.advance(200);
      expect(orders.at(-1)?.ids).toEqual([round]);
      left = [];
      await clock.advance(5000);
      expect(clock.pending).toBe(0);
    }
  });

  it('are looked for from anew when it steps down again meanwhile', async () => {
    clients.begin();
    left = [41];
    await clock.advance(3900);
    left = [];
    await clock.advance(0);
    clients.begin();
    await clock.advance(3900);
    expect(clock.pending).toBe(1);
    await clock.advance(400);
    expect(clock.pending).toBe(0);
  });

  it('are ended once they have been there for a moment, while Services may lead others there', async () => {
    clients.begin();
    left = [41];
    await clock.advance(100);
    expect(orders).toEqual([{ ids: [], besides: ['replication'] }]);
    left = [42];
    await clock.advance(200);
    expect(orders.at(-1)).toEqual({ ids: [41], besides: ['replication'] });
    left = [];
    await clock.advance(200);
    expect(orders.at(-1)).toEqual({ ids: [42], besides: ['replication'] });
    await clock.advance(5000);
    const { length } = orders;
    await clock.advance(10_000);
    expect(orders).toHaveLength(length);
    expect(clock.pending).toBe(0);
  });

  it('are ended when they are idle, those that are at work later, and none that come later', async () => {
    clients.begin();
    left = [41, 42];
    await clock.advance(5000);
    left = [42, 77];
    await clock.advance(400);
    expect(orders.at(-1)?.ids).toEqual([42]);
    left = [77];
    await clock.advance(1000);
    const { length } = orders;
    await clock.advance(1000);
    expect(orders).toHaveLength(length);
  });

  it('are looked for no more once the agent ends', async () => {
    clients.begin();
    await clock.advance(300);
    expect(clock.pending).toBe(1);
    stop.abort();
    await running;
    expect(clock.pending).toBe(0);
  });

  it('are looked for again where a look fails', async () => {
    clients.begin();
    failure = new EngineError('Timeout', 'no answer');
    await clock.advance(500);
    failure = null;
    await clock.advance(500);
    expect(orders.length).toBeGreaterThanOrEqual(4);
  });

  it.each([
    ['it is the primary again', () => (isWritable = true)],
    ['another server runs', () => (pid = 8)],
  ])('are right where they are when %s', async (_, change) => {
    clients.begin();
    await clock.advance(500);
    change();
    await clock.advance(300);
    const { length } = orders;
    await clock.advance(2000);
    expect(orders).toHaveLength(length);
    expect(clock.pending).toBe(0);
  });
});

it('leaves those alone that no Service leads', () => {
  const accounts = (['application', 'administration', 'replication', 'monitoring'] as const).map(
    (purpose) => ({ name: `the ${purpose}`, purpose }) as Account,
  );
  const users = [
    { name: 'web', access: { kind: 'keyspaces' } },
    { name: 'router', access: { kind: 'router' } },
  ];
  expect(undirectedAccounts(accounts, { users } as unknown as UsersOrder)).toEqual([
    'the replication',
    'the monitoring',
    'router',
  ]);
  expect(undirectedAccounts(null, null)).toEqual([]);
});
