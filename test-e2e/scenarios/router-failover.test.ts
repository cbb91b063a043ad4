import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import { eventually } from '../install/eventually.ts';
import { MoveScript } from '../router/move-script.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('a router on two shards of two servers each', () => {
  let world: RouterWorld;
  let client: Connection;
  const opened: Connection[] = [];

  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    });
    connection.on('error', () => {});
    opened.push(connection);
    return connection;
  };
  /** The router's own name for where it would go. */
  const serverOf = async (sql: string): Promise<string> => {
    const [[row]] = await client.query<RowDataPacket[]>(sql);
    return String(row?.['pod']);
  };

  beforeAll(async () => {
    world = await createRouterWorld({ instances: 2 });
    await world.begin();
    client = await connect();
    await client.query('CREATE TABLE users (id BIGINT PRIMARY KEY, n INT NOT NULL)');
    await client.query(
      `INSERT INTO users VALUES ${Array.from({ length: 32 }, (_row, id) => `(${id}, 0)`).join(', ')}`,
    );
  });

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
  });

  describe('consistency', () => {
    it('strong reads come from the primary, eventual ones from replicas', async () => {
      const [primary, replica] = world.shards[0] ?? [];
      const [slot = 0] = world.slotsOf(0);
      const idOfSlot = await keyInSlot(client, slot);
      expect(await serverOf(`SELECT @@port AS pod FROM users WHERE id = ${idOfSlot}`)).toBe(
        String(primary?.port),
      );
      await client.query("SET shardwright_consistency = 'eventual'");
      expect(
        await eventually(
          () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${idOfSlot}`),
          (port) => port === String(replica?.port),
        ),
      ).toBe(String(replica?.port));
      expect(
        await serverOf(
          `SELECT /*shardwright: consistency=strong */ @@port AS pod FROM users WHERE id = ${idOfSlot}`,
        ),
      ).toBe(String(primary?.port));
    });

    it('a session reads its own writes, also where replicas are behind', async () => {
      const id = await keyInSlot(client, world.slotsOf(0)[0] ?? 0);
      await client.query("SET shardwright_consistency = 'read_your_writes'");
      await Promise.all(world.shards.map(async ([, replica]) => replica?.query('STOP SLAVE SQL_THREAD')));
      await client.query('UPDATE users SET n = n + 1 WHERE id = ?', [id]);
      const [[row]] = await client.query<RowDataPacket[]>('SELECT n, @@port AS pod FROM users WHERE id = ?', [
        id,
      ]);
      expect(row).toMatchObject({ n: 1, pod: world.primary(0).port });
      await Promise.all(world.shards.map(async ([, replica]) => replica?.query('START SLAVE SQL_THREAD')));
      const [, replica] = world.shards[0] ?? [];
      const port = await eventually(
        () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${id}`),
        (found) => found === String(replica?.port),
      );
      expect(port).toBe(String(replica?.port));
      await client.query('SET shardwright_consistency = DEFAULT');
    });

    it('a session reads what it wrote before its slot went to another shard, also with a token of another session', async () => {
      const [, slot = 2] = world.slotsOf(0);
      const id = await keyInSlot(client, slot);
      const [, replica] = world.shards[1] ?? [];
      const [writer, reader] = [await connect(), await connect()];
      await writer.query("SET shardwright_consistency = 'read_your_writes'");
      await writer.query('UPDATE users SET n = 41 WHERE id = ?', [id]);
      const [[{ token } = { token: '' }]] = await writer.query<RowDataPacket[]>(
        'SELECT @@shardwright_gtid AS token',
      );
      expect(token).toMatch(/^0-/u);
      await reader.query("SET shardwright_consistency = 'read_your_writes', shardwright_gtid = ?", [token]);
      // Its lag is one that reads put up with, by heartbeats, and it has neither the rows nor the rights of the slot yet.
      await replica?.query(
        `SET sql_log_bin = 0; DROP TABLE shardwright.heartbeat;
         CREATE VIEW shardwright.heartbeat AS SELECT 1 AS id, 1 AS epoch, UTC_TIMESTAMP(6) AS written_at;
         STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 3600; START SLAVE`,
      );
      const move = new MoveScript(world, { slot, from: 0, to: 1 });
      await move.enter('Copying');
      await move.switchOver();
      const seen = async (connection: Connection) => {
        const [[row]] = await connection.query<RowDataPacket[]>(
          'SELECT n, @@port AS port FROM users WHERE id = ?',
          [id],
        );
        return row;
      };
      for (const connection of [writer, reader]) {
        expect(await seen(connection)).toEqual({ n: 41, port: world.primary(1).port });
      }
      await writer.query('UPDATE users SET n = n + 1 WHERE id = ?', [id]);
      expect(await seen(writer)).toEqual({ n: 42, port: world.primary(1).port });
      await replica?.query('STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE');
      for (const connection of [writer, reader]) {
        expect(
          await eventually(
            () => seen(connection),
            (row) => row?.['port'] === replica?.port,
          ),
        ).toEqual({ n: 42, port: replica?.port });
      }
      await move.end();
    });

    it('a session waits for a replica to have what it wrote, and goes to the primary when that takes too long', async () => {
      const id = await keyInSlot(client, world.slotsOf(1)[0] ?? 0);
      const [primary, replica] = world.shards[1] ?? [];
      const writer = await connect();
      await writer.query(
        "SET shardwright_consistency = 'read_your_writes', shardwright_wait_milliseconds = 10000",
      );
      const portAfterWriting = async (): Promise<unknown> => {
        await writer.query('UPDATE users SET n = n + 1 WHERE id = ?', [id]);
        const [[row]] = await writer.query<RowDataPacket[]>('SELECT @@port AS port FROM users WHERE id = ?', [
          id,
        ]);
        return row?.['port'];
      };
      // Before that, the router may not have seen yet that the replica follows.
      expect(await eventually(portAfterWriting, (port) => port === replica?.port)).toBe(replica?.port);
      await replica?.query('STOP SLAVE SQL_THREAD');
      await writer.query('SET shardwright_wait_milliseconds = 50');
      expect(await portAfterWriting()).toBe(primary?.port);
      await replica?.query('START SLAVE SQL_THREAD');
      await expect(writer.query('SET shardwright_wait_milliseconds = 60000')).rejects.toMatchObject({
        errno: 1231,
      });
    });

    describe('as the map says', () => {
      const policies: readonly (readonly [of: string, change: (map: ShardMapSpec) => ShardMapSpec])[] = [
        ['the keyspace', (map) => withKeyspace(map, { consistency: 'Eventual' })],
        ['the user', (map) => ({ ...map, users: [{ name: APPLICATION_USER, consistency: 'Eventual' }] })],
        [
          'the table',
          (map) => withKeyspace(map, { tables: [{ name: 'users', key: 'id', consistency: 'Eventual' }] }),
        ],
      ];

      it.each(policies)('by default that of %s', async (_of, change) => {
        const before = world.map;
        const id = await keyInSlot(client, world.slotsOf(0)[0] ?? 0);
        const [primary, replica] = world.shards[0] ?? [];
        const read = `SELECT @@port AS pod FROM users WHERE id = ${id}`;
        expect(await serverOf(read)).toBe(String(primary?.port));
        await world.changeMap(change);
        expect(
          await eventually(
            () => serverOf(read),
            (port) => port === String(replica?.port),
          ),
        ).toBe(String(replica?.port));
        await client.query("SET shardwright_consistency = 'strong'");
        expect(await serverOf(read)).toBe(String(primary?.port));
        await client.query('SET shardwright_consistency = DEFAULT');
        await world.changeMap((map) => ({ ...before, revision: map.revision }));
        expect(
          await eventually(
            () => serverOf(read),
            (port) => port === String(primary?.port),
          ),
        ).toBe(String(primary?.port));
      });

      it('and one statement may ask for the fastest replica', async () => {
        const id = await keyInSlot(client, world.slotsOf(0)[0] ?? 0);
        const [, replica] = world.shards[0] ?? [];
        const read = `SELECT /*shardwright: consistency=eventual_fastest */ @@port AS pod FROM users WHERE id = ${id}`;
        expect(
          await eventually(
            () => serverOf(read),
            (port) => port === String(replica?.port),
          ),
        ).toBe(String(replica?.port));
        const explain = async () =>
          (await client.query<RowDataPacket[]>(`EXPLAIN SHARDWRIGHT ${read}`))[0][0];
        // A busy machine may be late with a look at the replica, which is passed over until the next.
        expect(await eventually(explain, (row) => row?.['server'] === replica?.pod)).toMatchObject({
          route: 'single',
          server: replica?.pod,
          access: 'Eventual, the fastest replica',
          shards: '0',
        });
        const [[strong]] = await client.query<RowDataPacket[]>(
          `EXPLAIN SHARDWRIGHT SELECT /*shardwright: consistency=strong */ COUNT(*) FROM users`,
        );
        expect(strong?.['server']).toBe([world.primary(0).pod, world.primary(1).pod].join(', '));
      });
    });

    it('falls back to the primary when replication has stopped', async () => {
      const id = await keyInSlot(client, world.slotsOf(1)[0] ?? 0);
      const [primary, replica] = world.shards[1] ?? [];
      await client.query("SET shardwright_consistency = 'eventual'");
      expect(
        await eventually(
          () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${id}`),
          (found) => found === String(replica?.port),
        ),
      ).toBe(String(replica?.port));
      await replica?.query('STOP SLAVE');
      const port = await eventually(
        () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${id}`),
        (found) => found === String(primary?.port),
      );
      expect(port).toBe(String(primary?.port));
      await client.query('SET shardwright_consistency = DEFAULT');
      await replica?.query('START SLAVE');
    });
  });

  describe('when a primary is replaced', () => {
    /** Promotes the replica of shard 0 as the operator would, after a pause without a primary. */
    const failOver = async (kill: boolean): Promise<void> => {
      const [old, next] = world.shards[0] ?? [];
      if (old === undefined || next === undefined) {
        throw new Error('there are no servers');
      }
      if (kill) {
        await old.stop('SIGKILL');
      } else {
        old.freeze();
      }
      await delay(300);
      const epoch = (world.map.shards[0]?.epoch ?? 0) + 1;
      await world.changeMap((map) => ({
        ...map,
        shards: map.shards.map((shard) =>
          shard.number === 0 ? { ...shard, epoch, primary: null, replicas: [old.pod, next.pod] } : shard,
        ),
      }));
      await delay(500);
      await next.query('STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0');
      await world.changeMap((map) => ({
        ...map,
        shards: map.shards.map((shard) =>
          shard.number === 0 ? { ...shard, primary: next.pod, replicas: [old.pod] } : shard,
        ),
      }));
    };

    it('autocommit statements wait and succeed, transactions are told to start again', async () => {
      const id = await keyInSlot(client, world.slotsOf(0)[0] ?? 0);
      const inTransaction = await connect();
      await inTransaction.beginTransaction();
      await inTransaction.query('UPDATE users SET n = n + 100 WHERE id = ?', [id]);

      const errors: unknown[] = [];
      const over = new AbortController();
      const doneBy = [0, 0, 0, 0];
      const total = (): number => doneBy.reduce((sum, count) => sum + count, 0);
      const workers = doneBy.map(async (_none, index) => {
        const connection = await connect();
        const own = await keyInSlot(client, world.slotsOf(index % 2)[1] ?? 0);
        while (!over.signal.aborted) {
          // A write that was sent and not answered may not be repeated; reads may, and writes that were not sent.
          await connection
            .query(index < 2 ? 'SELECT n FROM users WHERE id = ?' : 'SELECT COUNT(*) FROM users', [own])
            .then(() => (doneBy[index] = (doneBy[index] ?? 0) + 1))
            .catch((error: unknown) => errors.push(error));
        }
      });
      await eventually(
        async () => Math.min(...doneBy),
        (count) => count > 5,
      );
      await failOver(true);
      const before = total();
      await eventually(
        async () => total(),
        (count) => count > before + 20,
      );
      over.abort();
      await Promise.all(workers);
      expect(errors).toEqual([]);
      expect(total()).toBeGreaterThan(before + 20);

      await expect(
        inTransaction.query('UPDATE users SET n = n + 100 WHERE id = ?', [id]),
      ).rejects.toMatchObject({
        errno: 1213,
        sqlState: '40001',
      });
      await inTransaction.query('UPDATE users SET n = 7 WHERE id = ?', [id]);
      const [[row]] = await client.query<RowDataPacket[]>('SELECT n FROM users WHERE id = ?', [id]);
      expect(row?.['n']).toBe(7);
    });

    it('a shard that stays without a primary costs time, and an error that says so', async () => {
      await world.changeMap((map) => ({
        ...map,
        shards: map.shards.map((shard) =>
          shard.number === 1
            ? {
                ...shard,
                epoch: shard.epoch + 1,
                primary: null,
                replicas: (world.shards[1] ?? []).map(({ pod }) => pod),
              }
            : shard,
        ),
      }));
      await world.routerUsesMap();
      const id = await keyInSlot(client, world.slotsOf(1)[0] ?? 0);
      const started = performance.now();
      await expect(client.query('UPDATE users SET n = 1 WHERE id = ?', [id])).rejects.toMatchObject({
        errno: 1205,
        message: expect.stringContaining('shard 1'),
      });
      expect(performance.now() - started).toBeGreaterThan(9000);
    });
  });
});

function withKeyspace(
  map: ShardMapSpec,
  change: Partial<NonNullable<ShardMapSpec['keyspaces']>[number]>,
): ShardMapSpec {
  return { ...map, keyspaces: (map.keyspaces ?? []).map((keyspace) => ({ ...keyspace, ...change })) };
}

async function keyInSlot(client: Connection, slot: number): Promise<number> {
  for (let id = 0; id < 32; id += 1) {
    const [[row]] = await client.query<RowDataPacket[]>(
      `EXPLAIN SHARDWRIGHT SELECT * FROM users WHERE id = ${id}`,
    );
    if (String(row?.['slots']) === String(slot)) {
      return id;
    }
  }
  throw new Error(`none of the keys is in slot ${slot}`);
}
