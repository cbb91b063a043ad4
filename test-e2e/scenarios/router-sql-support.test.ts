import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection } from 'mysql2/promise';
import { reasonOf } from '../../scripts/generate-sql-support.ts';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import { runProgram } from '../router/clients/run-client.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';
import { SUPPORT_SECTIONS } from '../router/sql-support/sections.ts';
import { SUPPORT_SETUP, SUPPORT_TABLES } from '../router/sql-support/tables.ts';

/** At least one. */
const SOME_ROWS: unknown = expect.arrayContaining([expect.anything()]);

/** The file of LOAD DATA LOCAL. */
const FILE = '104,from the file,de\n';

/** The blocks of a language on the page about applications. */
async function blocksOf(language: string): Promise<readonly string[]> {
  const page = await readFile(join(checkoutFolder, 'docs/applications.md'), 'utf8');
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  );
}

describe('what the pages say of SQL', () => {
  let world: RouterWorld;
  let connection: Connection;

  const connect = (): Promise<Connection> =>
    createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
      multipleStatements: true,
      rowsAsArray: true,
      typeCast: (field) => field.string(),
    });
  const run = async (sql: string): Promise<unknown> => {
    const [result] = await connection.query({
      sql,
      infileStreamFactory: () => Readable.from([Buffer.from(FILE)]),
    });
    return result;
  };
  const inOneSession = async (statements: readonly string[]): Promise<unknown> => {
    connection = await connect();
    try {
      let result: unknown;
      for (const statement of statements) {
        result = await run(statement);
      }
      return result;
    } finally {
      connection.destroy();
    }
  };

  beforeAll(async () => {
    world = await createRouterWorld({ keyspace: { tables: [...SUPPORT_TABLES] } });
    await world.begin();
    // Who makes users has to have the right to, and servers have to trust who makes triggers.
    await world.onEveryShard(
      [
        'SET GLOBAL log_bin_trust_function_creators = ON',
        `GRANT CREATE USER ON *.* TO ${APPLICATION_USER}@'%'`,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON mysql.* TO ${APPLICATION_USER}@'%'`,
        ...['ro', 'rw', 'owner'].map(
          (level) =>
            `GRANT shardwright_keyspace_${KEYSPACE}_${level} TO ${APPLICATION_USER}@'%' WITH ADMIN OPTION`,
        ),
      ].join(';\n'),
    );
    await inOneSession(SUPPORT_SETUP);
  });

  afterAll(async () => {
    await world?.close();
  });

  describe.each(SUPPORT_SECTIONS)('$title', ({ works, refused }) => {
    it.each(works)('works: $what', async ({ statements, rows }) => {
      const result = await inOneSession(statements);
      // Of a text with several statements there is a result of each.
      const isText = statements.at(-1)?.includes('; ') === true;
      const last: unknown = Array.isArray(result) ? (isText ? result.at(-1) : result) : null;
      expect(last).toEqual(rows === 'some' ? SOME_ROWS : rows);
    });

    it.each(refused)('is refused: $what', async (line) => {
      const { reason, instead } = reasonOf(line);
      connection = await connect();
      try {
        for (const statement of line.statements.slice(0, -1)) {
          await run(statement);
        }
        await expect(run(line.statements.at(-1) ?? '')).rejects.toMatchObject({
          sqlMessage: instead === '' ? reason : `${reason}. ${instead}`,
        });
      } finally {
        connection.destroy();
      }
    });
  });

  describe('expressions around aggregates of several slots', () => {
    const MEAN =
      'SELECT country, ROUND(SUM(id) / ?, 1) AS mean, COUNT(*) > ? FROM users WHERE id < ? GROUP BY country';

    it('are calculated for a prepared statement, in a transaction of several slots, and the session goes on', async () => {
      connection = await connect();
      try {
        await run('SET shardwright_transactions = multi');
        await run('START TRANSACTION');
        await run("UPDATE users SET name = 'a first' WHERE id = 1");
        // The driver sends numbers as DOUBLE.
        const [rows] = await connection.execute({
          sql: `${MEAN} ORDER BY mean DESC`,
          values: [2, 3, 9],
          typeCast: (_field, next) => next(),
        });
        expect(rows).toEqual([
          ['fr', 10, 1],
          ['de', 8, 1],
        ]);
        expect(
          await run("SELECT COUNT(IF(name = 'a first', 1, NULL)) + 0.5, CONCAT(MIN(name), '!') FROM users"),
        ).toEqual([['1.5', 'a first!']]);
        await run('ROLLBACK');
        expect(await run("SELECT CONCAT(MIN(name), '!') FROM users WHERE id < 9")).toEqual([['user 1!']]);
      } finally {
        connection.destroy();
      }
    });

    it('say what the server says of them', async () => {
      connection = await connect();
      try {
        await expect(run('SELECT CAST(COUNT(*) AS UNSIGNED) - 1000 FROM users')).rejects.toMatchObject({
          errno: 1690,
        });
        await run('SELECT SUM(id) / (COUNT(*) - 8) FROM users WHERE id < 9');
        expect(await run('SHOW WARNINGS')).toEqual([['Warning', '1365', 'Division by 0']]);
        expect(await run('SELECT SUM(id) + 1 FROM users WHERE id < 0')).toEqual([[null]]);
      } finally {
        connection.destroy();
      }
    });
  });

  describe('docs/applications.md', () => {
    it('has statements that do what they say', async () => {
      const blocks = await blocksOf('sql');
      expect(blocks).toHaveLength(3);
      for (const block of blocks) {
        const statements = block.split(';\n').filter((text) => text.trim() !== '');
        expect(statements.length).toBeGreaterThan(1);
        await inOneSession(statements);
      }
      expect(await inOneSession(['SHOW GRANTS FOR reports'])).toEqual(SOME_ROWS);
    });

    it('has a program that reads a row over TLS', async () => {
      const [program = ''] = await blocksOf('js');
      const said = await runProgram(
        process.execPath,
        ['--input-type=module', '--eval', program],
        join(checkoutFolder, 'test-e2e'),
        {
          DATABASE_URI: `mysql://${APPLICATION_USER}:${world.password}@localhost:${world.router.port}/`,
          DATABASE_CA: world.router.authorityFile,
        },
      );
      expect(said).toBe('user 1');
    });
  });
});
