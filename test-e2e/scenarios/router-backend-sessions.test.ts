/** Sessions of routers at a server: whose they are, what is left on them, and what becomes of their statements. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nativePasswordHash } from '../../operator/src/engines/mariadb/credentials.ts';
import { routerPassword } from '../../operator/src/engines/mariadb/router-credential.ts';
import { createServerTrust } from '../../operator/src/wire/login/server-trust.ts';
import { makeTestCertificates } from '../../operator/src/router/backend/testing/login-server.ts';
import { NO_SINK } from '../../operator/src/router/backend/no-sink.ts';
import { readVariables } from '../../operator/src/router/backend/read-variables.ts';
import type { ServerConnection } from '../../operator/src/router/backend/server-connection.ts';
import { INITIAL_VARIABLES, withVariables } from '../../operator/src/router/session/session-variables.ts';
import { CachedUsers } from '../../operator/src/router/users/cached-users.ts';
import { USERS_STATEMENT } from '../../operator/src/router/users/global-priv.ts';
import { identifiedVia, type OwnProof } from '../../operator/src/router/users/identification.ts';
import { serverCredential } from '../../operator/src/router/users/user-directory.ts';
import { ED25519, ed25519PublicKey } from '../../operator/src/wire/auth/ed25519.ts';
import { nativeSecretOf, NATIVE_PASSWORD } from '../../operator/src/wire/auth/native-password.ts';
import { decodeTextRow } from '../../operator/src/wire/text-row.ts';
import { systemClock } from '../../operator/src/runtime/clock.ts';
import { silentLogger } from '../../operator/src/runtime/logger.ts';
import { eventually } from '../install/eventually.ts';
import { PACKAGED_MARIADB } from '../mariadb/root-file-system.ts';
import {
  type BackendWorld,
  PASSWORD,
  PLAIN_TRAITS,
  run,
  startBackendWorld,
  USER,
} from '../router/backend-world.ts';
import { PlainClient } from '../router/plain-client.ts';
import { TranscriptSink } from '../router/transcript-sink.ts';

const { signal } = new AbortController();

/** What a server says of a connection whose statement sleeps. */
const isAsleep = (state: string | null | undefined): boolean => state === 'User sleep';

describe.each(PACKAGED_MARIADB)('Sessions of a router at MariaDB $version', (packaged) => {
  let world: BackendWorld;

  beforeAll(async () => {
    world = await startBackendWorld(packaged);
  });

  afterAll(async () => {
    await world?.close();
  });

  it('cancels a statement and keeps its transaction', async () => {
    const connection = await world.connect();
    await run(connection, 'CREATE TABLE test.cancelled (i INT)');
    await run(connection, 'BEGIN; INSERT INTO test.cancelled VALUES (1)');
    const slept = connection.query(Buffer.from('SELECT SLEEP(1000)'), new TranscriptSink(), {}, signal);
    expect(await world.stateOf(connection, isAsleep)).toBe('User sleep');
    await connection.cancel(signal);
    expect((await slept).error?.errno).toBe(1317);
    expect(await run(connection, 'COMMIT; SELECT * FROM test.cancelled')).toEqual([['1']]);
  });

  it('never cancels a later statement', async () => {
    const connection = await world.connect();
    for (let round = 0; round < 25; round += 1) {
      const first = connection.query(Buffer.from('DO 1'), new TranscriptSink(), {}, signal);
      const cancelled = connection.cancel(signal);
      const second = connection.query(Buffer.from('DO SLEEP(0.002)'), new TranscriptSink(), {}, signal);
      await Promise.all([first, cancelled]);
      expect([round, (await second).error]).toEqual([round, undefined]);
    }
  });

  it('ends what runs for a request that was given up', async () => {
    const connection = await world.connect();
    const abort = new AbortController();
    const given = connection.query(Buffer.from('DO SLEEP(1000)'), NO_SINK, {}, abort.signal);
    expect(await world.stateOf(connection, isAsleep)).toBe('User sleep');
    abort.abort(new Error('the client is gone'));
    await expect(given).rejects.toMatchObject({ code: 'Aborted', execution: 'Unanswered' });
    expect(await world.stateOf(connection, (state) => state === null)).toBeNull();
  });

  it('does not execute a statement whose database is not there, in the database before it', async () => {
    const connection = await world.connect();
    await run(connection, 'CREATE TABLE test.victim (i INT)');
    await connection.put({ database: 'test' }, signal);
    const insert = Buffer.from('INSERT INTO victim VALUES (1)');
    expect(await connection.query(insert, NO_SINK, { database: 'gone' }, signal)).toMatchObject({
      inPrelude: true,
      error: { errno: 1049 },
    });
    const prepared = await connection.prepare(insert, { database: 'gone' }, signal);
    expect(prepared).toMatchObject({ kind: 'refused', outcome: { inPrelude: true, error: { errno: 1049 } } });
    expect(await run(connection, 'SELECT DATABASE(), COUNT(*) FROM victim')).toEqual([['test', '0']]);
    // The statement that was prepared in the wrong place is not left open.
    expect(await run(connection, "SHOW SESSION STATUS LIKE 'Com_stmt_close'")).toEqual([
      ['Com_stmt_close', '1'],
    ]);
  });

  it('brings a connection into surroundings with the statement’s own packet', async () => {
    const connection = await world.connect();
    const variables = withVariables(INITIAL_VARIABLES, [
      ['sql_mode', "'ANSI_QUOTES'"],
      ['unique_checks', '0'],
      ['@a', "'it''s'"],
    ]);
    const sink = new TranscriptSink();
    await connection.query(
      Buffer.from('SELECT DATABASE(), @@sql_mode, @@unique_checks, @a, @@in_transaction'),
      sink,
      { database: 'other', variables, first: ['START TRANSACTION'] },
      signal,
    );
    expect(sink.values()).toEqual([['other', 'ANSI_QUOTES', '0', "it's", '1']]);
    const body = 'BEGIN SELECT 1; SELECT 2; END';
    await run(connection, 'COMMIT');
    const definition = Buffer.from(`CREATE PROCEDURE apart() ${body}`);
    expect(await connection.query(definition, NO_SINK, { database: 'test' }, signal)).toMatchObject({
      error: undefined,
    });
    const bodies = "SELECT ROUTINE_DEFINITION FROM information_schema.routines WHERE ROUTINE_NAME = 'apart'";
    expect(await run(connection, bodies)).toEqual([[body]]);
    const values = await readVariables(
      connection,
      ['sql_mode', 'unique_checks', 'character_set_results'],
      signal,
    );
    expect([...values]).toEqual([
      ['sql_mode', 'ANSI_QUOTES'],
      ['unique_checks', '0'],
      ['character_set_results', 'utf8mb4'],
    ]);
  });

  it('leaves nothing of a session behind after a reset', async () => {
    const fresh = await world.connect();
    const used = await world.connect();
    const variables = 'SHOW SESSION VARIABLES';
    const ofEach =
      /^(pseudo_thread_id|timestamp|last_gtid|rand_seed\d|gtid_seq_no|tx_|error_count|warning_count)/;
    const relevant = async (connection: ServerConnection): Promise<(string | null)[][]> =>
      (await run(connection, variables)).filter(([name]) => !ofEach.test(name ?? ''));
    await run(
      used,
      'CREATE TEMPORARY TABLE test.own (i INT); SET @a = 1; BEGIN; INSERT INTO test.own VALUES (1)',
    );
    await run(
      used,
      "SET NAMES latin1 COLLATE latin1_bin, sql_mode='', unique_checks=0, autocommit=0, wait_timeout=5",
    );
    await run(used, "SELECT GET_LOCK('own', 0)");
    await run(used, "PREPARE own FROM 'SELECT 1'");
    await used.reset(signal);
    expect(await relevant(used)).toEqual(await relevant(fresh));
    expect(await run(used, "SELECT @a, IS_FREE_LOCK('own'), @@in_transaction")).toEqual([[null, '1', '0']]);
    const gone = await used.query(Buffer.from('SELECT * FROM test.own'), new TranscriptSink(), {}, signal);
    expect(gone.error?.errno).toBe(1146);
    expect(
      (await used.query(Buffer.from('EXECUTE own'), new TranscriptSink(), {}, signal)).error?.errno,
    ).toBe(1243);
    expect(used.isClean).toBe(true);
  });

  it('keeps a default role through a reset, and what SET ROLE made of it too', async () => {
    await world.database.query(
      `CREATE ROLE reader; CREATE USER roled@'%' IDENTIFIED BY 'x'; GRANT reader TO roled@'%'; SET DEFAULT ROLE reader FOR roled@'%'`,
    );
    const connection = await world.connect('roled', { kind: 'password', password: 'x' });
    await connection.reset(signal);
    expect(await run(connection, 'SELECT CURRENT_ROLE()')).toEqual([['reader']]);
    await run(connection, 'SET ROLE NONE');
    await connection.reset(signal);
    expect(await run(connection, 'SELECT CURRENT_ROLE()')).toEqual([[null]]);
  });

  it('lends connections that nothing is left on', async () => {
    const pools = world.pools({ connectionsPerServer: 4 });
    const request = {
      server: world.server,
      user: USER,
      credential: { kind: 'password', password: PASSWORD },
      traits: PLAIN_TRAITS,
      surroundings: { database: 'test', variables: INITIAL_VARIABLES },
    } as const;
    const sessions = Array.from({ length: 12 }, async (_each, session) => {
      for (let turn = 0; turn < 20; turn += 1) {
        const loan = await pools.lend(request, signal);
        const sink = new TranscriptSink();
        const statement = Buffer.from('SELECT @@in_transaction, @@sql_mode, DATABASE(), @@unique_checks');
        await loan.connection.query(statement, sink, request.surroundings, signal);
        expect(sink.values()).toEqual([['0', expect.stringContaining('STRICT_TRANS_TABLES'), 'test', '1']]);
        const mess =
          ['BEGIN', "SET sql_mode=''", 'USE other', 'SET unique_checks=0', 'DO 0'][(session + turn) % 5] ??
          '';
        await loan.connection.query(Buffer.from(mess), NO_SINK, {}, signal);
        loan.giveBack({ clean: true });
      }
    });
    await Promise.all(sessions);
    const [stats] = pools.stats();
    expect((stats?.idle ?? 0) + (stats?.lent ?? 0)).toBeLessThanOrEqual(4);
    pools.close();
  });

  it('trusts the cluster’s authority alone', async () => {
    const { authority } = await makeTestCertificates();
    const stranger = createServerTrust(() => authority);
    await expect(world.connect(undefined, undefined, stranger)).rejects.toMatchObject({
      code: 'IdentityRefused',
    });
  });

  it('tells a wrong password, and a server without room', async () => {
    await expect(world.connect(USER, { kind: 'password', password: 'wrong' })).rejects.toMatchObject({
      code: 'AccessDenied',
      serverError: { errno: 1045 },
    });
    await world.database.query(`CREATE USER few@'%' IDENTIFIED BY 'x' WITH MAX_USER_CONNECTIONS 1`);
    await world.connect('few', { kind: 'password', password: 'x' });
    await expect(world.connect('few', { kind: 'password', password: 'x' })).rejects.toMatchObject({
      code: 'TooManyConnections',
      serverError: { errno: 1226 },
    });
  });

  describe('with the derived credential', () => {
    const SECRET = 'the secret of routers';
    const own = (plugin: OwnProof['plugin'], password: string): OwnProof =>
      plugin === 'ed25519'
        ? { plugin, publicKey: ed25519PublicKey(password).toString('base64').slice(0, 43) }
        : { plugin, hash: nativePasswordHash(password) };

    it.each([
      {
        plugin: 'mysql_native_password',
        client: NATIVE_PASSWORD,
        replies: { derivedFirst: [1, 2], ownFirst: [2, 1] },
      },
      { plugin: 'ed25519', client: ED25519, replies: { derivedFirst: [1, 3], ownFirst: [3, 2] } },
    ] as const)(
      'beside $plugin: a router needs no further round trip when it comes first',
      async ({ plugin, client, replies }) => {
        const user = `derived_${plugin.slice(0, 5)}`;
        const derivedFirst = identifiedVia(SECRET, user, own(plugin, 'own'));
        const [, first = '', second = ''] = /VIA (.*) OR (.*)$/.exec(derivedFirst) ?? [];
        const measure = async (identified: string): Promise<readonly number[]> => {
          await world.database.query(`CREATE OR REPLACE USER ${user}@'%' ${identified}`);
          const { port } = world.server;
          const router = await PlainClient.open({ port, user, password: routerPassword(SECRET, user) });
          const direct = await PlainClient.open({ port, user, password: 'own', plugin: client });
          const wrong = await PlainClient.open({ port, user, password: 'wrong', plugin: client });
          [router, direct, wrong].forEach((opened) => opened.close());
          expect([router.accepted, direct.accepted, wrong.accepted]).toEqual([true, true, false]);
          return [router.replies, direct.replies];
        };
        expect(await measure(`IDENTIFIED VIA ${second} OR ${first}`)).toEqual(replies.ownFirst);
        expect(await measure(derivedFirst)).toEqual(replies.derivedFirst);
      },
    );

    it('logs in as the user, whatever the user proves himself by, and as a user made by hand', async () => {
      const reader = await world.connect();
      const users = new CachedUsers({
        read: async () => {
          const sink = new TranscriptSink();
          await reader.query(Buffer.from(USERS_STATEMENT), sink, {}, signal);
          return sink.rowPayloads.map((payload) => decodeTextRow(payload, 4));
        },
        secret: () => SECRET,
        clock: systemClock,
        logger: silentLogger,
        refreshMilliseconds: 5000,
      });
      await world.database.query(
        `CREATE OR REPLACE USER one@'%' ${identifiedVia(SECRET, 'one', own('ed25519', 'own'))} REQUIRE SSL WITH MAX_USER_CONNECTIONS 3;
         CREATE OR REPLACE USER two@'%' ${identifiedVia(SECRET, 'two', own('mysql_native_password', 'own'))} ACCOUNT LOCK;
         CREATE OR REPLACE USER hand@'%' IDENTIFIED BY 'own' PASSWORD EXPIRE;
         CREATE OR REPLACE USER keyed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('own');
         CREATE OR REPLACE USER nearby@'10.%' IDENTIFIED BY 'own';
         CREATE ROLE IF NOT EXISTS somerole`,
      );
      const native = { plugin: 'mysql_native_password' };
      const expected = {
        one: {
          kind: 'found',
          account: { methods: [{ plugin: 'client_ed25519' }], requireTls: true, maxConnections: 3 },
        },
        two: { kind: 'found', account: { methods: [native], locked: true } },
        hand: { kind: 'found', account: { methods: [native], passwordExpired: true, credential: undefined } },
        keyed: { kind: 'unserved' },
        nearby: { kind: 'unserved' },
        'mariadb.sys': { kind: 'unknown' },
        somerole: { kind: 'unknown' },
      };
      for (const [user, account] of Object.entries(expected)) {
        expect([user, await users.find(user, signal)]).toMatchObject([user, account]);
      }
      await world.database.query(
        "ALTER USER two@'%' ACCOUNT UNLOCK; ALTER USER hand@'%' IDENTIFIED BY 'own'",
      );
      for (const user of ['one', 'two', 'hand']) {
        const found = await users.find(user, signal);
        if (found.kind !== 'found') {
          throw new Error(`${user} is ${found.kind}`);
        }
        const connection = await world.connect(user, serverCredential(found.account, nativeSecretOf('own')));
        expect(await run(connection, 'SELECT CURRENT_USER()')).toEqual([[`${user}@%`]]);
      }
    });
  });

  it('tells what is known of a statement when the server dies', async () => {
    const [streaming, sleeping, idle] = await Promise.all([
      world.connect(),
      world.connect(),
      world.connect(),
    ]);
    const sink = new TranscriptSink();
    const rows = streaming.query(
      Buffer.from("SELECT REPEAT('x', 1000), SLEEP(0.001) FROM test.seq_1_to_100000"),
      sink,
      {},
      signal,
    );
    const sleep = sleeping.query(Buffer.from('DO SLEEP(1000)'), NO_SINK, {}, signal);
    const behind = sleeping.query(Buffer.from('DO 1'), NO_SINK, {}, signal);
    const received = await eventually(
      async () => sink.rowPayloads.length,
      (count) => count > 0,
    );
    expect(received).toBeGreaterThan(0);
    const failures = [rows, sleep, behind].map((request) => request.catch((error: unknown) => error));
    await world.database.stop();
    expect(await Promise.all(failures)).toMatchObject([
      { code: 'ConnectionLost', execution: 'Answered' },
      { code: 'ConnectionLost', execution: 'Unanswered' },
      { code: 'ConnectionLost', execution: 'NotSent' },
    ]);
    await idle.ended;
    await expect(idle.query(Buffer.from('DO 1'), NO_SINK, {}, signal)).rejects.toMatchObject({
      execution: 'NotSent',
    });
    await expect(world.connect()).rejects.toMatchObject({ code: 'Unreachable', execution: 'NotSent' });
  });
});
