import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection as connectMariadb, type Connection as MariadbConnection } from 'mariadb';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { CONNECTION_ENDED } from '../database/connection-ended.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('drivers through a router on two shards', () => {
  let world: RouterWorld;
  let mysql2: Connection;
  let mariadb: MariadbConnection;

  beforeAll(async () => {
    world = await createRouterWorld();
    await world.begin();
    const options = {
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    };
    mysql2 = await createConnection({ ...options, multipleStatements: true });
    mariadb = await connectMariadb({ ...options, multipleStatements: true });
    await mysql2.query(
      'CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(40), born DATE, seen DATETIME(3), score DOUBLE, amount DECIMAL(10,2), photo BLOB)',
    );
    await mysql2.query(
      'CREATE TABLE orders (user_id BIGINT NOT NULL, number INT NOT NULL, total DECIMAL(10,2), PRIMARY KEY (user_id, number))',
    );
    await mysql2.query('CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(40))');
    await mysql2.query('CREATE TABLE settings (name VARCHAR(40) PRIMARY KEY, value TEXT)');
  });

  afterAll(async () => {
    mysql2?.destroy();
    await mariadb?.end().catch(() => {});
    await world?.close();
  });

  const rows = async (sql: string, values?: unknown[]): Promise<RowDataPacket[]> => {
    const [found] = await mysql2.query<RowDataPacket[]>(sql, values);
    return found;
  };

  describe('mysql2', () => {
    it('prepares once and executes with values of every kind', async () => {
      const born = '1990-05-17';
      for (let id = 1; id <= 6; id += 1) {
        const [result] = await mysql2.execute<ResultSetHeader>(
          'INSERT INTO users (id, name, born, seen, score, amount, photo) VALUES (?, ?, ?, ?, ?, ?, ?)',
          [id, `user ${id}`, born, '2026-01-02 03:04:05.678', id / 4, '12.50', Buffer.from([0, id, 255])],
        );
        expect(result.affectedRows).toBe(1);
      }
      const [found] = await mysql2.execute<RowDataPacket[]>('SELECT * FROM users WHERE id = ?', [3]);
      expect(found).toMatchObject([
        { id: 3, name: 'user 3', score: 0.75, amount: '12.50', photo: Buffer.from([0, 3, 255]) },
      ]);
    });

    it('merges the rows of a prepared statement over all slots', async () => {
      const [found] = await mysql2.execute<RowDataPacket[]>(
        'SELECT id, born, seen, score, amount FROM users WHERE score > ? ORDER BY id',
        [0.5],
      );
      expect(found.map(({ id }) => Number(id))).toEqual([3, 4, 5, 6]);
      expect(found[0]?.['amount']).toBe('12.50');
      const [counts] = await mysql2.execute<RowDataPacket[]>(
        'SELECT COUNT(*) AS n, AVG(score) AS mean FROM users',
      );
      expect(Number(counts[0]?.['n'])).toBe(6);
      expect(Number(counts[0]?.['mean'])).toBeCloseTo(0.875);
    });

    it('splits a prepared INSERT of many rows and an IN list', async () => {
      const values = Array.from({ length: 30 }, (_row, index) => [index + 1, 1, '5.00']).flat();
      const marks = Array.from({ length: 30 }, () => '(?, ?, ?)').join(', ');
      const [result] = await mysql2.execute<ResultSetHeader>(
        `INSERT INTO orders (user_id, number, total) VALUES ${marks}`,
        values,
      );
      expect(result.affectedRows).toBe(30);
      const [found] = await mysql2.execute<RowDataPacket[]>(
        'SELECT user_id FROM orders WHERE user_id IN (?, ?, ?, ?) ORDER BY user_id',
        [1, 2, 3, 99],
      );
      expect(found.map((row) => Number(row['user_id']))).toEqual([1, 2, 3]);
      const [changed] = await mysql2.query<ResultSetHeader>(
        'UPDATE orders SET total = 6 WHERE user_id IN (1, 2, 3)',
      );
      expect(changed.affectedRows).toBe(3);
    });

    it('joins within a slot, and with reference tables everywhere', async () => {
      await mysql2.query("INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France')");
      expect(await rows('SELECT name FROM countries ORDER BY code')).toEqual([
        { name: 'Germany' },
        { name: 'France' },
      ]);
      for (const shard of [0, 1]) {
        const [row] = await world.primary(shard).query('SELECT COUNT(*) AS n FROM `app$shared`.countries');
        expect(Number(row?.['n'])).toBe(2);
      }
      const joined = await rows(
        'SELECT u.name, o.total, c.name AS country FROM users u JOIN orders o ON o.user_id = u.id JOIN countries c ON c.code = ? WHERE u.id = 2',
        ['fr'],
      );
      expect(joined).toEqual([{ name: 'user 2', total: '6.00', country: 'France' }]);
    });

    it('keeps unsharded tables on one shard', async () => {
      await mysql2.query("INSERT INTO settings VALUES ('theme', 'dark')");
      expect(await rows('SELECT value FROM settings')).toEqual([{ value: 'dark' }]);
      expect(await world.primary(0).query('SELECT value FROM `app$single`.settings')).toEqual([
        { value: 'dark' },
      ]);
    });

    it('runs several statements of one text', async () => {
      const [results] = await mysql2.query<RowDataPacket[][]>(
        'SELECT 1 AS a; SELECT COUNT(*) AS n FROM users; SELECT 2 AS b',
      );
      expect(results.map((result) => result[0])).toEqual([{ a: 1 }, { n: 6 }, { b: 2 }]);
    });

    it('stops at the first statement of a text that fails', async () => {
      await expect(
        mysql2.query(
          "INSERT INTO settings VALUES ('a', 1); SELECT nothing; INSERT INTO settings VALUES ('b', 1)",
        ),
      ).rejects.toThrow("Unknown column 'nothing'");
      expect(await rows('SELECT name FROM settings ORDER BY name')).toEqual([
        { name: 'a' },
        { name: 'theme' },
      ]);
    });

    it('keeps what a session sets, whatever server connection it is lent', async () => {
      await mysql2.query(
        "SET SESSION time_zone = '+03:00', @answer = 41 + 1, sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')",
      );
      expect(await rows('SELECT @@time_zone AS zone, @answer AS answer')).toEqual([
        { zone: '+03:00', answer: 42 },
      ]);
      expect(await rows('SELECT "name" FROM "users" WHERE "id" = 1')).toEqual([{ name: 'user 1' }]);
      await mysql2.query('SET sql_mode = DEFAULT');
      expect(await rows('SELECT "text" AS t')).toEqual([{ t: 'text' }]);
    });

    it('starts anew with COM_CHANGE_USER', async () => {
      await mysql2.query('SET @answer = 1');
      await mysql2.changeUser({ user: APPLICATION_USER, password: world.password, database: KEYSPACE });
      expect(await rows('SELECT @answer AS answer, DATABASE() AS db')).toEqual([
        { answer: null, db: KEYSPACE },
      ]);
    });

    it('shows tables and columns as one database', async () => {
      expect((await rows('SHOW TABLES')).map((row) => Object.values(row)[0])).toEqual([
        'countries',
        'orders',
        'settings',
        'users',
      ]);
      expect((await rows('SHOW FULL COLUMNS FROM orders')).map((row) => row['Field'])).toEqual([
        'user_id',
        'number',
        'total',
      ]);
      expect((await rows('DESCRIBE countries')).map((row) => row['Field'])).toEqual(['code', 'name']);
      expect((await rows('SHOW CREATE TABLE settings'))[0]?.['Table']).toBe('settings');
      const columns = await rows(
        'SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
        ['orders'],
      );
      expect(columns.map((row) => row['COLUMN_NAME'])).toEqual(['user_id', 'number', 'total']);
    });

    it('passes large rows and long results on', async () => {
      await mysql2.query('INSERT INTO settings VALUES (?, ?)', ['large', 'x'.repeat(60_000)]);
      const [row] = await rows("SELECT REPEAT(value, 100) AS v FROM settings WHERE name = 'large'");
      expect(String(row?.['v'])).toHaveLength(6_000_000);
    });
  });

  describe('MariaDB’s connector', () => {
    it('runs text, prepared and batched statements', async () => {
      await mariadb.query('INSERT INTO users (id, name) VALUES (?, ?)', [101, 'ü']);
      expect(await mariadb.execute('SELECT name FROM users WHERE id = ?', [101])).toMatchObject([
        { name: 'ü' },
      ]);
      const inserted: readonly { readonly affectedRows: number }[] = await mariadb.batch(
        'INSERT INTO users (id, name) VALUES (?, ?)',
        [
          [102, 'a'],
          [103, 'b'],
        ],
      );
      expect(inserted.map(({ affectedRows }) => affectedRows)).toEqual([1, 1]);
      const counted = await mariadb.query('SELECT COUNT(*) AS n FROM users WHERE id > 100');
      expect(Number(counted[0].n)).toBe(3);
    });

    it('starts anew with COM_RESET_CONNECTION', async () => {
      await mariadb.query("SET @answer = 1, time_zone = '+05:00'");
      await mariadb.reset();
      const [row] = await mariadb.query('SELECT @answer AS answer, @@time_zone AS zone');
      expect(row).toMatchObject({ answer: null, zone: 'SYSTEM' });
    });
  });

  it('a connection can be killed by its own user', async () => {
    const other = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    });
    other.on('error', () => {});
    const [ids] = await other.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    const sleeping = other.query('SELECT SLEEP(1000)').catch((error: unknown) => error);
    await world.isAsleepIn('SLEEP(1000)');
    await mysql2.query(`KILL QUERY ${ids[0]?.['id']}`);
    expect(await sleeping).toMatchObject({ errno: 1317 });
    await expect(other.query('SELECT 1')).resolves.toBeDefined();
    await mysql2.query(`KILL ${ids[0]?.['id']}`);
    await expect(other.query('SELECT 1')).rejects.toThrow(CONNECTION_ENDED);
    other.destroy();
  });
});
