import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

const LEVELS = ['ro', 'rw', 'owner'].map((level) => `shardwright_keyspace_${KEYSPACE}_${level}`);

describe('users who are made through a router', () => {
  let world: RouterWorld;
  let administrator: Connection;

  const connect = (user: string, password: string, database: string | null = KEYSPACE): Promise<Connection> =>
    createConnection({
      ...world.router.address,
      user,
      password,
      ...(database === null ? {} : { database }),
    });
  const rows = async (on: Connection, sql: string): Promise<RowDataPacket[]> =>
    (await on.query<RowDataPacket[]>(sql))[0];

  beforeAll(async () => {
    world = await createRouterWorld();
    await world.begin();
    await world.onEveryShard(
      `CREATE USER administrator@'%' IDENTIFIED BY 'administrator';
       GRANT CREATE USER ON *.* TO administrator@'%';
       GRANT SELECT, INSERT, UPDATE, DELETE ON mysql.* TO administrator@'%';
       ${LEVELS.map((role) => `GRANT ${role} TO administrator@'%' WITH ADMIN OPTION`).join(';\n')}`,
    );
    administrator = await connect('administrator', 'administrator', null);
    const owner = await connect(APPLICATION_USER, world.password);
    await owner.query('CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40))');
    await owner.query("INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid'), (4, 'Dan')");
    owner.destroy();
  });

  afterAll(async () => {
    administrator?.destroy();
    await world?.close();
  });

  it('log in through the router and at every shard, by their own password', async () => {
    await administrator.query("CREATE USER bob IDENTIFIED BY 'first'");
    await administrator.query(`GRANT SELECT, SHOW VIEW ON ${KEYSPACE}.* TO bob`);
    const bob = await connect('bob', 'first');
    expect(await rows(bob, 'SELECT COUNT(*) AS n FROM users')).toEqual([{ n: 4 }]);
    await expect(bob.query("INSERT INTO users VALUES (5, 'Eve')")).rejects.toMatchObject({ errno: 1142 });
    bob.destroy();
    await expect(connect('bob', 'wrong')).rejects.toMatchObject({ errno: 1045 });
    for (const shard of [0, 1]) {
      const direct = await createConnection({
        host: '127.0.0.1',
        port: world.primary(shard).port,
        user: 'bob',
        password: 'first',
      });
      direct.destroy();
    }
  });

  it('leave no password in any server’s general log', async () => {
    await world.onEveryShard("SET GLOBAL log_output = 'TABLE', general_log = ON");
    await administrator.query("ALTER USER bob IDENTIFIED BY 'very-secret-text'");
    for (const shard of [0, 1]) {
      const logged = await world
        .primary(shard)
        .query(
          "SELECT argument FROM mysql.general_log WHERE argument LIKE '%ALTER USER%bob%' AND argument NOT LIKE '%general_log%'",
        );
      expect(logged).toHaveLength(1);
      expect(JSON.stringify(logged)).not.toContain('very-secret-text');
    }
    await world.onEveryShard('SET GLOBAL general_log = OFF');
    const bob = await connect('bob', 'very-secret-text');
    bob.destroy();
    await expect(connect('bob', 'first')).rejects.toMatchObject({ errno: 1045 });
  });

  it('get more rights, and lose them, as roles of the keyspace', async () => {
    await administrator.query(`GRANT ALL PRIVILEGES ON ${KEYSPACE}.* TO bob`);
    const owner = await connect('bob', 'very-secret-text');
    await owner.query("INSERT INTO users VALUES (6, 'Fay'), (7, 'Gil')");
    expect((await rows(owner, 'SHOW GRANTS')).map((row) => Object.values(row)[0])).toEqual([
      expect.stringMatching(/^GRANT USAGE ON \*\.\* TO `bob`@`%`$/),
      expect.stringMatching(/ ON `app`\.\* TO `bob`@`%`$/),
      expect.stringMatching(/ ON `app`\.\* TO `bob`@`%`$/),
    ]);
    owner.destroy();
    for (const shard of [0, 1]) {
      const direct = await world.primary(shard).query("SELECT Db FROM mysql.db WHERE User = 'bob'");
      expect(direct).toEqual([]);
    }
    await administrator.query(`REVOKE ALL PRIVILEGES ON ${KEYSPACE}.* FROM bob`);
    await expect(
      administrator.query(`REVOKE ALL PRIVILEGES ON ${KEYSPACE}.* FROM bob`),
    ).rejects.toMatchObject({
      errno: 1141,
    });
  });

  it('can be made again where a shard lacks them, and not where all have them', async () => {
    await world.primary(1).query("DROP USER bob@'%'");
    await administrator.query("CREATE USER bob IDENTIFIED BY 'second'");
    await expect(administrator.query("CREATE USER bob IDENTIFIED BY 'third'")).rejects.toMatchObject({
      errno: 1396,
    });
    await administrator.query(`GRANT SELECT, SHOW VIEW ON ${KEYSPACE}.* TO bob`);
    const bob = await connect('bob', 'second');
    expect(await rows(bob, 'SELECT COUNT(*) AS n FROM users')).toEqual([{ n: 6 }]);
    bob.destroy();
  });

  it('are gone everywhere when they are dropped', async () => {
    await administrator.query('DROP USER bob');
    await expect(connect('bob', 'second')).rejects.toMatchObject({ errno: 1045 });
    for (const shard of [0, 1]) {
      expect(
        await world.primary(shard).query("SELECT User FROM mysql.global_priv WHERE User = 'bob'"),
      ).toEqual([]);
    }
    await expect(administrator.query('DROP USER bob')).rejects.toMatchObject({ errno: 1396 });
  });

  it('are nobody’s business who has no right to make users', async () => {
    const shop = await connect(APPLICATION_USER, world.password);
    for (const sql of [
      "CREATE USER eve IDENTIFIED BY 'x'",
      'DROP USER administrator',
      `GRANT ALL PRIVILEGES ON ${KEYSPACE}.* TO ${APPLICATION_USER}`,
      "SET PASSWORD FOR administrator = PASSWORD('x')",
    ]) {
      await expect(shop.query(sql)).rejects.toMatchObject({
        sqlState: expect.stringMatching(/^(42000|28000|HY000)$/),
      });
    }
    shop.destroy();
    const again = await connect('administrator', 'administrator', null);
    again.destroy();
    for (const shard of [0, 1]) {
      expect(
        await world.primary(shard).query("SELECT User FROM mysql.global_priv WHERE User = 'eve'"),
      ).toEqual([]);
    }
  });

  it.each([
    ["CREATE USER eve@'10.%' IDENTIFIED BY 'x'", /for the host 10/],
    [`GRANT SELECT ON ${KEYSPACE}.users TO administrator`, /rights on anything but a whole keyspace/],
    ['GRANT ALL PRIVILEGES ON *.* TO administrator', /rights on anything but a whole keyspace/],
    [`GRANT SELECT ON ${KEYSPACE}.* TO administrator`, /these privileges/],
    ['CREATE ROLE reader', /this form of a statement about users/],
    ['RENAME USER administrator TO root2', /this form of a statement about users/],
  ])('are not made by %s', async (sql, message) => {
    await expect(administrator.query(sql)).rejects.toThrow(message);
  });
});
