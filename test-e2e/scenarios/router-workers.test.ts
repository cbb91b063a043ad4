import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { readFile } from 'node:fs/promises';
import { WORKER_INDEX_VARIABLE } from '../../operator/src/router/process/worker-process.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { CONNECTION_ENDED } from '../database/connection-ended.ts';
import { eventually } from '../install/eventually.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

/** Codes of an error whose connection has ended: that of a client whom a worker served that died. */
const LOST: ReadonlySet<string> = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE']);
/** What a client is told where no worker has taken it for 8 seconds. */
const NO_WORKER = 2003;

/** The worker that a process is, by its environment. */
async function workerIndexOf(pid: number): Promise<number> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
  return Number(new RegExp(`${WORKER_INDEX_VARIABLE}=(\\d+)`).exec(environment)?.[1]);
}

describe('a router of three workers', () => {
  let world: RouterWorld;
  const opened: Connection[] = [];

  const connect = async (): Promise<{ readonly connection: Connection; readonly id: number }> => {
    const connection = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    });
    connection.on('error', () => {});
    opened.push(connection);
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    return { connection, id: Number(row?.['id']) };
  };

  /** What becomes of a client that asks for something and leaves; one that hung would say ETIMEDOUT. */
  const attempt = async (): Promise<string> => {
    try {
      const { connection } = await connect();
      await connection.query('SELECT COUNT(*) FROM users');
      connection.destroy();
      return 'served';
    } catch (error) {
      const { code, errno, message } = error as {
        readonly code?: string;
        readonly errno?: number;
        readonly message: string;
      };
      if (errno === NO_WORKER) {
        return 'told';
      }
      return code !== undefined && LOST.has(code) ? 'lost' : `${code}: ${message}`;
    }
  };

  /** Clients of which not all are with one worker: all workers are asked, and one that is busy may be passed over. */
  const connectApart = async (
    count: number,
    workers: number,
  ): Promise<Awaited<ReturnType<typeof connect>>[]> => {
    const isApart = (clients: readonly { readonly id: number }[]): boolean =>
      new Set(clients.map(({ id }) => id % 3)).size >= workers;
    return eventually(
      async () => {
        const clients = await Promise.all(Array.from({ length: count }, () => connect()));
        if (!isApart(clients)) {
          clients.forEach(({ connection }) => connection.destroy());
        }
        return clients;
      },
      isApart,
      120,
    );
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
    const ids = (await connectApart(9, 3)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(9);
    expect(new Set(ids.map((id) => id % 3)).size).toBe(3);
  });

  it('ends a statement of another worker, and its transaction goes on', async () => {
    const clients = await connectApart(6, 2);
    const [killer] = clients;
    const victim = clients.find(({ id }) => id % 3 !== (killer?.id ?? 0) % 3);
    if (killer === undefined || victim === undefined) {
      throw new Error('all connections are with one worker');
    }
    await victim.connection.beginTransaction();
    await victim.connection.query('UPDATE users SET n = 1 WHERE id = 1');
    const sleeping = victim.connection
      .query('SELECT SLEEP(1000) FROM users WHERE id = 1')
      .catch((error: unknown) => error);
    await world.isAsleepIn('SLEEP(1000)');
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

  it('ends a client of a worker that does nothing for a while, and says so when it has', async () => {
    const clients = await connectApart(6, 3);
    const killer = clients[0] ?? (await connect());
    const others = clients.filter(({ id }) => id % 3 !== killer.id % 3);
    expect(others.length).toBeGreaterThan(1);
    const pids: number[] = [];
    for (const pid of await world.router.workerPids()) {
      if ((await workerIndexOf(pid)) !== killer.id % 3) {
        pids.push(pid);
      }
    }
    try {
      await freezeProcesses(pids);
      const killing = Promise.all(
        others.map(({ id }) => killer.connection.query(`KILL ${id}`).then(() => 'killed', String)),
      );
      // Longer than workers have for what may be left out.
      const early = await Promise.race([killing, delay(4000, 'waiting')]);
      expect(early).toBe('waiting');
      pids.forEach((pid) => process.kill(pid, 'SIGCONT'));
      expect(await killing).toEqual(others.map(() => 'killed'));
    } finally {
      pids.forEach((pid) => process.kill(pid, 'SIGCONT'));
    }
    for (const { connection } of others) {
      await expect(connection.query('SELECT 1')).rejects.toThrow(CONNECTION_ENDED);
    }
  });

  it('lists its own clients, those of all workers: of the same user, and all for whoever may see them', async () => {
    await world.createUser('looker', 'looker', 'ro');
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect()));
    const looker = await createConnection({
      ...world.router.address,
      user: 'looker',
      password: 'looker',
    });
    opened.push(looker);
    const rows = async (on: Connection, sql: string): Promise<RowDataPacket[]> =>
      (await on.query<RowDataPacket[]>(sql))[0];
    // Seconds of its own statement: none, unless the machine was stopped meanwhile.
    const own = await eventually(
      () => rows(looker, 'SHOW FULL PROCESSLIST'),
      ([row]) => row?.['Time'] === 0,
    );
    expect(own).toMatchObject([
      { User: 'looker', db: null, Command: 'Query', Time: 0, Info: 'SHOW FULL PROCESSLIST' },
    ]);
    await world.onEveryShard("GRANT PROCESS ON *.* TO looker@'%'");
    // Those of a worker that takes seconds to answer are left out.
    const ids = await eventually(
      async () =>
        (await rows(looker, 'SHOW PROCESSLIST'))
          .filter(({ User }) => User === APPLICATION_USER)
          .map(({ Id }) => Number(Id)),
      (found) => clients.every(({ id }) => found.includes(id)),
    );
    expect(ids).toEqual(expect.arrayContaining(clients.map(({ id }) => id)));
    expect(
      await eventually(
        () =>
          rows(
            looker,
            `SELECT p.DB AS name, COUNT(*) > 5 AS many FROM information_schema.PROCESSLIST p
             WHERE p.COMMAND = 'Sleep' AND p.USER = '${APPLICATION_USER}' GROUP BY p.DB`,
          ),
        ([row]) => row?.['many'] === 1,
      ),
    ).toEqual([{ name: KEYSPACE, many: 1 }]);
    const [columns] = await looker.query<RowDataPacket[]>(
      'SELECT * FROM information_schema.PROCESSLIST LIMIT 1',
    );
    const [direct] = await world.primary(0).query('SELECT * FROM information_schema.PROCESSLIST LIMIT 1');
    expect(Object.keys(columns[0] ?? {})).toEqual(Object.keys(direct ?? {}));
  });

  it('adds up what its workers count', async () => {
    const connections = (text: string): number =>
      Number(/shardwright_router_client_connections (\d+)/.exec(text)?.[1]);
    const { status, text } = await eventually(
      () => world.router.page('/metrics'),
      (page) => connections(page.text) > 9,
    );
    expect(status).toBe(200);
    expect(text).toMatch(/shardwright_router_statements_total\{route="single"\} [1-9]/);
    expect(connections(text)).toBeGreaterThan(9);
  });

  it('leaves nobody waiting while its workers die, and starts others', async () => {
    const pids = await world.router.workerPids();
    expect(pids).toHaveLength(3);
    const outcomes: string[] = [];
    const served = (): number => outcomes.filter((outcome) => outcome === 'served').length;
    const enough = new AbortController();
    let underWay = 0;
    const attemptOnce = async (): Promise<void> => {
      outcomes.push(await attempt());
      underWay -= 1;
    };
    const opening = (async () => {
      while (!enough.signal.aborted || underWay > 0) {
        // Fewer than the router has room for.
        if (!enough.signal.aborted && underWay < 100) {
          underWay += 1;
          void attemptOnce();
        }
        await delay(20);
      }
    })();
    for (const pid of pids) {
      await delay(200);
      process.kill(pid, 'SIGKILL');
    }
    const [others, { status }] = await eventually(
      () => Promise.all([world.router.workerPids(), world.router.page('/readyz')]),
      ([found, page]) =>
        found.length === 3 && page.status === 200 && !found.some((pid) => pids.includes(pid)),
      120,
    );
    expect([others.filter((pid) => !pids.includes(pid)).length, status]).toEqual([3, 200]);
    await eventually(
      async () => served(),
      (count) => count > 20,
      120,
    );
    enough.abort();
    await opening;
    expect(outcomes.filter((outcome) => !['served', 'lost', 'told'].includes(outcome))).toEqual([]);
    expect(served()).toBeGreaterThan(20);
    expect(await eventually(attempt, (outcome) => outcome === 'served')).toBe('served');
  });

  it('lets a transaction end before it stops, and refuses new clients meanwhile', async () => {
    const { connection } = await connect();
    await connection.beginTransaction();
    await connection.query('UPDATE users SET n = 5 WHERE id = 2');
    const stopping = world.router.stop('SIGTERM');
    // Whoever comes before that is told, or served and sent away: only the end of all that is awaited here.
    const refusal = await eventually(
      () =>
        connect().then(
          () => 'served',
          ({ code }: { readonly code?: string }) => String(code),
        ),
      (outcome) => outcome === 'ECONNREFUSED',
    );
    expect(refusal).toBe('ECONNREFUSED');
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
