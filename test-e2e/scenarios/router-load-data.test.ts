import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createConnection as connectMariadb } from 'mariadb';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('files loaded through a router on two shards', () => {
  let world: RouterWorld;
  let client: Connection;

  const connect = (): Promise<Connection> =>
    createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
      multipleStatements: true,
    });

  beforeAll(async () => {
    world = await createRouterWorld({
      keyspace: {
        tables: [
          { name: 'users', key: 'id' },
          { name: 'pieces', key: 'k' },
          { name: 'countries', type: 'Reference' },
          { name: 'whole', type: 'Unsharded' },
        ],
      },
    });
    await world.begin();
    client = await connect();
    await client.query(
      `CREATE TABLE users (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40), born DATE);
       CREATE TABLE orders (user_id BIGINT NOT NULL, number INT NOT NULL, note VARCHAR(100), PRIMARY KEY (user_id, number));
       CREATE TABLE pieces (k VARBINARY(80) NOT NULL, v VARBINARY(80), w VARBINARY(80), KEY (k));
       CREATE TABLE whole (k VARBINARY(80) NOT NULL, v VARBINARY(80), w VARBINARY(80));
       CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(40))`,
    );
  });

  afterAll(async () => {
    client?.destroy();
    await world?.close();
  });

  const rows = async (sql: string): Promise<RowDataPacket[]> => (await client.query<RowDataPacket[]>(sql))[0];
  const load = async (
    sql: string,
    file: string | Buffer | Iterable<Buffer> | AsyncIterable<Buffer>,
    on = client,
  ): Promise<ResultSetHeader> => {
    // An empty piece would end the file.
    const pieces =
      typeof file === 'string' || Buffer.isBuffer(file)
        ? file.length === 0
          ? []
          : [Buffer.from(file)]
        : file;
    const [result] = await on.query<ResultSetHeader>({
      sql,
      infileStreamFactory: () => Readable.from(pieces),
    });
    return result;
  };

  it('puts each row into the slot of its key', async () => {
    const file = Array.from({ length: 3000 }, (_row, index) => `${index}\t1\tnote ${index}\n`).join('');
    const result = await load("LOAD DATA LOCAL INFILE 'orders.txt' INTO TABLE orders", file);
    expect(result).toMatchObject({
      affectedRows: 3000,
      info: 'Records: 3000  Deleted: 0  Skipped: 0  Warnings: 0',
    });
    for (const key of [0, 7, 1499, 2999]) {
      expect(await rows(`SELECT note FROM orders WHERE user_id = ${key}`)).toEqual([{ note: `note ${key}` }]);
    }
    const counts = await Promise.all(
      [0, 1].map(async (shard) => {
        const found = await Promise.all(
          world
            .slotsOf(shard)
            .map((slot) =>
              world
                .primary(shard)
                .query(`SELECT COUNT(*) AS n FROM app_s${String(slot).padStart(4, '0')}.orders`),
            ),
        );
        return found.reduce((sum, [row]) => sum + Number(row?.['n']), 0);
      }),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3000);
    expect(Math.min(...counts)).toBeGreaterThan(1000);
  });

  it('generates ids, and tells the first', async () => {
    const result = await load(
      "LOAD DATA LOCAL INFILE 'users.csv' INTO TABLE users FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES (name, @born) SET born = NULLIF(@born, '')",
      'name,born\n"Ann, the first",2000-01-02\nBob,\n',
    );
    expect(result.affectedRows).toBe(2);
    const found = await rows('SELECT id, name, CAST(born AS CHAR) AS born FROM users ORDER BY id');
    expect(found.map(({ name, born }) => [name, born])).toEqual([
      ['Ann, the first', '2000-01-02'],
      ['Bob', null],
    ]);
    expect(String((await rows('SELECT LAST_INSERT_ID() AS id'))[0]?.['id'])).toBe(String(found[0]?.['id']));
    expect(await rows('SELECT @born AS born')).toEqual([{ born: null }]);
  });

  it('fills every copy of a reference table', async () => {
    await load(
      "LOAD DATA LOCAL INFILE 'c' INTO TABLE countries FIELDS TERMINATED BY ','",
      'de,Germany\nfr,France\n',
    );
    for (const shard of [0, 1]) {
      const found = await world.primary(shard).query('SELECT name FROM `app$shared`.countries ORDER BY code');
      expect(found).toEqual([{ name: 'Germany' }, { name: 'France' }]);
    }
  });

  it('reads any file as the server does', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '1', ',', ',', '"', '\\', '\r', '\n', '\r\n', 'N', 'NULL', '>', 'ä'),
      maxLength: 120,
    });
    const forms = [
      "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n'",
      "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '\"'",
      "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY ''",
      "FIELDS TERMINATED BY ',' LINES STARTING BY '>' TERMINATED BY '\\n' IGNORE 1 LINES",
      "FIELDS TERMINATED BY '1a' LINES TERMINATED BY ',,'",
      "CHARACTER SET binary FIELDS TERMINATED BY ',' IGNORE 2 LINES",
    ];
    let compared = 0;
    const refusals: number[] = [];
    const files = fc.sample(fc.tuple(text, fc.constantFrom(...forms)), { numRuns: 240, seed: 20_261_123 });
    for (const [file, form] of files) {
      await client.query('DELETE FROM pieces /*shardwright: all_slots */; DELETE FROM whole');
      const into = (table: string): Promise<ResultSetHeader> =>
        load(`LOAD DATA LOCAL INFILE 'f' INTO TABLE ${table} ${form} (k, v, w)`, file);
      const refused = await into('pieces').then(
        () => null,
        (error: { errno: number }) => error.errno,
      );
      if (refused !== null) {
        refusals.push(refused);
        continue;
      }
      await into('whole');
      const all = 'SELECT HEX(k) AS k, HEX(v) AS v, HEX(w) AS w FROM';
      const order = 'ORDER BY k, v, w';
      expect(await rows(`${all} pieces ${order}`)).toEqual(await rows(`${all} whole ${order}`));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(180);
    // NULL is no key; what is too long would be cut.
    expect(refusals.filter((errno) => errno !== 1048 && errno !== 1366)).toEqual([]);
  });

  it('undoes everything where one row has no key, names the row, and goes on', async () => {
    await client.query('DELETE FROM orders /*shardwright: all_slots */');
    const lines = Array.from({ length: 2000 }, (_row, index) => `${index === 1500 ? '\\N' : index}\t1\tx\n`);
    await expect(
      load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", lines.join('').repeat(3)),
    ).rejects.toMatchObject({ errno: 1048, message: expect.stringContaining('Row 1501 of the file') });
    expect(await rows('SELECT COUNT(*) AS n FROM orders')).toEqual([{ n: 0 }]);
  });

  it('skips rows that are there, or replaces them, as the server does', async () => {
    await client.query("INSERT INTO orders VALUES (1, 1, 'old'), (2, 1, 'old')");
    const skipped = await load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", '1\t1\tnew\n3\t1\tnew\n');
    expect(skipped.info).toBe('Records: 2  Deleted: 0  Skipped: 1  Warnings: 1');
    await load("LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE orders", '2\t1\tnew\n');
    expect(await rows('SELECT user_id, note FROM orders ORDER BY user_id')).toEqual([
      { user_id: 1, note: 'old' },
      { user_id: 2, note: 'new' },
      { user_id: 3, note: 'new' },
    ]);
  });

  it('belongs to the transaction it is sent in', async () => {
    await client.query('DELETE FROM orders /*shardwright: all_slots */');
    await client.query("START TRANSACTION; INSERT INTO orders VALUES (1, 1, 'kept')");
    await expect(
      load(
        "LOAD DATA LOCAL INFILE 'f' INTO TABLE orders",
        '1\t2\tlost\n2\t1\tlost\n3\t1\tlost\n4\t1\tlost\n',
      ),
    ).rejects.toThrow(
      /This transaction began in slot \d of app \(orders.user_id = 1\), and the statement is for slot \d of app \(orders.user_id = '[234]'\), by row [234] of the file: a transaction stays in one slot/,
    );
    await load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", '1\t3\tkept\n');
    await client.query('COMMIT');
    expect(await rows('SELECT number FROM orders ORDER BY number')).toEqual([{ number: 1 }, { number: 3 }]);

    await client.query('SET shardwright_transactions = Multi; START TRANSACTION');
    await load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", '5\t1\tx\n6\t1\tx\n7\t1\tx\n8\t1\tx\n');
    expect(await rows('SELECT COUNT(*) AS n FROM orders')).toEqual([{ n: 6 }]);
    await client.query('ROLLBACK; SET shardwright_transactions = DEFAULT');
    expect(await rows('SELECT COUNT(*) AS n FROM orders')).toEqual([{ n: 2 }]);
  });

  it('keeps to the slot of shardwright_key', async () => {
    await client.query('SET shardwright_key = 1');
    await load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", '1\t9\tx\n');
    await expect(
      load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", '1\t10\tx\n2\t10\tx\n3\t1\tx\n'),
    ).rejects.toThrow('of another slot than that of shardwright_key');
    await client.query('SET shardwright_key = DEFAULT');
    expect(await rows('SELECT number FROM orders WHERE user_id = 1 ORDER BY number')).toEqual([
      { number: 1 },
      { number: 3 },
      { number: 9 },
    ]);
  });

  it('needs memory for a part of a large file only', async () => {
    const line = `${'x'.repeat(76)}\n`;
    const pieces = function* (): Generator<Buffer> {
      for (let piece = 0; piece < 600; piece += 1) {
        const first = piece * 1000;
        yield Buffer.from(
          Array.from({ length: 1000 }, (_row, index) => `${first + index}\t1\t${line}`).join(''),
        );
      }
    };
    await client.query('DELETE FROM orders /*shardwright: all_slots */');
    const result = await load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", pieces());
    expect(result.affectedRows).toBe(600_000);
    expect(await rows('SELECT COUNT(*) AS n, COUNT(DISTINCT user_id) AS keys_ FROM orders')).toEqual([
      { n: 600_000, keys_: 600_000 },
    ]);
    await client.query('TRUNCATE orders');
  });

  it('ends a statement that is killed, once the client has sent its file', async () => {
    const other = await connect();
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const pieces = async function* (): AsyncGenerator<Buffer> {
      asked.resolve();
      yield Buffer.from('1\t1\tx\n');
      await gate.promise;
      yield Buffer.from('2\t1\tx\n');
    };
    const [[row]] = await client.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    const loading = load("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders", pieces());
    loading.catch(() => {});
    await asked.promise;
    await other.query(`KILL QUERY ${row?.['id']}`);
    gate.resolve();
    await expect(loading).rejects.toMatchObject({ errno: 1317 });
    expect(await rows('SELECT COUNT(*) AS n FROM orders')).toEqual([{ n: 0 }]);
    other.destroy();
  });

  it('is told by the server what is wrong with the statement, and reads the file to its end', async () => {
    for (const table of ['orders', 'whole', 'countries']) {
      await expect(
        load(
          `LOAD DATA LOCAL INFILE 'f' INTO TABLE ${table} (user_id, code, k, nothing)`,
          '1\t2\t3\t4\n'.repeat(5000),
        ),
      ).rejects.toMatchObject({ errno: 1054 });
      expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }
  });

  it('is not asked of a client that sends no files, and cannot be prepared', async () => {
    const closed = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
      flags: ['-LOCAL_FILES'],
    });
    await expect(closed.query("LOAD DATA LOCAL INFILE 'f' INTO TABLE orders")).rejects.toMatchObject({
      errno: 4166,
    });
    await expect(closed.query("LOAD DATA LOCAL INFILE 'f' INTO TABLE whole")).rejects.toMatchObject({
      errno: 4166,
    });
    await expect(closed.execute("LOAD DATA LOCAL INFILE 'f' INTO TABLE whole")).rejects.toMatchObject({
      errno: 1295,
    });
    closed.destroy();
  });

  it('reads a file of the mariadb connector', async () => {
    const path = join(world.folder, 'whole.txt');
    await writeFile(path, 'a\tb\tc\n');
    const connector = await connectMariadb({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
      permitLocalInfile: true,
    });
    await connector.query('DELETE FROM whole');
    const result: unknown = await connector.query(`LOAD DATA LOCAL INFILE '${path}' INTO TABLE whole`);
    expect(result).toMatchObject({ affectedRows: 1 });
    expect(await rows('SELECT CONVERT(w USING utf8mb4) AS w FROM whole')).toEqual([{ w: 'c' }]);
    await connector.end();
  });
});
