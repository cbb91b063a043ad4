import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import { CONNECTION_ENDED } from '../database/connection-ended.ts';
import { eventually } from '../install/eventually.ts';
import { WireClient, type WireResult } from '../router/wire-client.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('what sessions leave behind, through a router on two shards', () => {
  let world: RouterWorld;
  let client: Connection;
  const opened: Connection[] = [];

  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({
      ...world.router.address,
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
    // Of several slots, too.
    await client.query("UPDATE users SET name = 'too long a name' WHERE id IN (3, 4, 5, 6)");
    expect(await rows('SHOW WARNINGS')).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ Level: 'Warning', Code: '1265' })),
    );
    expect(await rows('SHOW COUNT(*) WARNINGS')).toEqual([{ '@@session.warning_count': '4' }]);
    expect(await rows('SELECT @@warning_count AS n')).toEqual([{ n: 4 }]);
    await client.query('SELECT 1');
    expect(await rows('SHOW WARNINGS')).toEqual([]);
    await expect(client.query('SELECT nothing FROM users WHERE id = 1')).rejects.toThrow(
      "Unknown column 'nothing'",
    );
    expect(await rows('SHOW ERRORS')).toMatchObject([{ Level: 'Error', Code: '1054' }]);
    // Of several slots, by the router itself, and one that it refuses.
    const wrong: readonly (readonly [sql: string, code: string])[] = [
      ['SELECT nothing FROM users', '1054'],
      ['ROLLBACK TO SAVEPOINT nothing', '1305'],
      ['UPDATE users SET name = NULL', '1175'],
    ];
    for (const [sql, code] of wrong) {
      await expect(client.query(sql)).rejects.toMatchObject({ errno: Number(code) });
      expect([sql, await rows('SHOW WARNINGS')]).toMatchObject([sql, [{ Level: 'Error', Code: code }]]);
    }
    await client.query('SET sql_mode = DEFAULT');
  });

  it('what servers say names the keyspace, and none of the databases that it is made of', async () => {
    await client.query(
      'CREATE TABLE pets (user_id BIGINT PRIMARY KEY, age INT, FOREIGN KEY (user_id) REFERENCES users (id))',
    );
    const told: readonly (readonly [sql: string, message: string])[] = [
      ['DROP TABLE missing', "Unknown table 'app.missing'"],
      ['ALTER TABLE missing ADD COLUMN age INT', "Table 'app.missing' doesn't exist"],
      ['INSERT INTO pets VALUES (999, 1)', 'a foreign key constraint fails (`app`.`pets`, CONSTRAINT'],
      [
        'INSERT INTO pets VALUES (998, 1), (999, 1)',
        'a foreign key constraint fails (`app`.`pets`, CONSTRAINT',
      ],
      ["INSERT INTO pets VALUES (1, 'x')", "Incorrect integer value: 'x' for column `app`.`pets`.`age`"],
      ['/*shardwright: key=1 */ CALL nothing()', 'PROCEDURE app.nothing does not exist'],
    ];
    for (const [sql, message] of told) {
      expect([sql, await client.query(sql).catch(String)]).toEqual([sql, expect.stringContaining(message)]);
      expect(await rows('SHOW WARNINGS')).not.toContainEqual(
        expect.objectContaining({ Message: expect.stringMatching(/app(_s\d|\$)/u) }),
      );
    }
    await expect(
      client.execute('SELECT age FROM pets WHERE user_id = 1 AND nothing = ?', [1]),
    ).rejects.toThrow("Unknown column 'nothing'");
    await client.query('DROP TABLE pets');
  });

  it('what is wrong with a statement is told by the server', async () => {
    const wrong: readonly (readonly [sql: string, near: string])[] = [
      ['SELEC 1', "near 'SELEC 1' at line 1"],
      ['SELECT * FORM users', "near 'FORM users' at line 1"],
      ['SELECT * FROM users WHERE', "near '' at line 1"],
      ['INSERT INTO users VALUES (1', "near '' at line 1"],
    ];
    for (const [sql, near] of wrong) {
      await expect(client.query(sql)).rejects.toMatchObject({
        errno: 1064,
        sqlState: '42000',
        message: expect.stringContaining(near),
      });
      await expect(client.execute(sql)).rejects.toMatchObject({ errno: 1064 });
    }
    await expect(client.query('SET max_execution_time = 1')).rejects.toMatchObject({ errno: 1193 });
    // The router does not understand this one, and a server does.
    await expect(client.query('SELECT id FROM users WHERE id = 1 PROCEDURE ANALYSE()')).rejects.toMatchObject(
      {
        errno: 1235,
      },
    );
  });

  it('a text has several statements only where the client has asked for that', async () => {
    await expect(client.query('SELECT 1; DELETE FROM users WHERE id = 1')).rejects.toMatchObject({
      errno: 1064,
      message: expect.stringContaining('CLIENT_MULTI_STATEMENTS'),
    });
    expect(await rows('SELECT id FROM users WHERE id = 1')).toHaveLength(1);
    expect(await rows('SELECT 1 AS one; -- and why')).toEqual([{ one: 1 }]);
    expect(
      (await client.query<ResultSetHeader>('/* a driver asks for a sign of life */'))[0].affectedRows,
    ).toBe(0);
    await expect(client.query(' ;')).rejects.toMatchObject({ errno: 1065 });
  });

  it('LIMIT takes a parameter of any kind, over all slots', async () => {
    for (const limit of [2, '2']) {
      const [found] = await client.execute<RowDataPacket[]>('SELECT id FROM users ORDER BY id LIMIT ?', [
        limit,
      ]);
      expect(found.map(({ id }) => Number(id))).toEqual([0, 1]);
    }
  });

  it('an INSERT of rows of several slots tells how many they were', async () => {
    const ids = Array.from({ length: 5 }, (_row, index) => 100 + index);
    const [result] = await client.query<ResultSetHeader>(
      `INSERT INTO users (id, name) VALUES ${ids.map((id) => `(${id}, 'n')`).join(', ')}`,
    );
    expect([result.affectedRows, result.info]).toEqual([5, 'Records: 5  Duplicates: 0  Warnings: 0']);
    await client.query(`DELETE FROM users WHERE id IN (${ids.join(', ')})`);
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
    await expect(client.query('SET autocommit = NULL')).rejects.toMatchObject({ errno: 1231 });
    const one = await connect();
    await one.query("SET autocommit = 0, shardwright_transactions = 'multi'");
    expect(await rows('SELECT @@autocommit, @@shardwright_transactions AS mode', one)).toEqual([
      { '@@autocommit': 0, mode: 'Multi' },
    ]);
  });

  it('a client is told what it tracks: its database, variables, and what it has written', async () => {
    const one = await connect();
    const changes = async (sql: string): Promise<unknown> => {
      const [header] = await one.query(sql);
      return 'stateChanges' in header ? header.stateChanges : null;
    };
    expect(await changes('SET autocommit = 0')).toMatchObject({ systemVariables: { autocommit: 'OFF' } });
    expect(await changes("SET autocommit = 1, time_zone = '+02:00'")).toMatchObject({
      systemVariables: { autocommit: 'ON', time_zone: '+02:00' },
    });
    expect(await changes('USE information_schema')).toMatchObject({ schema: 'information_schema' });
    await one.query(`USE ${KEYSPACE}`);
    expect(await changes('DO 1')).toBeNull();
    await one.query("SET session_track_system_variables = 'shardwright_gtid'");
    expect(await rows('SELECT @@session_track_system_variables AS list', one)).toEqual([
      { list: 'shardwright_gtid' },
    ]);
    const told = await changes("UPDATE users SET name = 'told' WHERE id = 5");
    const [token] = await rows('SELECT @@shardwright_gtid AS gtid', one);
    expect(told).toMatchObject({ systemVariables: { shardwright_gtid: token?.['gtid'] } });
    expect(token?.['gtid']).toMatch(/^\d+-\d+-\d+$/);
    await one.query('START TRANSACTION');
    expect(await changes("UPDATE users SET name = 'again' WHERE id = 5")).toBeNull();
    const [after] = [await changes('COMMIT'), await rows('SELECT @@shardwright_gtid AS gtid', one)];
    expect(after).toMatchObject({ systemVariables: { shardwright_gtid: expect.stringMatching(/^\d+-/) } });
    expect(after).not.toEqual(told);
  });

  it('columns of a table are listed as a server lists them, and commands of old clients work', async () => {
    const credential = { kind: 'password', password: world.password } as const;
    const address = { host: '127.0.0.1', port: world.router.port };
    const one = await WireClient.logIn(address, APPLICATION_USER, credential);
    const [slot = 0] = world.slotsOf(0);
    const server = await WireClient.logIn(world.primary(0).socket, 'root', { kind: 'none' });
    await one.run(`USE ${KEYSPACE}`);
    await server.run(`USE app_s000${slot}`);
    const plain = (columns: Awaited<ReturnType<WireClient['fields']>>): unknown =>
      columns.map(({ name, table, type, length, flags }) => ({ name, table, type, length, flags }));
    const all = plain(await one.fields('users'));
    expect(all).toEqual(plain(await server.fields('users')));
    expect(all).toMatchObject([{ name: 'id' }, { name: 'name' }]);
    expect(plain(await one.fields('users', 'na%'))).toEqual(plain(await server.fields('users', 'na%')));
    await expect(one.fields('nothing')).rejects.toThrow("doesn't exist");
    const victim = await connect();
    const [row] = await rows('SELECT CONNECTION_ID() AS id', victim);
    await one.kill(Number(row?.['id']));
    await expect(victim.query('SELECT 1')).rejects.toThrow(CONNECTION_ENDED);
    expect((await one.query('SELECT 1')).rows).toHaveLength(1);
    one.close();
    server.close();
  });

  it('columns of results are those of the keyspace, whichever databases they come from', async () => {
    await client.query('CREATE TABLE countries (code CHAR(2) PRIMARY KEY, name VARCHAR(20))');
    await client.query('CREATE TABLE settings (name VARCHAR(20) PRIMARY KEY, value VARCHAR(20))');
    await client.query("INSERT INTO countries VALUES ('de', 'Germany')");
    await client.query("INSERT INTO settings VALUES ('colour', 'red')");
    await client.query('CREATE SQL SECURITY INVOKER VIEW names AS SELECT id, name FROM users');
    const selects: readonly (readonly [sql: string, schemas: readonly string[]])[] = [
      ['SELECT id, name AS called FROM users WHERE id = 3', ['app', 'app']],
      ['SELECT u.id, c.name, 1 + 1 FROM users u, countries c WHERE u.id = 3', ['app', 'app', '']],
      ['/*shardwright: key=3 */ SELECT * FROM names WHERE id = 3', ['app', 'app']],
      ['SELECT * FROM users WHERE id IN (3, 4, 5, 6) ORDER BY name, id', ['app', 'app']],
      ['SELECT name, COUNT(*) FROM users GROUP BY name', ['app', '']],
      ['SELECT * FROM countries', ['app', 'app']],
      ['SELECT * FROM settings', ['app', 'app']],
      ['SELECT *, @nothing FROM users WHERE id = 3', ['app', 'app', '']],
    ];
    const one = await WireClient.logIn({ host: '127.0.0.1', port: world.router.port }, APPLICATION_USER, {
      kind: 'password',
      password: world.password,
    });
    await one.run(`USE ${KEYSPACE}`);
    const schemas = ({ columns }: Pick<WireResult, 'columns'>): string[] =>
      columns.map(({ schema }) => schema);
    for (const [sql, expected] of selects) {
      expect([sql, schemas(await one.query(sql))]).toEqual([sql, expected]);
      expect([sql, schemas(await one.prepare(sql))]).toEqual([sql, expected]);
      const executed = await one.execute(sql, [], []);
      expect([sql, schemas(executed), executed.rows.length > 0]).toEqual([sql, expected, true]);
    }
    const listed = await one.fields('users');
    expect(listed.map(({ schema, name }) => [schema, name])).toEqual([
      ['app', 'id'],
      ['app', 'name'],
    ]);
    for (const insert of [
      'INSERT INTO users VALUES (201, "r") RETURNING id, name',
      'INSERT INTO users VALUES (202, "r"), (203, "r"), (204, "r"), (205, "r") RETURNING id, name',
    ]) {
      expect(schemas(await one.query(insert))).toEqual(['app', 'app']);
    }
    one.close();
    await client.query('DELETE FROM users WHERE id IN (201, 202, 203, 204, 205)');
    await client.query('DROP VIEW names');
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
    expect(await rows("SELECT GET_LOCK('migration', 60) AS got", one)).toEqual([{ got: 1 }]);
  });

  it('user variables keep their character set and collation, and are set from what was before the SET', async () => {
    const one = await connect();
    const value = async (set: string, select: string): Promise<unknown> => {
      await one.query(set);
      const [row] = await rows(`SELECT ${select} AS value`, one);
      return row?.['value'];
    };
    expect(await value("SET @b = 'abc' COLLATE utf8mb4_bin", "@b = 'ABC'")).toBe(0);
    expect(await value('SET @copy = @b', 'COLLATION(@copy)')).toBe('utf8mb4_bin');
    expect(await value("SET @l = CONVERT('é' USING latin1)", "CONCAT(CHARSET(@l), ' ', HEX(@l))")).toBe(
      'latin1 E9',
    );
    expect(await value('SET @n = 10', '@n')).toBe(10);
    expect(await value('SET @n = 1, @m = @n + 1', '@m')).toBe(11);
    await one.query("SET @text = CONVERT('SELECT 5 AS five' USING latin1)");
    await one.query('PREPARE named FROM @text');
    expect(await rows('EXECUTE named', one)).toEqual([{ five: 5 }]);
    await one.query('SET NAMES latin1');
    expect(await value("SET @l = CONCAT('e', CHAR(0xE9 USING latin1))", 'HEX(@l)')).toBe('65E9');
  });

  it('spaces before a parenthesis are ignored for clients that ask for that at their login', async () => {
    const mode = async (flags: string[], counted: unknown): Promise<unknown> => {
      const one = await createConnection({
        ...world.router.address,
        user: APPLICATION_USER,
        password: world.password,
        database: KEYSPACE,
        flags,
      });
      opened.push(one);
      // The connection to the server has been another session's, too.
      for (let turn = 0; turn < 3; turn += 1) {
        const [count] = await rows('SELECT COUNT (*) AS n FROM users WHERE id = 1', one).catch(() => [null]);
        expect(count?.['n'] ?? 'an error').toBe(counted);
      }
      const [row] = await rows('SELECT @@sql_mode AS mode', one);
      return row?.['mode'];
    };
    expect(await mode([], 1)).toMatch(/^IGNORE_SPACE,/);
    expect(await mode(['-IGNORE_SPACE'], 'an error')).not.toContain('IGNORE_SPACE');
    expect(await mode([], 1)).toMatch(/^IGNORE_SPACE,/);
  });

  it('columns of information_schema are called as the statement writes them', async () => {
    expect(
      await rows(
        "SELECT table_name, t.Table_Type FROM information_schema.tables t WHERE table_schema = 'app' AND table_name = 'users'",
      ),
    ).toEqual([{ table_name: 'users', Table_Type: 'BASE TABLE' }]);
    const one = await connect();
    await one.query('USE information_schema');
    expect(await rows("SHOW TABLES LIKE 'SCHEMATA'", one)).toEqual([
      { 'Tables_in_information_schema (SCHEMATA)': 'SCHEMATA' },
    ]);
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
      message: expect.stringMatching(/is in 7 of 8 slots; it failed in slot \d: /),
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

  it('a definition tells how far it is, and is taken up by saying it again where it was interrupted', async () => {
    const [, , third = 0] = world.slotsOf(1);
    const blocker = await world.primary(1).connect(databaseOfSlot(KEYSPACE, third));
    // It keeps the definition of the table as it is, in one slot.
    const block = async (): Promise<void> => {
      await blocker.query('START TRANSACTION');
      await blocker.query('SELECT COUNT(*) FROM users');
    };
    const address = { host: '127.0.0.1', port: world.router.port };
    const one = await WireClient.logIn(address, APPLICATION_USER, {
      kind: 'password',
      password: world.password,
    });
    await one.run(`USE ${KEYSPACE}`);
    const columns = async (name: string): Promise<number[]> => {
      const counts = world.shards.map(async (_servers, shard) => {
        const [row] = await world
          .primary(shard)
          .query(
            `SELECT COUNT(*) AS n FROM information_schema.COLUMNS WHERE TABLE_NAME = 'users' AND COLUMN_NAME = '${name}'`,
          );
        return Number(row?.['n']);
      });
      return Promise.all(counts);
    };
    const sql = 'ALTER TABLE users ADD COLUMN town INT';
    const listed = async (): Promise<RowDataPacket | undefined> =>
      (await rows('SHOW PROCESSLIST')).find(({ Info }) => Info === sql);
    await block();
    const interrupted = one.run(sql).then(() => 'done', String);
    // Four slots of one shard, and two of the other, which is at its third.
    const shown = await eventually(listed, (row) => row?.['State'] === 'done in 6 of 8 databases');
    expect(shown).toMatchObject({ State: 'done in 6 of 8 databases', Progress: '75.000' });
    await eventually(
      async () => one.progress,
      (reports) => reports.length > 1,
    );
    expect(one.progress.at(-1)).toEqual({ text: 'done in 6 of 8 databases', percent: 75 });
    expect(
      await rows(
        'SELECT PROGRESS FROM information_schema.PROCESSLIST WHERE ID = ?'.replace(
          '?',
          String(shown?.['Id']),
        ),
      ),
    ).toEqual([{ PROGRESS: '75.000' }]);
    await client.query(`KILL QUERY ${shown?.['Id']}`);
    expect(await interrupted).toMatch(/interrupted/);
    expect(await columns('town')).toEqual([4, 2]);
    await blocker.query('ROLLBACK');
    await one.run(sql);
    expect(await columns('town')).toEqual([4, 4]);
    expect(world.router.log()).toContain('a definition is not in all of its databases');

    await block();
    const lost = client.query('ALTER TABLE users DROP COLUMN town').then(() => 'done', String);
    await eventually(
      () => columns('town'),
      ([first, second]) => first === 0 && second === 2,
    );
    await world.router.stop('SIGKILL');
    expect(await lost).toMatch(CONNECTION_ENDED);
    await world.router.start();
    await blocker.query('ROLLBACK');
    client = await connect();
    await client.query('ALTER TABLE users DROP COLUMN town');
    expect(await columns('town')).toEqual([0, 0]);
    blocker.destroy();
    one.close();
  });

  it('features that are not there are refused by name, with what to do instead', async () => {
    const refused = [
      'LOCK TABLES users READ',
      'CREATE TEMPORARY TABLE t (id INT)',
      "LOAD DATA INFILE 'x' INTO TABLE users",
      "PREPARE p FROM 'LOCK TABLES users READ'",
      "XA START 'x'",
      'SET GLOBAL max_connections = 5',
      'SET sql_log_bin = 0',
      'SET completion_type = CHAIN',
      'SET ROLE NONE',
      'SELECT id INTO @x FROM users WHERE id = 1',
      'FLUSH TABLES',
      "SET STATEMENT sql_mode = 'ANSI_QUOTES' FOR SELECT 1",
      'CREATE ROLE x',
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
      ...world.router.address,
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
