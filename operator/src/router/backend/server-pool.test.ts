import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { INITIAL_VARIABLES, withVariables } from '../session/session-variables.ts';
import { BackendError } from './backend-error.ts';
import type { LendRequest, Loan } from './backend-pool.ts';
import { DEFAULT_POOL_SETTINGS, type PoolSettings } from './pool-settings.ts';
import { ServerPool } from './server-pool.ts';
import { FakeConnection } from './testing/fake-connection.ts';
import { SERVER, TRAITS } from './testing/scripted-server.ts';
import { noBackendMetrics } from '../metrics/backend-metrics.ts';

const signal = new AbortController().signal;
const CLEAN = { clean: true };

function request(user = 'app', surroundings: LendRequest['surroundings'] = {}): LendRequest {
  return {
    server: SERVER,
    user,
    credential: { kind: 'password', password: 'secret' },
    traits: TRAITS,
    surroundings,
  };
}

/** A pool whose logins succeed at once, unless told otherwise. */
function pool(settings: Partial<PoolSettings> = {}) {
  const clock = new FakeClock();
  const made: FakeConnection[] = [];
  const logins: { login: () => Promise<void> } = { login: () => Promise.resolve() };
  const serverPool = new ServerPool({
    server: SERVER,
    settings: { ...DEFAULT_POOL_SETTINGS, connectionsPerServer: 2, ...settings },
    clock,
    metrics: noBackendMetrics,
    connect: async ({ user }) => {
      await logins.login();
      const connection = new FakeConnection(user);
      made.push(connection);
      return connection;
    },
  });
  return { pool: serverPool, clock, made, logins };
}

const stats = ({ stats: { idle, lent, opening, waiting } }: ServerPool) => ({ idle, lent, opening, waiting });

async function lend(server: ServerPool, wish: LendRequest, giveUp: AbortSignal): Promise<Loan> {
  return server.lend(wish, giveUp);
}

describe('ServerPool', () => {
  it('lends what was given back, rather than open another', async () => {
    const { pool: server, made } = pool();
    const first = await server.lend(request(), signal);
    first.giveBack(CLEAN);
    const second = await server.lend(request(), signal);
    expect(second.connection).toBe(first.connection);
    expect(made).toHaveLength(1);
    expect(stats(server)).toEqual({ idle: 0, lent: 1, opening: 0, waiting: 0 });
  });

  it('takes the same loan back once', async () => {
    const { pool: server } = pool();
    const loan = await server.lend(request(), signal);
    loan.giveBack(CLEAN);
    loan.giveBack(CLEAN);
    expect(stats(server)).toMatchObject({ idle: 1, lent: 0 });
  });

  it('prefers a connection in the wanted surroundings, then the one used last', async () => {
    const { pool: server, made } = pool({ connectionsPerServer: 3 });
    const loans = await Promise.all([1, 2, 3].map(async () => server.lend(request(), signal)));
    const variables = withVariables(INITIAL_VARIABLES, [['sql_mode', "''"]]);
    made.forEach((connection, index) => {
      connection.database = `db${index}`;
      connection.variables = index === 0 ? variables : INITIAL_VARIABLES;
    });
    loans.forEach((loan) => loan.giveBack(CLEAN));
    const wanted = await server.lend(request('app', { database: 'db0', variables }), signal);
    expect(wanted.connection.database).toBe('db0');
    wanted.giveBack(CLEAN);
    const other = await server.lend(
      request('app', { database: 'db0', variables: INITIAL_VARIABLES }),
      signal,
    );
    expect(other.connection.database).toBe('db0');
    const third = await server.lend(
      request('app', { database: 'db1', variables: INITIAL_VARIABLES }),
      signal,
    );
    expect(third.connection.database).toBe('db1');
  });

  it('never lends a connection of one user to another', async () => {
    const { pool: server } = pool();
    (await server.lend(request('one'), signal)).giveBack(CLEAN);
    const loan = await server.lend(request('two'), signal);
    expect(loan.connection.user).toBe('two');
  });

  it('keeps connections of other capabilities apart', async () => {
    const { pool: server, made } = pool();
    (await server.lend(request(), signal)).giveBack(CLEAN);
    await server.lend({ ...request(), traits: { ...TRAITS, foundRows: true } }, signal);
    expect(made).toHaveLength(2);
  });

  it('closes an idle connection of another user when there is no place', async () => {
    const { pool: server, made } = pool({ connectionsPerServer: 1 });
    (await server.lend(request('one'), signal)).giveBack(CLEAN);
    const loan = await server.lend(request('two'), signal);
    expect(loan.connection.user).toBe('two');
    expect(made[0]?.failure?.code).toBe('Retired');
  });

  it('lets requests wait when all are lent, first come first', async () => {
    const { pool: server } = pool({ connectionsPerServer: 1 });
    const first = await server.lend(request(), signal);
    const order: number[] = [];
    const waiting = [1, 2].map(async (number) => {
      const loan = await server.lend(request(), signal);
      order.push(number);
      loan.giveBack(CLEAN);
    });
    await tick();
    expect(stats(server)).toEqual({ idle: 0, lent: 1, opening: 0, waiting: 2 });
    first.giveBack(CLEAN);
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('does not let them wait for ever', async () => {
    const { pool: server, clock } = pool({ connectionsPerServer: 1, waitMilliseconds: 1000 });
    await server.lend(request(), signal);
    const waiting = lend(server, request(), signal);
    const failure = waiting.catch((error: unknown) => error);
    await clock.advance(1000);
    expect(await failure).toMatchObject({ code: 'PoolTimeout', execution: 'NotSent' });
    expect(stats(server).waiting).toBe(0);
  });

  it('does not let any number of them wait', async () => {
    const { pool: server } = pool({ connectionsPerServer: 1, waitingPerServer: 1 });
    await server.lend(request(), signal);
    lend(server, request(), signal).catch(() => {});
    await expect(lend(server, request(), signal)).rejects.toMatchObject({ code: 'PoolFull' });
  });

  it('forgets a wait that was given up', async () => {
    const { pool: server } = pool({ connectionsPerServer: 1 });
    const first = await server.lend(request(), signal);
    const abort = new AbortController();
    const waiting = lend(server, request(), abort.signal);
    abort.abort(new Error('bye'));
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
    first.giveBack(CLEAN);
    expect(stats(server)).toEqual({ idle: 1, lent: 0, opening: 0, waiting: 0 });
  });

  it('serves another user who has waited long before the same user’s next request', async () => {
    const { pool: server, clock } = pool({ connectionsPerServer: 1, patienceMilliseconds: 100 });
    const first = await server.lend(request('busy'), signal);
    const patient = lend(server, request('patient'), signal);
    const next = lend(server, request('busy'), signal);
    first.giveBack(CLEAN);
    const second = await next;
    expect(second.connection).toBe(first.connection);
    const third = lend(server, request('busy'), signal);
    await clock.advance(100);
    second.giveBack(CLEAN);
    const loan = await patient;
    expect(loan.connection.user).toBe('patient');
    loan.giveBack(CLEAN);
    await clock.advance(100);
    expect((await third).connection.user).toBe('busy');
  });

  it('fails one request for each login that failed', async () => {
    const { pool: server, logins } = pool();
    logins.login = () => Promise.reject(new BackendError('AccessDenied', 'no'));
    const failures = await Promise.allSettled([1, 2, 3].map(async () => server.lend(request(), signal)));
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(stats(server)).toEqual({ idle: 0, lent: 0, opening: 0, waiting: 0 });
  });

  it('waits for what is lent when the server has no room for more', async () => {
    const { pool: server, logins } = pool();
    const first = await server.lend(request(), signal);
    logins.login = () => Promise.reject(new BackendError('TooManyConnections', 'full'));
    const second = lend(server, request(), signal);
    await tick();
    first.giveBack(CLEAN);
    expect((await second).connection).toBe(first.connection);
  });

  it('gives a login that is not needed any more to the idle ones', async () => {
    const { pool: server, logins } = pool();
    const first = await server.lend(request(), signal);
    const gate = Promise.withResolvers<void>();
    logins.login = () => gate.promise;
    const second = lend(server, request(), signal);
    first.giveBack(CLEAN);
    expect((await second).connection).toBe(first.connection);
    gate.resolve();
    await tick();
    expect(stats(server)).toEqual({ idle: 1, lent: 1, opening: 0, waiting: 0 });
  });

  it('bounds the logins under way', async () => {
    const { pool: server, logins } = pool({ connectionsPerServer: 10, loginsPerServer: 2 });
    const gate = Promise.withResolvers<void>();
    logins.login = () => gate.promise;
    const loans = [1, 2, 3, 4].map(async () => server.lend(request(), signal));
    expect(stats(server)).toEqual({ idle: 0, lent: 0, opening: 2, waiting: 4 });
    gate.resolve();
    const all: Loan[] = [];
    for (const loan of loans) {
      all.push(await loan);
    }
    expect(new Set(all.map(({ connection }) => connection)).size).toBe(4);
  });

  it('makes a connection fresh before somebody else gets it, unless nothing is left on it', async () => {
    const { pool: server, made } = pool({ connectionsPerServer: 1 });
    (await server.lend(request(), signal)).giveBack({ clean: false });
    const second = await server.lend(request(), signal);
    expect(made[0]?.requests).toEqual(['reset']);
    (made[0] as FakeConnection).isClean = false;
    second.giveBack(CLEAN);
    const third = await server.lend(request(), signal);
    expect(made[0]?.requests).toEqual(['reset', 'reset']);
    third.giveBack(CLEAN);
    await server.lend(request(), signal);
    expect(made[0]?.requests).toEqual(['reset', 'reset']);
  });

  it('gives up a connection whose reset is not answered, and opens another', async () => {
    const { pool: server, made, clock } = pool({ connectionsPerServer: 1, answerMilliseconds: 3000 });
    const first = await server.lend(request(), signal);
    (made[0] as FakeConnection).answers = false;
    first.giveBack({ clean: false });
    const second = lend(server, request(), signal);
    await clock.advance(3000);
    expect((await second).connection).toBe(made[1]);
    expect(made[0]?.failure?.code).toBe('Timeout');
  });

  it('asks a connection that was idle for long whether it still works', async () => {
    const { pool: server, made, clock } = pool({ probeMilliseconds: 15_000, idleMilliseconds: 60_000 });
    (await server.lend(request(), signal)).giveBack(CLEAN);
    await clock.advance(15_000);
    (await server.lend(request(), signal)).giveBack(CLEAN);
    expect(made[0]?.requests).toEqual(['ping']);
    (made[0] as FakeConnection).answers = false;
    await clock.advance(15_000);
    const again = lend(server, request(), signal);
    await clock.advance(3000);
    expect((await again).connection).toBe(made[1]);
  });

  it('closes what nobody used for long, and what is old', async () => {
    const { pool: server, made, clock } = pool({ idleMilliseconds: 60_000, ageMilliseconds: 100_000 });
    const [one, two] = await Promise.all([lend(server, request(), signal), lend(server, request(), signal)]);
    one.giveBack(CLEAN);
    await clock.advance(60_000);
    expect(stats(server)).toMatchObject({ idle: 0, lent: 1 });
    await clock.advance(40_000);
    two.giveBack(CLEAN);
    await tick();
    expect(stats(server)).toMatchObject({ idle: 0, lent: 0 });
    expect(made.map(({ failure }) => failure?.code)).toEqual(['Retired', 'Retired']);
  });

  it('forgets a connection that ended by itself, idle or lent', async () => {
    const { pool: server, made } = pool();
    const [one, two] = await Promise.all([lend(server, request(), signal), lend(server, request(), signal)]);
    one.giveBack(CLEAN);
    made.forEach((connection) => connection.destroy(new BackendError('ConnectionLost', 'gone')));
    await tick();
    two.giveBack(CLEAN);
    await tick();
    expect(stats(server)).toEqual({ idle: 0, lent: 0, opening: 0, waiting: 0 });
  });

  it('retired, ends everything at once and lends nothing any more', async () => {
    const { pool: server, made, logins } = pool({ connectionsPerServer: 3 });
    const lent = await server.lend(request(), signal);
    (await server.lend(request(), signal)).giveBack(CLEAN);
    const gate = Promise.withResolvers<void>();
    logins.login = () => gate.promise;
    const waiting = lend(server, request('other'), signal);
    server.retire(new BackendError('Retired', 'over'));
    await expect(waiting).rejects.toMatchObject({ code: 'Retired', execution: 'NotSent' });
    await expect(lend(server, request(), signal)).rejects.toMatchObject({ code: 'Retired' });
    expect(lent.connection.failure?.code).toBe('Retired');
    gate.resolve();
    await tick();
    expect(made.map(({ failure }) => failure?.code)).toEqual(['Retired', 'Retired', 'Retired']);
    expect(stats(server)).toEqual({ idle: 0, lent: 0, opening: 0, waiting: 0 });
  });

  it('retired while an idle connection is tried, opens none in its place', async () => {
    const { pool: server, made, clock } = pool({ probeMilliseconds: 15_000, idleMilliseconds: 60_000 });
    (await server.lend(request(), signal)).giveBack(CLEAN);
    (made[0] as FakeConnection).answers = false;
    await clock.advance(15_000);
    const lent = server.lend(request(), signal);
    await tick();
    server.retire(new BackendError('Retired', 'over'));
    await expect(lent).rejects.toMatchObject({ code: 'Retired', execution: 'NotSent' });
    expect(made).toHaveLength(1);
  });
});

describe('a database that its sessions have to leave', () => {
  const SLOT = new Set(['app_s0001']);

  it('is left by idle connections at once, and by lent ones when they come back', async () => {
    const { pool: server, made } = pool({ connectionsPerServer: 3 });
    const loans = await Promise.all([1, 2, 3].map(async () => server.lend(request(), signal)));
    const [idle, lent, elsewhere] = made;
    made.forEach((connection) => (connection.database = 'app_s0001'));
    if (idle === undefined || lent === undefined || elsewhere === undefined) {
      throw new Error('three connections were to be made');
    }
    elsewhere.database = 'app_s0002';
    lent.isBusy = true;
    loans.filter(({ connection }) => connection !== lent).forEach((loan) => loan.giveBack(CLEAN));
    server.closeDatabases(SLOT);
    expect(made.map(({ database }) => database)).toEqual(['information_schema', 'app_s0001', 'app_s0002']);
    lent.isBusy = false;
    loans.find(({ connection }) => connection === lent)?.giveBack(CLEAN);
    expect(lent.database).toBe('information_schema');
    expect(stats(server)).toMatchObject({ idle: 3, lent: 0 });
  });

  it('may be selected again once it is open', async () => {
    const { pool: server, made } = pool();
    server.closeDatabases(SLOT);
    server.closeDatabases(new Set());
    const loan = await server.lend(request(), signal);
    (made[0] as FakeConnection).database = 'app_s0001';
    loan.giveBack(CLEAN);
    expect(made[0]?.database).toBe('app_s0001');
  });
});
