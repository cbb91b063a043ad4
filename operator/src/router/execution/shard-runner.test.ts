import { describe, expect, it } from '@jest/globals';
import type { MovePhase } from '../../api/v1alpha1/index.ts';
import { aMove } from '../../api/v1alpha1/testing/moves.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { BackendConnection } from '../backend/backend-connection.ts';
import { readSlotOwners } from '../../core/keyspace/slot-owners.ts';
import { BackendError, type Execution } from '../backend/backend-error.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Outcome } from '../backend/outcome.ts';
import { aClient } from '../client/testing/client-facts.ts';
import type { Access } from '../routing/route.ts';
import { Session } from '../session/session.ts';
import { openTransaction } from '../session/transaction-state.ts';
import type { Server } from '../topology/servers.ts';
import { StatementHold } from '../topology/statement-hold.ts';
import { NO_MOVES, readMoves } from '../topology/moves.ts';
import type { Topology } from '../topology/topology.ts';
import { PLAIN_OK } from '../../wire/ok-packet.ts';
import { CollectingSink } from './collecting-sink.ts';
import type { Environment } from './environment.ts';
import { ANY_READ } from './own-access.ts';
import { runOnShard } from './shard-runner.ts';
import { commitTransaction } from './transactions.ts';

const WRITE: Access = { ...ANY_READ, mode: 'write', primaryBecause: 'a write' };
const OK: Outcome = {
  error: undefined,
  inPrelude: false,
  completion: PLAIN_OK,
  results: 1,
  changes: [],
  lastGtid: undefined,
};
const READ_ONLY: Outcome = {
  ...OK,
  completion: undefined,
  error: {
    errno: 1290,
    sqlState: 'HY000',
    message: 'The MariaDB server is running with the --read-only option',
  },
};

const refusal = (errno: number, inPrelude = false): Outcome => ({
  ...READ_ONLY,
  inPrelude,
  error: { errno, sqlState: '42000', message: 'denied' },
});

/** The database that all statements here are for. */
const SLOT = 'app_s0000';
const slotMove = (phase: MovePhase): Partial<Topology> => ({
  moves: readMoves([aMove(phase, { slot: 0, to: 1 })]),
});

/** A keyspace whose reference tables are on both shards. */
const PLACES: Topology['places'] = new Map([
  [
    'app',
    {
      homeShard: 0,
      referenceShards: [0, 1],
      owners: readSlotOwners([{ shard: 0, slots: '0' }], 1),
      transactions: 'Single',
      consistency: 'Strong',
    },
  ],
]);

/** What one request ends with: an outcome, or a failure. */
type Step = Outcome | Execution;

/** A router in front of two shards whose connections do what they are told to, statement by statement. */
function createStage(
  steps: readonly Step[],
  lending: readonly (Execution | 'lent')[] = [],
  /** What a session sees on a server: databases, by pod. */
  seen: (pod: string) => readonly string[] = () => [SLOT],
) {
  const clock = new FakeClock();
  const sent: string[] = [];
  const given: boolean[] = [];
  const script = [...steps];
  const loans = [...lending];
  const server = (shard: number): Server => ({
    pod: `p${shard}`,
    shard,
    host: 'h',
    port: 1,
    serverName: 'h',
  });
  const topology: Topology = {
    revision: 1,
    shards: new Map(
      [0, 1].map((number) => [
        number,
        { number, name: `s${number}`, epoch: 1, primary: server(number), replicas: [] },
      ]),
    ),
    keyspaces: new Map(),
    places: new Map(),
    users: new Map(),
    moves: NO_MOVES,
  };
  const current = { topology };
  const handlers = new Set<() => void>();
  const told: string[] = [];
  const lend = async ({ server: wanted }: { readonly server: Server }): Promise<Loan> => {
    const step = loans.shift() ?? 'lent';
    if (step !== 'lent') {
      throw new BackendError('Unreachable', 'nobody listens', { execution: step });
    }
    const connection: Pick<BackendConnection, 'query' | 'server'> = {
      server: wanted,
      async query(text, sink) {
        if (text.includes('information_schema')) {
          const names = [...text.toString().matchAll(/'([^']+)'/g)].map(([, name = '']) => name);
          const row = names.map((name) => Buffer.from(seen(wanted.pod).includes(name) ? '1' : '0'));
          (sink as CollectingSink).results.push({ columns: [], rows: [row], completion: PLAIN_OK });
          return OK;
        }
        sent.push(`${wanted.pod}: ${text.toString()}`);
        const isControl = /^(START|COMMIT|ROLLBACK|SAVEPOINT)/.test(text.toString());
        const next = isControl && script[0] !== 'Unanswered' ? OK : (script.shift() ?? OK);
        if (typeof next === 'string') {
          throw new BackendError('ConnectionLost', 'it ended', { execution: next });
        }
        return next;
      },
    };
    return {
      connection: connection as BackendConnection,
      giveBack: ({ clean }) => void given.push(clean),
    };
  };
  const environment = {
    topology: {
      get current() {
        return current.topology;
      },
    },
    pools: { lend },
    hold: new StatementHold({
      limits: { milliseconds: 1000, statements: 10, retryMilliseconds: 100 },
      clock,
      onMapChange(handler) {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
      observer: { waits: (cause) => told.push(cause), ended() {} },
    }),
    replicaStates: () => new Map(),
    maxLagMilliseconds: 5000,
    nextTurn: () => 0,
    clock,
    logger: silentLogger,
    signal: new AbortController().signal,
  } as unknown as Environment;
  const session = new Session(aClient(), { kind: 'password', password: '' }, '');
  /** Where the map has the slot. */
  let owner: number | undefined;
  const changeMap = (change: Partial<Topology>, to?: number): void => {
    current.topology = { ...current.topology, ...change };
    owner = to ?? owner;
    handlers.forEach((handler) => handler());
  };
  const begin = (access: Access, shard = 0, isAtomic = true): Promise<unknown> =>
    runOnShard(
      environment,
      session,
      {
        locate: () => ({ shard: owner ?? shard, database: SLOT }),
        access,
        consistency: 'Strong',
        transactional: true,
        isAtomic,
        sink: () => new CollectingSink(),
        send: (connection, sink, surroundings, signal) =>
          connection.query(Buffer.from('STATEMENT'), sink, surroundings, signal),
      },
      new AbortController().signal,
    ).then(
      ({ outcome }) => outcome.error?.errno ?? 'ok',
      (error: { readonly errno?: number }) => error.errno ?? error,
    );
  const run = async (access: Access, shard = 0): Promise<unknown> => {
    const running = begin(access, shard);
    await clock.advance(2000);
    return running;
  };
  return { run, begin, changeMap, clock, session, sent, given, told };
}

describe('a statement outside of a transaction', () => {
  it.each<[string, Access, readonly Step[], readonly (Execution | 'lent')[], unknown, number]>([
    ['runs once', WRITE, [OK], [], 'ok', 1],
    ['waits for a server that cannot be reached', WRITE, [OK], ['NotSent', 'NotSent', 'lent'], 'ok', 1],
    ['is sent again where nothing was sent', WRITE, ['NotSent', OK], [], 'ok', 2],
    ['is sent again where the server was closed for writes', WRITE, [READ_ONLY, OK], [], 'ok', 2],
    ['is never repeated when it may have changed something', WRITE, ['Unanswered', OK], [], 1158, 1],
    ['is repeated when it only reads', ANY_READ, ['Unanswered', OK], [], 'ok', 2],
    ['is given up after a while', WRITE, Array.from({ length: 50 }, () => READ_ONLY), [], 1205, 11],
  ])('%s', async (_name, access, steps, lending, result, attempts) => {
    const stage = createStage(steps, lending);
    expect(await stage.run(access)).toBe(result);
    expect(stage.sent).toHaveLength(attempts);
    expect(stage.given).toHaveLength(attempts);
  });
});

describe('a statement in a transaction', () => {
  it('runs on the connection that began it', async () => {
    const stage = createStage([OK, OK]);
    stage.session.transaction = openTransaction('START TRANSACTION', null);
    expect([await stage.run(WRITE), await stage.run(WRITE)]).toEqual(['ok', 'ok']);
    await commitTransaction(stage.session, new AbortController().signal);
    expect(stage.sent).toEqual(['p0: START TRANSACTION', 'p0: STATEMENT', 'p0: STATEMENT', 'p0: COMMIT']);
    expect(stage.given).toEqual([true]);
  });

  it('ends it when its connection is lost, and says that it can be started again', async () => {
    const stage = createStage([OK, 'NotSent', OK]);
    stage.session.transaction = openTransaction('START TRANSACTION', null);
    await stage.run(WRITE);
    expect(await stage.run(WRITE)).toBe(1213);
    expect(stage.session.transaction.kind).toBe('none');
    expect(stage.given).toEqual([false]);
  });

  it('waits while nothing was done yet', async () => {
    const stage = createStage([OK], ['NotSent', 'lent']);
    stage.session.transaction = openTransaction('START TRANSACTION', null);
    expect(await stage.run(WRITE)).toBe('ok');
  });
});

describe('a commit', () => {
  it('whose answer is lost is not told as rolled back', async () => {
    const stage = createStage([OK, 'Unanswered']);
    stage.session.transaction = openTransaction('START TRANSACTION', null);
    await stage.run(WRITE);
    await expect(commitTransaction(stage.session, new AbortController().signal)).rejects.toMatchObject({
      errno: 1158,
    });
    expect(stage.given).toEqual([false]);
  });

  it('of two shards of which the second fails is told as partial, with their numbers', async () => {
    const stage = createStage([OK, OK]);
    stage.session.transaction = openTransaction('START TRANSACTION', null);
    await stage.run(WRITE, 0);
    await stage.run(WRITE, 1);
    const second = stage.session.transaction.participants.get(1);
    if (second === undefined) {
      throw new Error('the second shard takes no part');
    }
    stage.session.transaction.participants.set(1, {
      ...second,
      loan: {
        ...second.loan,
        connection: {
          ...second.loan.connection,
          query: () =>
            Promise.reject(new BackendError('ConnectionLost', 'it ended', { execution: 'Unanswered' })),
        },
      },
    });
    await expect(commitTransaction(stage.session, new AbortController().signal)).rejects.toMatchObject({
      errno: 1180,
      message: expect.stringMatching(/committed on shard 0, and may or may not have been on shard 1/),
    });
  });
});

describe('while the slot changes its shard', () => {
  it.each([WRITE, ANY_READ])('a statement waits and goes on at the new owner', async (access) => {
    const { begin, changeMap, clock, sent, told } = createStage([OK]);
    changeMap(slotMove('Switching'));
    const running = begin(access);
    await clock.advance(500);
    expect(sent).toEqual([]);
    changeMap(slotMove('Soaking'), 1);
    await expect(running).resolves.toBe('ok');
    expect(sent).toEqual(['p1: STATEMENT']);
    expect(new Set(told)).toEqual(new Set(['Moving']));
  });

  it('a statement waits for so long and no longer', async () => {
    const { run, changeMap, sent } = createStage([OK]);
    changeMap(slotMove('Returning'));
    expect(await run(WRITE)).toBe(1205);
    expect(sent).toEqual([]);
  });

  it('a transaction that is at work there may end', async () => {
    const { run, changeMap, session, sent } = createStage([OK, OK]);
    session.transaction = openTransaction('START TRANSACTION', null);
    await run(WRITE);
    changeMap(slotMove('Switching'));
    expect(await run(WRITE)).toBe('ok');
    await commitTransaction(session, new AbortController().signal);
    expect(sent).toEqual(['p0: START TRANSACTION', 'p0: STATEMENT', 'p0: STATEMENT', 'p0: COMMIT']);
  });

  it('a new transaction waits with its first statement', async () => {
    const { begin, changeMap, clock, session, sent } = createStage([OK]);
    session.transaction = openTransaction('START TRANSACTION', null);
    changeMap(slotMove('Switching'));
    const running = begin(WRITE);
    await clock.advance(100);
    expect(sent).toEqual([]);
    changeMap(slotMove('Soaking'), 1);
    await expect(running).resolves.toBe('ok');
    expect(sent).toEqual(['p1: START TRANSACTION', 'p1: STATEMENT']);
  });
});

describe('a statement that a server refuses', () => {
  it.each([1044, 1049, 1142, 1143, 1146, 1370])(
    'with %d waits for a newer map where the slot has left',
    async (errno) => {
      // The other databases of the keyspace are open to the user, so that it is not the user.
      const { begin, changeMap, clock, sent } = createStage([refusal(errno), OK], [], () => ['app$shared']);
      changeMap({ places: PLACES });
      const running = begin(WRITE);
      await settle();
      changeMap(slotMove('Soaking'), 1);
      await clock.advance(2);
      await expect(running).resolves.toBe('ok');
      expect(sent).toEqual(['p0: STATEMENT', 'p1: STATEMENT']);
    },
  );

  it('is tried again soon, and then less often, until the new owner serves it', async () => {
    const steps = [refusal(1044, true), refusal(1044, true), refusal(1142), OK];
    const { begin, changeMap, clock, sent, told } = createStage(steps, [], () => []);
    changeMap(slotMove('Soaking'), 1);
    const running = begin(WRITE);
    await clock.advance(1);
    expect(sent).toHaveLength(1);
    for (const milliseconds of [1, 4, 8]) {
      await clock.advance(milliseconds);
    }
    await expect(running).resolves.toBe('ok');
    expect(sent).toHaveLength(4);
    expect(told).toEqual(['StaleRoute', 'StaleRoute', 'StaleRoute']);
  });

  it('is tried again in place of all that are refused there, which go on when it is served', async () => {
    const refused = Array.from({ length: 4 }, () => refusal(1044, true));
    const { begin, changeMap, clock, sent } = createStage([...refused, OK], [], () => []);
    changeMap(slotMove('Soaking'), 1);
    const running = [begin(WRITE), begin(WRITE), begin(WRITE)];
    await settle();
    expect(sent).toHaveLength(3);
    await clock.advance(2);
    expect(sent).toHaveLength(4);
    await clock.advance(3);
    await expect(Promise.all(running)).resolves.toEqual(['ok', 'ok', 'ok']);
    expect(sent).toHaveLength(7);
  });

  it.each<[string, Partial<Topology>]>([
    ['nothing moves', {}],
    ['the slot moves', slotMove('Soaking')],
  ])('is the user’s where everything is open to him, after one more attempt: %s', async (_name, map) => {
    const { begin, changeMap, clock, sent } = createStage([refusal(1142), refusal(1142), OK]);
    changeMap(map);
    const running = begin(WRITE);
    await clock.advance(2);
    await expect(running).resolves.toBe(1142);
    expect(sent).toHaveLength(2);
  });

  it('is the user’s at once where nothing of the keyspace is open to him', async () => {
    const { begin, sent } = createStage([refusal(1142), OK], [], () => []);
    await expect(begin(WRITE)).resolves.toBe(1142);
    expect(sent).toHaveLength(1);
  });

  it('is the user’s after a second where nothing is open to him, and the slot moves', async () => {
    const { begin, changeMap, clock } = createStage(
      Array.from({ length: 100 }, () => refusal(1142)),
      [],
      () => [],
    );
    changeMap(slotMove('Soaking'));
    const running = begin(WRITE);
    for (let waited = 0; waited < 1100; waited += 10) {
      await clock.advance(10);
    }
    await expect(running).resolves.toBe(1142);
  });

  it('is not sent again where a part of it may have run: only what did not begin is', async () => {
    const stage = createStage([refusal(1044, true), refusal(1142), OK], [], () => ['app$shared']);
    stage.changeMap({ places: PLACES });
    const running = stage.begin(WRITE, 0, false);
    await stage.clock.advance(2);
    await expect(running).resolves.toBe(1142);
    expect(stage.sent).toHaveLength(2);
  });

  it('is the client’s with every other error', async () => {
    const { begin, sent } = createStage([refusal(1062)], [], () => []);
    await expect(begin(WRITE)).resolves.toBe(1062);
    expect(sent).toHaveLength(1);
  });

  it('may begin its transaction elsewhere where that has done nothing yet', async () => {
    const { begin, changeMap, clock, session, sent, given } = createStage([refusal(1142), OK], [], () => [
      'app$shared',
    ]);
    changeMap({ places: PLACES });
    session.transaction = openTransaction('START TRANSACTION', null);
    const running = begin(WRITE);
    await settle();
    changeMap(slotMove('Soaking'), 1);
    await clock.advance(2);
    await expect(running).resolves.toBe('ok');
    expect(sent).toEqual([
      'p0: START TRANSACTION',
      'p0: STATEMENT',
      'p1: START TRANSACTION',
      'p1: STATEMENT',
    ]);
    expect(given).toEqual([false]);
  });

  it('ends a transaction that has done something', async () => {
    const { run, changeMap, session, given } = createStage([OK, refusal(1142)], [], () => ['app$shared']);
    changeMap({ places: PLACES });
    session.transaction = openTransaction('START TRANSACTION', null);
    await run(WRITE);
    expect(await run(WRITE)).toBe(1213);
    expect(session.transaction.kind).toBe('none');
    expect(given).toEqual([false]);
  });
});

it('a transaction over two shards that cannot join the second is gone on the first', async () => {
  const { run, session, given } = createStage([OK], ['lent', 'NotSent']);
  session.transaction = openTransaction('START TRANSACTION', null);
  await run(WRITE, 0);
  expect(await run(WRITE, 1)).toBe(1213);
  expect(session.transaction.kind).toBe('none');
  expect(given).toEqual([false]);
});
