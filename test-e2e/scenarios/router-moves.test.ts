import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import { writeMapFile } from '../../operator/src/router/topology/map-file.ts';
import { eventually } from '../install/eventually.ts';
import { MoveScript } from '../router/move-script.ts';
import type { RouterProcess } from '../router/router-process.ts';
import {
  APPLICATION_USER,
  CLUSTER,
  createRouterWorld,
  KEYSPACE,
  type RouterWorld,
} from '../router/router-world.ts';

const KEYS = 48;

describe('a router while slots move between two shards', () => {
  let world: RouterWorld;
  let client: Connection;
  const opened: Connection[] = [];
  /** A key in each slot that has one. */
  const keyOf = new Map<number, number>();

  const connect = async (
    router: RouterProcess = world.router,
    user = APPLICATION_USER,
    password = world.password,
  ): Promise<Connection> => {
    const connection = await createConnection({
      ...router.address,
      user,
      password,
      database: KEYSPACE,
    });
    connection.on('error', () => {});
    opened.push(connection);
    return connection;
  };
  const keyIn = (slot: number): number => {
    const key = keyOf.get(slot);
    if (key === undefined) {
      throw new Error(`none of the keys is in slot ${slot}`);
    }
    return key;
  };
  /** What a shard has of a slot, whoever owns it. */
  const stored = async (move: MoveScript, server: 'source' | 'target'): Promise<string> => {
    const { database } = move;
    const [row] = await move[server].query(
      `SELECT COUNT(*) AS rows_, SUM(n) AS total FROM \`${database}\`.counters`,
    );
    return JSON.stringify(row);
  };

  beforeAll(async () => {
    world = await createRouterWorld({
      // A switch is said to take longer where the machine does, and statements wait for all of it.
      holdSeconds: 60,
      keyspace: {
        tables: [
          { name: 'counters', key: 'id' },
          { name: 'countries', type: 'Reference' },
        ],
      },
    });
    await world.begin();
    client = await connect();
    await client.query('CREATE TABLE counters (id BIGINT PRIMARY KEY, n INT NOT NULL)');
    await client.query('CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(40))');
    const values = Array.from({ length: KEYS }, (_row, id) => `(${id}, 0)`);
    await client.query(`INSERT INTO counters VALUES ${values.join(', ')}`);
    for (let id = 0; id < KEYS; id += 1) {
      const [[row]] = await client.query<RowDataPacket[]>(
        `EXPLAIN SHARDWRIGHT SELECT * FROM counters WHERE id = ${id}`,
      );
      keyOf.set(Number(row?.['slots']), id);
    }
  });

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
  });

  it('clients of all kinds go on without an error, and every write is at the new owner', async () => {
    const slot = 0;
    const move = new MoveScript(world, { slot, from: 0, to: 1 });
    const [key, other] = [keyIn(slot), keyIn(1)];
    const over = new AbortController();
    const errors: unknown[] = [];
    let [increments, longest, repeated] = [0, 0, 0];
    /** Does one thing again and again until the test is over. */
    const repeat = async (body: (connection: Connection) => Promise<void>): Promise<void> => {
      const connection = await connect();
      while (!over.signal.aborted) {
        const started = performance.now();
        await body(connection).catch((error: unknown) => errors.push(error));
        longest = Math.max(longest, performance.now() - started);
      }
    };
    const sum = async (connection: Connection): Promise<number> => {
      const [[row]] = await connection.query<RowDataPacket[]>('SELECT SUM(n) AS total FROM counters');
      return Number(row?.['total']);
    };
    const workers = [
      repeat(async (connection) => {
        await connection.query('UPDATE counters SET n = n + 1 WHERE id = ?', [key]);
        increments += 1;
      }),
      repeat(async (connection) => {
        await connection.execute('UPDATE counters SET n = n + 1 WHERE id = ?', [key]);
        increments += 1;
        const before = increments;
        const [[row]] = await connection.execute<RowDataPacket[]>('SELECT n FROM counters WHERE id = ?', [
          key,
        ]);
        expect(Number(row?.['n'])).toBeGreaterThan(0);
        // Reads of all slots never show less than was confirmed before they began.
        expect(await sum(connection)).toBeGreaterThanOrEqual(before);
      }),
      repeat(async (connection) => {
        await connection.query('UPDATE counters SET n = n + 1 WHERE id IN (?, ?)', [key, other]);
        increments += 2;
      }),
      repeat(async (connection) => {
        await connection.query("REPLACE INTO countries VALUES ('at', 'Austria')");
      }),
      repeat(async (connection) => {
        // A transaction may be told to start again, and then it is.
        for (let isDone = false; !isDone;) {
          try {
            await connection.query('BEGIN');
            await connection.query('UPDATE counters SET n = n + 1 WHERE id = ?', [key]);
            await connection.query('UPDATE counters SET n = n + 1 WHERE id = ?', [key]);
            await connection.query('COMMIT');
            increments += 2;
            isDone = true;
          } catch (error) {
            if ((error as { readonly errno?: number }).errno !== 1213) {
              throw error;
            }
            repeated += 1;
          }
        }
      }),
    ];
    await eventually(
      async () => increments,
      (count) => count > 50,
    );
    await move.enter('Copying');
    await world.routerUsesMap();
    const [[described]] = await client.query<RowDataPacket[]>(
      `EXPLAIN SHARDWRIGHT SELECT * FROM counters WHERE id = ${key}`,
    );
    expect(described).toMatchObject({
      moves: 'slot 0 of app moves from shard 0 to shard 1 (Copying, attempt 1)',
    });
    let fenced = '';
    const switching = performance.now();
    const { leavingMilliseconds, killed } = await move.switchOver(async () => {
      fenced = await stored(move, 'source');
    });
    const switchMilliseconds = performance.now() - switching;
    const after = increments;
    await eventually(
      async () => increments,
      (count) => count > after + 50,
    );
    over.abort();
    await Promise.all(workers);
    expect(errors).toEqual([]);
    expect(increments).toBeGreaterThan(after + 50);
    expect(killed).toBe(0);
    expect(leavingMilliseconds).toBeLessThan(15_000);
    expect(longest).toBeLessThan(switchMilliseconds + 5000);
    expect(repeated).toBeLessThan(5);
    expect(await sum(client)).toBe(increments);
    expect(await stored(move, 'source')).toBe(fenced);
    expect(await stored(move, 'target')).not.toBe(fenced);
    const [[placed]] = await client.query<RowDataPacket[]>(
      `EXPLAIN SHARDWRIGHT SELECT * FROM counters WHERE id = ${key}`,
    );
    expect(placed).toMatchObject({ shards: '1', moves: expect.stringContaining('Soaking') });
    const { text } = await world.router.page('/metrics');
    expect(text).toMatch(/shardwright_router_hold_duration_seconds_count\{[^}]*cause="Moving"[^}]*\} [1-9]/);
  });

  it('definitions wait while rows are copied, and tell what they end while the slot can be returned', async () => {
    await world.changeMap(({ moves: _moves, ...map }) => map);
    const move = new MoveScript(world, { slot: 2, from: 0, to: 1 });
    await move.enter('Copying');
    await world.routerUsesMap();
    let isDone = false;
    const altering = client
      .query('ALTER TABLE counters ADD COLUMN note VARCHAR(20)')
      .then(() => (isDone = true));
    await delay(500);
    expect(isDone).toBe(false);
    await move.end();
    await altering;
    await move.enter('Soaking', {}, '1-1-1');
    await world.routerUsesMap();
    const [result] = await client.query<ResultSetHeader>('ALTER TABLE counters DROP COLUMN note');
    expect(result.warningStatus).toBe(1);
    const [warnings] = await client.query<RowDataPacket[]>('SHOW WARNINGS');
    expect(warnings).toMatchObject([
      { Level: 'Warning', Message: expect.stringContaining('cannot be returned') },
    ]);
    await move.end();
  });

  it('a transaction that is open may end at the former owner, and a user who lacks a right is told at once', async () => {
    const slot = 4;
    const move = new MoveScript(world, { slot, from: 0, to: 1 });
    const connection = await connect();
    await connection.query('BEGIN');
    await connection.query('UPDATE counters SET n = 1000 WHERE id = ?', [keyIn(slot)]);
    await move.enter('Copying');
    const switching = move.switchOver();
    await world.routerUsesMap();
    await connection.query('UPDATE counters SET n = n + 1 WHERE id = ?', [keyIn(slot)]);
    await connection.query('COMMIT');
    expect((await switching).killed).toBe(0);
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT n FROM counters WHERE id = ?', [
      keyIn(slot),
    ]);
    expect(row?.['n']).toBe(1001);
    await world.createUser('reader', 'secret', 'ro');
    const reader = await connect(world.router, 'reader', 'secret');
    const started = performance.now();
    await expect(reader.query('UPDATE counters SET n = 0 WHERE id = ?', [keyIn(slot)])).rejects.toMatchObject(
      {
        errno: 1142,
      },
    );
    // At once: others would be held for a minute.
    expect(performance.now() - started).toBeLessThan(10_000);
    await move.end();
  });

  it('a router that knows nothing of the move writes nothing to the former owner', async () => {
    const slot = 6;
    const stale = await world.startRouterWithThisMap();
    try {
      const move = new MoveScript(world, { slot, from: 0, to: 1 }, 300);
      const connection = await connect(stale);
      const elsewhere = await connect(stale);
      const increment = (): Promise<unknown> =>
        connection.execute('UPDATE counters SET n = n + 1 WHERE id = ?', [keyIn(slot)]);
      await increment();
      // The one server connection has the statement prepared there, and another slot selected; a second one has the slot
      // selected, since a statement with a query in it does not name its database.
      const blocker = await move.source.connect(databaseOfSlot(KEYSPACE, 2));
      await blocker.query('BEGIN; SELECT n FROM counters FOR UPDATE');
      const waiting = connection.query('SELECT SLEEP(0), n FROM counters WHERE id = ? FOR UPDATE', [
        keyIn(2),
      ]);
      await eventually(
        () => move.source.query("SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"),
        (waits) => waits.length > 0,
      );
      await elsewhere.query('UPDATE counters SET n = n + 1 WHERE id = ? AND EXISTS (SELECT 1)', [
        keyIn(slot),
      ]);
      await blocker.query('ROLLBACK');
      blocker.destroy();
      await waiting;
      await move.enter('Copying');
      const { killed } = await move.switchOver();
      expect(killed).toBeGreaterThan(0);
      const fenced = await stored(move, 'source');
      const writes = [
        increment(),
        elsewhere.query('UPDATE counters SET n = n + 1 WHERE id = ?', [keyIn(slot)]),
      ];
      await delay(500);
      expect(await stored(move, 'source')).toBe(fenced);
      await writeMapFile(stale.mapFile, CLUSTER, world.map);
      await Promise.all(writes);
      expect(await stored(move, 'source')).toBe(fenced);
      const [[row]] = await client.query<RowDataPacket[]>('SELECT n FROM counters WHERE id = ?', [
        keyIn(slot),
      ]);
      expect(row?.['n']).toBe(4);
    } finally {
      await stale.stop('SIGKILL');
    }
  });

  it('reference tables are written where the map has them, and another shard gets its copy between two writes', async () => {
    const namesOn = async (shard: number): Promise<string[]> => {
      const rows = await world.primary(shard).query('SELECT code FROM app$shared.countries ORDER BY code');
      return rows.map((row) => String(row['code']));
    };
    const changeReferences = (referenceShards: number[], phase?: 'Switching' | 'Soaking'): Promise<void> =>
      world.changeMap(({ moves: _moves, ...map }) => ({
        ...map,
        keyspaces: (map.keyspaces ?? []).map((keyspace) => ({ ...keyspace, referenceShards })),
        ...(phase === undefined
          ? {}
          : {
              moves: [
                { id: 'copy', keyspace: KEYSPACE, unit: 'Reference', from: 0, to: 1, attempt: 1, phase },
              ],
            }),
      }));
    await changeReferences([0]);
    await eventually(
      async () =>
        (await client.query<RowDataPacket[]>('EXPLAIN SHARDWRIGHT DELETE FROM countries'))[0][0]?.['shards'],
      (shards) => shards === '0',
    );
    await client.query("INSERT INTO countries VALUES ('ch', 'Switzerland')");
    expect(await namesOn(0)).toContain('ch');
    expect(await namesOn(1)).not.toContain('ch');
    for (const reader of [await connect(), await connect()]) {
      const [rows] = await reader.query<RowDataPacket[]>("SELECT name FROM countries WHERE code = 'ch'");
      expect(rows).toMatchObject([{ name: 'Switzerland' }]);
    }
    await changeReferences([0], 'Switching');
    await world.routerUsesMap();
    let isDone = false;
    const writing = client.query("INSERT INTO countries VALUES ('it', 'Italy')").then(() => (isDone = true));
    await delay(300);
    expect(isDone).toBe(false);
    expect(await namesOn(0)).not.toContain('it');
    await world.primary(1).load(await world.primary(0).dump('app$shared'));
    await changeReferences([0, 1], 'Soaking');
    await writing;
    expect(await namesOn(0)).toContain('it');
    expect(await namesOn(1)).toEqual(await namesOn(0));
  });
});
