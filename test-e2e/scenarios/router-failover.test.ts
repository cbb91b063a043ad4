import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from '../install/eventually.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('a router on two shards of two servers each', () => {
  let world: RouterWorld;
  let client: Connection;
  const opened: Connection[] = [];

  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: world.router.port,
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
      await eventually(
        () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${idOfSlot}`),
        (port) => port === String(replica?.port),
        10,
      );
      expect(await serverOf(`SELECT @@port AS pod FROM users WHERE id = ${idOfSlot}`)).toBe(
        String(replica?.port),
      );
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
        15,
      );
      expect(port).toBe(String(replica?.port));
      await client.query('SET shardwright_consistency = DEFAULT');
    });

    it('falls back to the primary when replication has stopped', async () => {
      const id = await keyInSlot(client, world.slotsOf(1)[0] ?? 0);
      const [primary, replica] = world.shards[1] ?? [];
      await client.query("SET shardwright_consistency = 'eventual'");
      expect(
        await eventually(
          () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${id}`),
          (found) => found === String(replica?.port),
          10,
        ),
      ).toBe(String(replica?.port));
      await replica?.query('STOP SLAVE');
      const port = await eventually(
        () => serverOf(`SELECT @@port AS pod FROM users WHERE id = ${id}`),
        (found) => found === String(primary?.port),
        10,
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
      let done = 0;
      const workers = Array.from({ length: 4 }, async (_worker, index) => {
        const connection = await connect();
        const own = await keyInSlot(client, world.slotsOf(index % 2)[1] ?? 0);
        while (!over.signal.aborted) {
          // A write that was sent and not answered may not be repeated; reads may, and writes that were not sent.
          await connection
            .query(index < 2 ? 'SELECT n FROM users WHERE id = ?' : 'SELECT COUNT(*) FROM users', [own])
            .then(() => (done += 1))
            .catch((error: unknown) => errors.push(error));
        }
      });
      await delay(300);
      await failOver(true);
      const before = done;
      await eventually(
        async () => done,
        (count) => count > before + 20,
        10,
      );
      over.abort();
      await Promise.all(workers);
      expect(errors).toEqual([]);
      expect(done).toBeGreaterThan(before + 20);

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
      await delay(500);
      const id = await keyInSlot(client, world.slotsOf(1)[0] ?? 0);
      const started = performance.now();
      await expect(client.query('UPDATE users SET n = 1 WHERE id = ?', [id])).rejects.toMatchObject({
        errno: 1205,
        message: expect.stringContaining('shard 1'),
      });
      expect(performance.now() - started).toBeGreaterThan(9000);
    }, 60_000);
  });
});

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
