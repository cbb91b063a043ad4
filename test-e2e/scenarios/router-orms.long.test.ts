import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PackagedMariadb, rootFileSystem } from '../mariadb/root-file-system.ts';
import { runProgram } from '../router/clients/run-client.ts';
import {
  APPLICATION_USER,
  createRouterWorld,
  KEYSPACE,
  type KeyspaceSettings,
  type RouterWorld,
} from '../router/router-world.ts';

const CLIENTS = resolve('test-e2e/router/clients');

/** A root file system with sysbench in it, which benchmarks use as well. */
const SYSBENCH: { readonly packaged: PackagedMariadb; readonly furtherPackages: readonly string[] } = {
  packaged: { version: '11.8', suite: 'trixie' },
  furtherPackages: ['haproxy', 'sysbench'],
};
const SYSBENCH_ROWS = 2000;

/** Tables of Django's own applications. */
const DJANGO_TABLES = [
  'auth_group',
  'auth_group_permissions',
  'auth_permission',
  'auth_user',
  'auth_user_groups',
  'auth_user_user_permissions',
  'django_content_type',
  'django_migrations',
  'django_session',
];

describe('applications, through a router on two shards', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shardwright-clients-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** A world of its own for each: they make the same tables. */
  const inWorld = async (
    run: (target: readonly string[], world: RouterWorld) => Promise<string>,
    keyspace: Partial<KeyspaceSettings> = {},
  ): Promise<string> => {
    const world = await createRouterWorld({
      keyspace: {
        // Python's frameworks read everything within transactions.
        transactions: 'Multi',
        tables: [
          { name: 'users', key: 'id' },
          ...DJANGO_TABLES.map((name) => ({ name, type: 'Unsharded' }) as const),
        ],
        ...keyspace,
      },
    });
    try {
      await world.begin();
      return await run(
        ['127.0.0.1', String(world.router.port), APPLICATION_USER, world.password, KEYSPACE],
        world,
      );
    } finally {
      await world.close();
    }
  };

  describe('Python', () => {
    const python = (): string => join(folder, 'python', 'bin', 'python');

    beforeAll(async () => {
      await runProgram('python3', ['-m', 'venv', join(folder, 'python')], folder);
      await runProgram(
        python(),
        [
          '-m',
          'pip',
          'install',
          '--quiet',
          'sqlalchemy==2.0.44',
          'django==5.2.8',
          'pymysql==1.1.2',
          'cryptography',
        ],
        folder,
      );
    });

    it.each(['sqlalchemy_client.py', 'django_client.py'])('%s', async (program) => {
      const said = await inWorld((target) =>
        runProgram(python(), [join(CLIENTS, program), ...target], folder),
      );
      expect(said).toBe('ok');
    });
  });

  it('Go: database/sql with go-sql-driver', async () => {
    await cp(join(CLIENTS, 'go'), join(folder, 'go'), { recursive: true });
    await runProgram('go', ['build', '-mod=mod', '-o', 'client', '.'], join(folder, 'go'));
    const said = await inWorld((target) => runProgram('./client', target, join(folder, 'go')));
    expect(said).toBe('ok');
  });

  describe('Java', () => {
    const jar = (): string => join(folder, 'mariadb-java-client-3.5.6.jar');

    beforeAll(async () => {
      await runProgram(
        'mvn',
        [
          '--quiet',
          'dependency:copy',
          '-Dartifact=org.mariadb.jdbc:mariadb-java-client:3.5.6',
          `-DoutputDirectory=${folder}`,
        ],
        folder,
      );
    });

    it.each(['useServerPrepStmts=false', 'useServerPrepStmts=true', 'useCompression=true'])(
      'JDBC with %s',
      async (option) => {
        const said = await inWorld((target) =>
          runProgram('java', ['-cp', jar(), join(CLIENTS, 'java', 'Client.java'), ...target, option], folder),
        );
        expect(said).toBe('ok');
      },
    );
  });

  it('Prisma, by its adapter for MariaDB', async () => {
    const prisma = join(folder, 'prisma');
    await cp(join(CLIENTS, 'prisma'), prisma, { recursive: true });
    // Without scripts: they load programs for migrations from a server of Prisma's.
    const packages = ['prisma', '@prisma/client', '@prisma/adapter-mariadb'].map((name) => `${name}@7.10.0`);
    await runProgram('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], prisma);
    const commandLine = join(prisma, 'node_modules/prisma/build/index.js');
    await runProgram(process.execPath, [commandLine, 'generate'], prisma, {
      // Never started to generate a client, but loaded if this did not name it.
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
    });
    const said = await inWorld((target) => runProgram(process.execPath, ['client.mjs', ...target], prisma), {
      transactions: 'Single',
    });
    expect(said).toBe('ok');
  });

  it('sysbench oltp_read_write', async () => {
    const root = await rootFileSystem(SYSBENCH.packaged, SYSBENCH.furtherPackages);
    const report = await inWorld(
      async ([host, port, user, password, database], world) => {
        const sysbench = (...words: readonly string[]): Promise<string> =>
          runProgram(
            'chroot',
            [
              root,
              'sysbench',
              'oltp_read_write',
              '--db-driver=mysql',
              `--mysql-host=${host}`,
              `--mysql-port=${port}`,
              `--mysql-user=${user}`,
              `--mysql-password=${password}`,
              `--mysql-db=${database}`,
              '--tables=2',
              `--table-size=${SYSBENCH_ROWS}`,
              '--rand-type=uniform',
              // Ids are sysbench's own: its column has no room for those that a router makes.
              '--auto-inc=off',
              ...words,
            ],
            folder,
          );
        await sysbench('prepare');
        const told = await sysbench('--threads=4', '--time=10', 'run');
        const rows = await Promise.all(
          world.shards.flatMap((_servers, shard) =>
            world
              .slotsOf(shard)
              .map((slot) => world.primary(shard).query(`SELECT COUNT(*) AS n FROM app_s000${slot}.sbtest1`)),
          ),
        );
        // Each transaction puts back the row that it has deleted.
        expect(rows.reduce((sum, [row]) => sum + Number(row?.['n']), 0)).toBe(SYSBENCH_ROWS);
        await sysbench('cleanup');
        return told;
      },
      { defaultKey: 'id', tables: [] },
    );
    expect(Number(/transactions: +(\d+)/.exec(report)?.[1])).toBeGreaterThan(0);
    expect(report).toMatch(/ignored errors: +0 /);
    expect(report).toMatch(/reconnects: +0 /);
  });
});
