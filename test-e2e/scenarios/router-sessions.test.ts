import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('what sessions leave behind, through a router on two shards', () => {
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
  const rows = async (sql: string, connection = client): Promise<RowDataPacket[]> =>
    (await connection.query<RowDataPacket[]>(sql))[0];

  beforeAll(async () => {
    world = await createRouterWorld();
    await world.begin();
    client = await connect();
    await client.query('CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(5))');
    await client.query(
      `INSERT INTO users VALUES ${Array.from({ length: 20 }, (_row, id) => `(${id}, 'n')`).join(', ')}`,
    );
  });

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
  });

  it('warnings and errors are told to whoever asks next', async () => {
    await client.query("SET sql_mode = ''");
    await client.query("UPDATE users SET name = 'too long a name' WHERE id = 3");
    expect(await rows('SHOW WARNINGS')).toMatchObject([{ Level: 'Warning', Code: '1265' }]);
    expect(await rows('SHOW COUNT(*) WARNINGS')).toEqual([{ '@@session.warning_count': '1' }]);
    await client.query('SELECT 1');
    expect(await rows('SHOW WARNINGS')).toEqual([]);
    await expect(client.query('SELECT nothing FROM users WHERE id = 1')).rejects.toThrow(
      "Unknown column 'nothing'",
    );
    expect(await rows('SHOW ERRORS')).toMatchObject([{ Level: 'Error', Code: '1054' }]);
    await client.query('SET sql_mode = DEFAULT');
  });

  it('ROW_COUNT() and FOUND_ROWS() are those of the session', async () => {
    await client.query('UPDATE users SET name = ? WHERE id IN (1, 2, 3, 4)', ['x']);
    expect(await rows('SELECT ROW_COUNT() AS n')).toEqual([{ n: 4 }]);
    await client.query('SET shardwright_key = 3');
    await client.query('SELECT SQL_CALC_FOUND_ROWS id FROM users WHERE id = 3 LIMIT 0');
    expect(await rows('SELECT FOUND_ROWS() AS n')).toEqual([{ n: 1 }]);
    await client.query('SET shardwright_key = DEFAULT');
  });

  it('variables that the router answers for are those of the session', async () => {
    const one = await connect();
    await one.query("SET autocommit = 0, shardwright_transactions = 'multi'");
    expect(await rows('SELECT @@autocommit, @@shardwright_transactions AS mode', one)).toEqual([
      { '@@autocommit': 0, mode: 'Multi' },
    ]);
  });

  it('tables are maintained in every slot', async () => {
    expect(await rows('ANALYZE TABLE users')).toHaveLength(8);
    expect(
      await rows("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'app'"),
    ).toEqual([{ SCHEMA_NAME: 'app' }]);
  });

  it('named locks exclude other sessions, and are free when the session ends', async () => {
    const [one, other] = [await connect(), await connect()];
    expect(await rows("SELECT GET_LOCK('migration', 0) AS got", one)).toEqual([{ got: 1 }]);
    expect(await rows("SELECT GET_LOCK('migration', 0) AS got", other)).toEqual([{ got: 0 }]);
    expect(await rows("SELECT RELEASE_LOCK('migration') AS freed", one)).toEqual([{ freed: 1 }]);
    expect(await rows("SELECT GET_LOCK('migration', 5) AS got", other)).toEqual([{ got: 1 }]);
    other.destroy();
    expect(await rows("SELECT GET_LOCK('migration', 5) AS got", one)).toEqual([{ got: 1 }]);
  });

  it('nothing of one session is seen by another that is lent its server connection', async () => {
    const one = await connect();
    await one.query("SET @secret = 'mine', sql_mode = 'ANSI_QUOTES', time_zone = '+09:00'");
    await one.query('SELECT @secret');
    await one.end();
    const other = await connect();
    for (let turn = 0; turn < 10; turn += 1) {
      const [row] = await rows('SELECT @secret AS secret, @@sql_mode AS mode, @@time_zone AS zone', other);
      expect(row).toMatchObject({ secret: null, zone: 'SYSTEM' });
      expect(row?.['mode']).not.toContain('ANSI_QUOTES');
    }
  });

  it('a definition that failed in some slots goes on when it is sent again', async () => {
    const [slot = 0] = world.slotsOf(1);
    await world.primary(1).query(`CREATE TABLE app_s000${slot}.blocked (id INT PRIMARY KEY)`);
    await world.primary(1).query(`DROP DATABASE app_s000${slot}; `);
    await expect(client.query('ALTER TABLE users ADD COLUMN age INT')).rejects.toMatchObject({
      message: expect.stringMatching(/is in 7 of 8 databases; it failed in app_s000\d/),
    });
    await world
      .primary(1)
      .query(
        `CREATE DATABASE app_s000${slot}; CREATE TABLE app_s000${slot}.users (id BIGINT PRIMARY KEY, name VARCHAR(5))`,
      );
    await client.query('ALTER TABLE users ADD COLUMN age INT');
    const [column] = await world.primary(1).query(`SHOW COLUMNS FROM app_s000${slot}.users LIKE 'age'`);
    expect(column?.['Field']).toBe('age');
    await expect(client.query('ALTER TABLE users ADD COLUMN age INT')).rejects.toMatchObject({ errno: 1060 });
  });

  it('features that are not there are refused by name, with what to do instead', async () => {
    const refused = [
      'LOCK TABLES users READ',
      'CREATE TEMPORARY TABLE t (id INT)',
      "LOAD DATA LOCAL INFILE 'x' INTO TABLE users",
      "PREPARE p FROM 'SELECT 1'",
      "XA START 'x'",
      'SET GLOBAL max_connections = 5',
      'SET sql_log_bin = 0',
      'SET ROLE NONE',
      'SELECT id INTO @x FROM users WHERE id = 1',
      'FLUSH TABLES',
      "SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT 1",
      "CREATE USER x IDENTIFIED BY 'y'",
    ];
    for (const sql of refused) {
      const error: { readonly errno: number; readonly message: string } = await client.query(sql).then(
        () => ({ errno: 0, message: `${sql} was not refused` }),
        (refusal: { readonly errno: number; readonly message: string }) => refusal,
      );
      expect([sql, error.errno, error.message]).toEqual([sql, 1235, expect.stringMatching(/.{40}/)]);
    }
  });

  it('wrong passwords and unknown databases are refused', async () => {
    const login = {
      host: '127.0.0.1',
      port: world.router.port,
      user: APPLICATION_USER,
      password: world.password,
    };
    await expect(createConnection({ ...login, password: 'wrong' })).rejects.toMatchObject({ errno: 1045 });
    await expect(createConnection({ ...login, user: 'nobody' })).rejects.toMatchObject({ errno: 1045 });
    await expect(createConnection({ ...login, database: 'app_s0000' })).rejects.toMatchObject({
      errno: 1049,
    });
    await expect(client.query('USE nowhere')).rejects.toMatchObject({ errno: 1049 });
  });
});
