import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import type { BackendConnection } from '../backend/backend-connection.ts';
import { BackendError, type Execution } from '../backend/backend-error.ts';
import type { Loan } from '../backend/backend-pool.ts';
import type { Outcome } from '../backend/outcome.ts';
import type { ClientFacts } from '../client/command-handler.ts';
import type { Access } from '../routing/route.ts';
import { Session } from '../session/session.ts';
import { openTransaction } from '../session/transaction-state.ts';
import type { Server } from '../topology/servers.ts';
import { StatementHold } from '../topology/statement-hold.ts';
import type { Topology } from '../topology/topology.ts';
import { BASE_CAPABILITIES } from '../wire/capabilities.ts';
import { PLAIN_OK } from '../wire/ok-packet.ts';
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

/** What one request ends with: an outcome, or a failure. */
type Step = Outcome | Execution;

const CLIENT: ClientFacts = {
  connectionId: 1,
  identity: { user: 'shop', host: '%', nativeSecret: null, maxConnections: null },
  address: '127.0.0.1',
  secure: true,
  capabilities: BASE_CAPABILITIES,
  collation: 45,
  database: null,
  attributes: new Map(),
};

/** A router in front of two shards whose connections do what they are told to, statement by statement. */
function createStage(steps: readonly Step[], lending: readonly (Execution | 'lent')[] = []) {
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
  };
  const lend = async ({ server: wanted }: { readonly server: Server }): Promise<Loan> => {
    const step = loans.shift() ?? 'lent';
    if (step !== 'lent') {
      throw new BackendError('Unreachable', 'nobody listens', { execution: step });
    }
    const connection: Pick<BackendConnection, 'query' | 'server'> = {
      server: wanted,
      async query(text) {
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
    topology: { current: topology },
    pools: { lend },
    hold: new StatementHold({
      limits: { milliseconds: 1000, statements: 10, retryMilliseconds: 100 },
      clock,
      onMapChange: () => () => {},
    }),
    replicaStates: () => new Map(),
    maxLagMilliseconds: 5000,
    nextTurn: () => 0,
    clock,
    logger: silentLogger,
    metrics: { held() {} },
    signal: new AbortController().signal,
  } as unknown as Environment;
  const session = new Session(CLIENT, { kind: 'password', password: '' }, '');
  const run = async (access: Access, shard = 0): Promise<unknown> => {
    const running = runOnShard(
      environment,
      session,
      {
        locate: () => ({ shard, database: 'app_s0000' }),
        access,
        consistency: 'Strong',
        transactional: true,
        sink: () => new CollectingSink(),
        send: (connection, sink, surroundings, signal) =>
          connection.query(Buffer.from('STATEMENT'), sink, surroundings, signal),
      },
      new AbortController().signal,
    ).then(
      ({ outcome }) => outcome.error?.errno ?? 'ok',
      (error: { readonly errno?: number }) => error.errno ?? error,
    );
    await clock.advance(2000);
    return running;
  };
  return { run, session, sent, given };
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
