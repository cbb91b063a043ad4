import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { PACKAGED_MARIADB, rootFileSystem } from '../mariadb/root-file-system.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

const run = promisify(execFile);

/** One of MariaDB's own programs, as a person uses it. */
async function runTool(world: RouterWorld, program: string, ...options: string[]): Promise<string> {
  const [packaged] = PACKAGED_MARIADB;
  if (packaged === undefined) {
    throw new Error('no MariaDB is packaged');
  }
  const programArguments = [
    await rootFileSystem(packaged),
    program,
    '--no-defaults',
    '--host=127.0.0.1',
    `--port=${world.router.port}`,
    `--user=${APPLICATION_USER}`,
    ...options,
    KEYSPACE,
  ];
  const environment = { ...process.env, MYSQL_PWD: world.password };
  const { stdout } = await run('chroot', programArguments, { env: environment });
  return stdout.trimEnd();
}

async function mariadb(world: RouterWorld, sql: string): Promise<string> {
  return runTool(world, 'mariadb', '--batch', '--skip-column-names', `--execute=${sql}`);
}

describe('the mariadb command line through a router on two shards', () => {
  let world: RouterWorld;

  beforeAll(async () => {
    world = await createRouterWorld();
    await world.begin();
  });

  afterAll(async () => {
    await world?.close();
  });

  it('answers without a table', async () => {
    expect(await mariadb(world, 'SELECT 1, DATABASE()')).toBe(`1\t${KEYSPACE}`);
  });

  it('makes a table in every slot', async () => {
    await mariadb(world, 'CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40), age INT)');
    for (const slot of world.slotsOf(1)) {
      const [row] = await world.primary(1).query(`SHOW TABLES FROM app_s000${slot}`);
      expect(Object.values(row ?? {})).toEqual(['users']);
    }
  });

  it('writes each row into its slot and finds it there', async () => {
    for (let id = 1; id <= 20; id += 1) {
      await mariadb(world, `INSERT INTO users VALUES (${id}, 'user ${id}', ${id % 5})`);
    }
    expect(await mariadb(world, 'SELECT name FROM users WHERE id = 7')).toBe('user 7');
    const counts = await Promise.all(
      world.shards.map(async (_servers, shard) => {
        const sums = await Promise.all(
          world.slotsOf(shard).map(async (slot) => {
            const [row] = await world.primary(shard).query(`SELECT COUNT(*) AS n FROM app_s000${slot}.users`);
            return Number(row?.['n']);
          }),
        );
        return sums.reduce((sum, count) => sum + count, 0);
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('counts, groups and sorts over all slots', async () => {
    expect(await mariadb(world, 'SELECT COUNT(*) FROM users')).toBe('20');
    expect(await mariadb(world, 'SELECT age, COUNT(*) FROM users GROUP BY age ORDER BY age')).toBe(
      '0\t4\n1\t4\n2\t4\n3\t4\n4\t4',
    );
    expect(await mariadb(world, 'SELECT id FROM users ORDER BY id DESC LIMIT 3')).toBe('20\n19\n18');
  });

  it('shows one database', async () => {
    expect(await mariadb(world, 'SHOW DATABASES')).toBe(`${KEYSPACE}\ninformation_schema`);
    expect(await mariadb(world, 'SHOW TABLES')).toBe('users');
    expect(await mariadb(world, 'SELECT @@version_comment')).not.toBe('');
    expect(
      await mariadb(
        world,
        `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${KEYSPACE}'`,
      ),
    ).toBe(`${KEYSPACE}\tusers`);
  });

  it('refuses what it cannot do, with the reason', async () => {
    await expect(mariadb(world, 'LOCK TABLES users READ')).rejects.toThrow(/ERROR 1235 .*LOCK TABLES/);
    await expect(mariadb(world, 'UPDATE users SET age = 1')).rejects.toThrow(/ERROR 1175 .*users\.id/);
  });

  it('is dumped, and loaded again from what was dumped', async () => {
    const contents = 'SELECT id, name, age FROM users ORDER BY id';
    const before = await mariadb(world, contents);
    const options = ['--skip-lock-tables', '--skip-add-locks', '--skip-no-autocommit'];
    const dumped = await runTool(world, 'mariadb-dump', ...options);
    await mariadb(world, 'DROP TABLE users');
    await mariadb(world, dumped);
    expect(await mariadb(world, contents)).toBe(before);
  });

  it('is dumped by one transaction where transactions may be of several slots', async () => {
    await world.changeMap((map) => ({
      ...map,
      keyspaces: map.keyspaces?.map((keyspace) => ({ ...keyspace, transactions: 'Multi' as const })) ?? [],
    }));
    await world.routerUsesMap();
    const dumped = await runTool(world, 'mariadb-dump', '--single-transaction', '--skip-lock-tables');
    expect(dumped).toContain('Dump completed');
    expect(dumped.match(/'user \d+'/g)).toHaveLength(20);
  });

  it('explains where a statement goes', async () => {
    expect(await mariadb(world, 'EXPLAIN SHARDWRIGHT SELECT * FROM users WHERE id = 7')).toMatch(
      /^single\tapp\t\d\t([01])\tapp_s000\d\tdemo-shard-\1-0\t/,
    );
  });
});
