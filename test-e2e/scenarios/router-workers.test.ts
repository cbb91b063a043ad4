import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { eventually } from '../install/eventually.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('a router of three workers', () => {
  let world: RouterWorld;
  const opened: Connection[] = [];

  const connect = async (): Promise<{ readonly connection: Connection; readonly id: number }> => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port: world.router.port,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    });
    connection.on('error', () => {});
    opened.push(connection);
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    return { connection, id: Number(row?.['id']) };
  };

  beforeAll(async () => {
    world = await createRouterWorld();
    await world.begin(['--workers=3']);
    const { connection } = await connect();
    await connection.query('CREATE TABLE users (id BIGINT PRIMARY KEY, n INT NOT NULL)');
    await connection.query('INSERT INTO users VALUES (1, 0), (2, 0)');
  });

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
  });

  it('spreads connections, whose numbers tell them apart', async () => {
    // It is ready with its first worker; the others follow.
    const ids = await eventually(
      async () => (await Promise.all(Array.from({ length: 9 }, () => connect()))).map(({ id }) => id),
      (found) => new Set(found.map((id) => id % 3)).size === 3,
      10,
    );
    expect(new Set(ids).size).toBe(9);
    expect(new Set(ids.map((id) => id % 3)).size).toBe(3);
  });

  it('ends a statement of another worker, and its transaction goes on', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
    const [killer] = clients;
    const victim = clients.find(({ id }) => id % 3 !== (killer?.id ?? 0) % 3);
    if (killer === undefined || victim === undefined) {
      throw new Error('all connections are with one worker');
    }
    await victim.connection.beginTransaction();
    await victim.connection.query('UPDATE users SET n = 1 WHERE id = 1');
    const sleeping = victim.connection
      .query('SELECT SLEEP(20) FROM users WHERE id = 1')
      .catch((error: unknown) => error);
    await delay(300);
    await killer.connection.query(`KILL QUERY ${victim.id}`);
    // A sleep that is interrupted is no error, and gives 1.
    await sleeping;
    const [[row]] = await victim.connection.query<RowDataPacket[]>('SELECT n FROM users WHERE id = 1');
    expect(row?.['n']).toBe(1);
    await victim.connection.rollback();
    const [[after]] = await victim.connection.query<RowDataPacket[]>('SELECT n FROM users WHERE id = 1');
    expect(after?.['n']).toBe(0);
    await expect(killer.connection.query('KILL 4000000000')).rejects.toMatchObject({ errno: 1094 });
  });

  it('adds up what its workers count', async () => {
    const { status, text } = await world.router.page('/metrics');
    expect(status).toBe(200);
    expect(text).toMatch(/shardwright_router_statements_total\{route="single"\} [1-9]/);
    expect(Number(/shardwright_router_client_connections (\d+)/.exec(text)?.[1])).toBeGreaterThan(9);
  });

  it('goes on when a worker dies', async () => {
    const pids = await world.router.workerPids();
    expect(pids).toHaveLength(3);
    process.kill(pids[0] ?? 0, 'SIGKILL');
    const { connection } = await connect();
    await expect(connection.query('SELECT COUNT(*) FROM users')).resolves.toBeDefined();
    const deadline = performance.now() + 10_000;
    while ((await world.router.workerPids()).length < 3 && performance.now() < deadline) {
      await delay(100);
    }
    expect(await world.router.workerPids()).toHaveLength(3);
  });

  it('lets a transaction end before it stops, and refuses new clients meanwhile', async () => {
    const { connection } = await connect();
    await connection.beginTransaction();
    await connection.query('UPDATE users SET n = 5 WHERE id = 2');
    const stopping = world.router.stop('SIGTERM');
    await delay(3500);
    await expect(connect()).rejects.toThrow('ECONNREFUSED');
    await connection.query('UPDATE users SET n = n + 1 WHERE id = 2');
    await connection.commit();
    await stopping;
    expect(world.router.exit()).toBe('exit code 0');
    const counts = await Promise.all(
      world.shards.map(async (_servers, shard) =>
        Promise.all(
          world
            .slotsOf(shard)
            .map((slot) => world.primary(shard).query(`SELECT n FROM app_s000${slot}.users WHERE id = 2`)),
        ),
      ),
    );
    expect(counts.flat(2).map((row) => row['n'])).toEqual([6]);
  });
});
