/** Keyspaces become databases on the shards, users follow the spec, and both outlive a primary. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import type { ShardMap } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters, shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { routerPassword } from '../../operator/src/engines/mariadb/router-credential.ts';
import { configMaps, pods, secrets } from '../../operator/src/runtime/resources.ts';
import { openSession, type Session } from '../chaos/clients/session.ts';
import { signalPod } from '../chaos/stage/pod-processes.ts';
import { eventually } from '../install/eventually.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'slots';
const KEYSPACES = [
  { name: 'app', slots: 8, defaultKey: 'user_id' },
  { name: 'log', slots: 4, strategy: 'Range', splitAt: ['1000'], defaultKey: 'id' },
];
const NEVER = new AbortController().signal;

let world: World;

beforeAll(async () => {
  world = await World.open('keyspaces');
  await world.startOperator();
  await createSecret('web-password', 'first');
  await world.createCluster(CLUSTER, {
    shards: 2,
    failover: { minSecondsBetween: 0 },
    router: { replicas: 0 },
    keyspaces: KEYSPACES,
    users: [
      {
        name: 'web',
        passwordSecretKeyRef: { name: 'web-password' },
        access: 'ReadWrite',
        keyspaces: ['app'],
      },
      { name: 'reader', passwordSecretKeyRef: { name: 'reader-password' }, access: 'ReadOnly' },
    ],
  });
});

afterAll(async () => {
  await world?.close();
});

async function createSecret(name: string, password: string): Promise<void> {
  const metadata = { name, namespace: world.namespace };
  await world.client.create(secrets, { metadata, stringData: { password } }, NEVER);
}

async function secretValue(name: string, key: string): Promise<string> {
  const { data } = await world.require(secrets, name);
  return Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
}

async function primaryOf(number: number): Promise<string> {
  return (await world.shard(CLUSTER, number)).primary ?? '';
}

/** A session with the primary of a shard. */
async function connect(number: number, user: string, password: string): Promise<Session> {
  const pod = await world.require(pods, await primaryOf(number));
  return connectTo(pod.status?.podIP ?? '', user, password);
}

/** A session with whatever is at that address: a server, or a router. */
async function connectTo(host: string, user: string, password: string): Promise<Session> {
  return openSession({
    host,
    authority: (await world.require(configMaps, `${CLUSTER}-ca`)).data?.['ca.crt'] ?? '',
    user,
    password,
    connectMilliseconds: 30_000,
    statementMilliseconds: 20_000,
  });
}

async function asApplication(number: number): Promise<Session> {
  return connect(number, 'app', await secretValue(`${CLUSTER}-app`, 'password'));
}

/** The databases that a user sees, sorted, but for the server's own. */
async function databasesOf(session: Session): Promise<string[]> {
  const rows = await session.query<RowDataPacket[]>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA',
  );
  return rows
    .map((row) => String(row['name']))
    .filter((name) => name !== 'information_schema')
    .toSorted();
}

async function withSession<T>(opened: Promise<Session>, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await opened;
  try {
    return await use(session);
  } finally {
    session.close();
  }
}

/** The user can log in with the password. */
async function untilLogin(number: number, user: string, password: string): Promise<void> {
  await world.until(`${user} can log in to shard ${number}`, async () =>
    withSession(connect(number, user, password), async () => true),
  );
}

describe('a cluster with keyspaces', () => {
  it('becomes ready, and tells where the slots are', async () => {
    await world.untilReady(CLUSTER);
    const { spec } = await world.map(CLUSTER);
    expect(spec.keyspaces).toMatchObject([
      {
        name: 'app',
        homeShard: 0,
        slotsByShard: [
          { shard: 0, slots: '0-3' },
          { shard: 1, slots: '4-7' },
        ],
      },
      {
        name: 'log',
        homeShard: 1,
        slotsByShard: [
          { shard: 0, slots: '0' },
          { shard: 1, slots: '1' },
        ],
        ranges: [{ slot: 0 }, { slot: 1, from: '1000' }],
      },
    ]);
    const { status } = await world.require(shardedClusters, CLUSTER);
    expect(status?.shards?.map(({ slots }) => slots)).toEqual([5, 5]);
    expect(status?.keyspaces?.map(({ name }) => name)).toEqual(['app', 'log']);
    const notes = () => world.notes(CLUSTER, 'KeyspaceCreated');
    expect(await eventually(notes, ({ length }) => length === 2)).toHaveLength(2);
  });

  it('has the databases of each shard on its primary, and rights on those only', async () => {
    // The cluster is Ready, so that they are there: nothing is waited for.
    expect(await withSession(asApplication(0), databasesOf)).toEqual([
      'app$shared',
      'app$single',
      'app_s0000',
      'app_s0001',
      'app_s0002',
      'app_s0003',
      'log$shared',
      'log_s0000',
    ]);
    expect(await withSession(asApplication(1), databasesOf)).toEqual([
      'app$shared',
      'app_s0004',
      'app_s0005',
      'app_s0006',
      'app_s0007',
      'log$shared',
      'log$single',
      'log_s0001',
    ]);
    await withSession(asApplication(0), async (session) => {
      await session.query('CREATE TABLE app_s0002.orders (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL)');
      await session.query('INSERT INTO app_s0002.orders VALUES (1, 7)');
      await expect(
        session.query('CREATE TABLE app_s0005.orders (id BIGINT PRIMARY KEY)'),
      ).rejects.toMatchObject({
        errno: 1142,
      });
      await expect(session.query('CREATE DATABASE app_s0099')).rejects.toMatchObject({ errno: 1044 });
    });
  });

  it('lets routers log in as its users, and their own account see no row', async () => {
    const key = await secretValue(`${CLUSTER}-router`, 'key');
    await withSession(connect(0, 'app', routerPassword(key, 'app')), async (session) => {
      expect(await session.query('SELECT user_id FROM app_s0002.orders')).toEqual([{ user_id: 7 }]);
    });
    const password = await secretValue(`${CLUSTER}-router`, 'password');
    await untilLogin(0, 'shardwright_router', password);
    await withSession(connect(0, 'shardwright_router', password), async (session) => {
      expect(await session.query("SELECT COUNT(*) AS n FROM mysql.global_priv WHERE User = 'web'")).toEqual([
        { n: 1 },
      ]);
      const columns = await session.query(
        "SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'app_s0002' ORDER BY ORDINAL_POSITION",
      );
      expect(columns).toEqual([{ name: 'id' }, { name: 'user_id' }]);
      await expect(session.query('SELECT * FROM app_s0002.orders')).rejects.toMatchObject({ errno: 1142 });
      await expect(session.query('DELETE FROM mysql.global_priv')).rejects.toMatchObject({ errno: 1142 });
    });
  });

  it('gives each user of the spec what it may do, once its password is there', async () => {
    await untilLogin(0, 'web', 'first');
    await withSession(connect(0, 'web', 'first'), async (session) => {
      await session.query('INSERT INTO app_s0002.orders VALUES (2, 8)');
      await expect(session.query('DROP TABLE app_s0002.orders')).rejects.toMatchObject({ errno: 1142 });
      expect(await databasesOf(session)).not.toContain('log_s0000');
    });
    await world.untilCondition(CLUSTER, 'Degraded', 'True/UserSecretMissing');
    await createSecret('reader-password', 'later');
    await untilLogin(0, 'reader', 'later');
    await world.untilCondition(CLUSTER, 'Degraded', 'False/AsExpected');
    await withSession(connect(0, 'reader', 'later'), async (session) => {
      expect(await session.query('SELECT COUNT(*) AS n FROM app_s0002.orders')).toEqual([{ n: 2 }]);
      await expect(session.query('DELETE FROM app_s0002.orders')).rejects.toMatchObject({ errno: 1142 });
      expect(await databasesOf(session)).toContain('log_s0000');
    });
  });

  it('follows a password that changes, and a user that is taken out', async () => {
    await world.patch(secrets, 'web-password', { stringData: { password: 'second' } });
    await untilLogin(1, 'web', 'second');
    await expect(connect(1, 'web', 'first')).rejects.toMatchObject({ errno: 1045 });
    await world.changeSpec(CLUSTER, {
      users: [{ name: 'web', passwordSecretKeyRef: { name: 'web-password' }, keyspaces: ['app'] }],
    });
    await world.until('reader is gone', async () =>
      withSession(connect(0, 'reader', 'later'), async () => undefined).catch(({ errno }) =>
        errno === 1045 ? true : undefined,
      ),
    );
  });

  it('keeps all of it when a primary is killed', async () => {
    const before = await world.shard(CLUSTER, 0);
    const { metadata } = await world.require(pods, before.primary ?? '');
    signalPod(metadata?.uid ?? '', 'server', 'SIGKILL');
    await world.until('shard 0 has another primary', async () => {
      const { epoch, primary } = await world.shard(CLUSTER, 0);
      return epoch > before.epoch && primary !== null && primary !== before.primary ? true : undefined;
    });
    await world.untilReady(CLUSTER);
    // The Service leads to the former primary, which is a replica by now, until the proxies of the nodes have heard.
    await world.until('the Service leads to the new primary', () =>
      withSession(asApplication(0), async (session) => {
        const [row] = await session.query<RowDataPacket[]>('SELECT @@global.read_only AS closed');
        return row?.['closed'] === 0 ? true : undefined;
      }).catch(() => undefined),
    );
    await withSession(asApplication(0), async (session) => {
      expect(await session.query('SELECT COUNT(*) AS n FROM app_s0002.orders')).toEqual([{ n: 2 }]);
      await session.query('CREATE TABLE app_s0003.orders (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL)');
    });
    await untilLogin(0, 'web', 'second');
    expect((await world.map(CLUSTER)).spec.keyspaces).toHaveLength(2);
  });

  it('gives another keyspace to the shards there are', async () => {
    await world.changeSpec(CLUSTER, { keyspaces: [...KEYSPACES, { name: 'blog', slots: 2 }] });
    const expected = ['blog_s0001', 'blog$shared'];
    const seen = await eventually(
      () => withSession(asApplication(1), databasesOf),
      (names) => expected.every((name) => names.includes(name)),
    );
    expect(seen).toEqual(expect.arrayContaining(expected));
    await world.untilCondition(CLUSTER, 'Rebalancing', 'False/NotRebalancing');
  });
});

/** What of a map does not depend on when it was written, nor on the order in which members are named. The status has times by the second. */
function contentOf({ spec }: ShardMap) {
  return {
    ...spec,
    revision: null,
    shards: spec.shards.map((shard) => ({
      ...shard,
      ackers: shard.ackers.toSorted(),
      promotedAt: shard.promotedAt?.slice(0, 'YYYY-MM-DDThh:mm:ss'.length),
    })),
  };
}

describe('routers', () => {
  const OBJECTS = ['ServiceAccount', 'Role', 'RoleBinding', 'PodDisruptionBudget', 'Deployment'].map(
    (kind) => `${kind}/${CLUSTER}-router`,
  );

  async function routerObjects(): Promise<string[]> {
    const named = (await world.inventory(CLUSTER)).filter((name) => !name.startsWith('Pod/'));
    return named.filter((name) => OBJECTS.includes(name) || name === `Service/${CLUSTER}`);
  }

  /** Addresses of routers that are ready. */
  async function readyRouters(): Promise<string[]> {
    return (await world.list(pods, CLUSTER))
      .filter(({ metadata }) => metadata?.labels?.['app.kubernetes.io/component'] === 'router')
      .filter(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
      )
      .map(({ status }) => status?.podIP ?? '');
  }

  it('come with everything they need', async () => {
    expect(await routerObjects()).toEqual([]);
    await world.changeSpec(CLUSTER, { router: { replicas: 2 } });
    await world.until('routers are there', async () =>
      (await routerObjects()).length === 6 ? true : undefined,
    );
    await world.until(
      'both routers take connections',
      async () => (await readyRouters()).length === 2 || undefined,
    );
    const endpoint = async () =>
      (await world.require(shardedClusters, CLUSTER)).status?.endpoints?.application;
    const expected = `${CLUSTER}.${world.namespace}.svc:3306`;
    expect(await eventually(endpoint, (told) => told === expected)).toBe(expected);
  });

  it('answer applications as one database', async () => {
    const password = await secretValue(`${CLUSTER}-app`, 'password');
    const users = Array.from({ length: 40 }, (_, index) => index + 1);
    const [first = '', second = ''] = await readyRouters();
    await withSession(connectTo(first, 'app', password), async (session) => {
      await session.query('USE app');
      await session.query('CREATE TABLE carts (user_id BIGINT PRIMARY KEY, total INT NOT NULL)');
      for (const user of users) {
        await session.query(`INSERT INTO carts VALUES (${user}, ${user * 10})`);
      }
    });
    await withSession(connectTo(second, 'app', password), async (session) => {
      expect(await session.query('SELECT total FROM app.carts WHERE user_id = 7')).toEqual([{ total: 70 }]);
      expect(await session.query('SELECT COUNT(*) AS n, MAX(total) AS most FROM app.carts')).toEqual([
        { n: users.length, most: 400 },
      ]);
      await expect(session.query('UPDATE app.carts SET total = 0')).rejects.toThrow('user_id');
    });
    // What the routers put together lies in both shards.
    for (const number of [0, 1]) {
      const rows = await withSession(asApplication(number), async (session) =>
        session.query<RowDataPacket[]>(
          "SELECT SUM(TABLE_ROWS) AS n FROM information_schema.TABLES WHERE TABLE_NAME = 'carts'",
        ),
      );
      expect(Number(rows[0]?.['n'])).toBeGreaterThan(0);
    }
  });

  it('go on while the ShardMap is deleted, and it comes back from the databases as it was', async () => {
    const password = await secretValue(`${CLUSTER}-app`, 'password');
    const [router = ''] = await readyRouters();
    const before = await world.map(CLUSTER);
    const acknowledged: number[] = [];
    const stop = new AbortController();
    const writing = withSession(connectTo(router, 'app', password), async (session) => {
      for (let user = 1000; !stop.signal.aborted; user += 1) {
        await session.query(`INSERT INTO app.carts VALUES (${user}, 1)`);
        acknowledged.push(user);
      }
    });
    const untilMoreWrites = async (): Promise<void> => {
      const count = acknowledged.length;
      await world.until('rows are acknowledged', async () => acknowledged.length > count + 20 || undefined);
    };
    await untilMoreWrites();
    await world.delete(shardMaps, CLUSTER);
    const after = await world.until('there is a ShardMap again', async () => {
      const found = await world.get(shardMaps, CLUSTER);
      return found === undefined || found.metadata.uid === before.metadata.uid ? undefined : found;
    });
    await untilMoreWrites();
    stop.abort();
    await writing;
    expect(contentOf(after)).toEqual(contentOf(before));
    expect(after.spec.revision).toBeGreaterThan(before.spec.revision);
    const notes = () => world.notes(CLUSTER, 'ShardMapRebuilt');
    expect(await eventually(notes, ({ length }) => length > 0)).toEqual([
      expect.stringContaining('where users have rights'),
    ]);
    await withSession(connectTo(router, 'app', password), async (session) => {
      expect(await session.query('SELECT COUNT(*) AS n FROM app.carts WHERE user_id >= 1000')).toEqual([
        { n: acknowledged.length },
      ]);
    });
  });

  it('go with everything they came with', async () => {
    await world.changeSpec(CLUSTER, { router: { replicas: 0 } });
    await world.until('routers are gone', async () =>
      (await routerObjects()).length === 0 ? true : undefined,
    );
    await world.untilReady(CLUSTER);
    expect(await world.map(CLUSTER)).toMatchObject({ spec: { keyspaces: { length: 3 } } });
  });
});
