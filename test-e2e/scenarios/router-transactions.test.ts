import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import type { ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import { eventually } from '../install/eventually.ts';
import { APPLICATION_USER, createRouterWorld, KEYSPACE, type RouterWorld } from '../router/router-world.ts';

describe('transactions and generated ids through a router on two shards', () => {
  let world: RouterWorld;
  let client: Connection;
  const opened: Connection[] = [];

  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
      supportBigNumbers: true,
      bigNumberStrings: true,
    });
    connection.on('error', () => {});
    opened.push(connection);
    return connection;
  };
  const total = async (): Promise<number> => {
    const [[row]] = await client.query<RowDataPacket[]>('SELECT SUM(balance) AS s FROM accounts');
    return Number(row?.['s']);
  };
  /** Two keys whose slots are on different shards, and a third whose slot is with the first, but another. */
  let keys: { readonly one: number; readonly far: number; readonly near: number };

  beforeAll(async () => {
    world = await createRouterWorld({
      keyspace: {
        tables: [
          { name: 'accounts', key: 'id' },
          { name: 'events', key: 'user_id' },
        ],
      },
    });
    await world.begin();
    client = await connect();
    await client.query('CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance INT NOT NULL)');
    await client.query(
      'CREATE TABLE events (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT NOT NULL, text VARCHAR(40), KEY (user_id))',
    );
    await client.query(
      `INSERT INTO accounts VALUES ${Array.from({ length: 40 }, (_row, id) => `(${id}, 100)`).join(', ')}`,
    );
    const places = await Promise.all(
      Array.from({ length: 40 }, async (_row, id) => {
        const [[row]] = await client.query<RowDataPacket[]>(
          `EXPLAIN SHARDWRIGHT SELECT * FROM accounts WHERE id = ${id}`,
        );
        return { id, slot: String(row?.['slots']), shard: String(row?.['shards']) };
      }),
    );
    const [one] = places;
    const far = places.find(({ shard }) => shard !== one?.shard);
    const near = places.find(({ shard, slot }) => shard === one?.shard && slot !== one?.slot);
    keys = { one: one?.id ?? -1, far: far?.id ?? -1, near: near?.id ?? -1 };
  });

  afterEach(async () => {
    await client.query('ROLLBACK');
    await client.query('SET shardwright_transactions = DEFAULT, autocommit = 1');
  });

  afterAll(async () => {
    opened.forEach((connection) => connection.destroy());
    await world?.close();
  });

  it('commit and roll back in one slot', async () => {
    await client.beginTransaction();
    await client.query('UPDATE accounts SET balance = balance + 5 WHERE id = ?', [keys.one]);
    await client.rollback();
    expect(await total()).toBe(4000);
    await client.beginTransaction();
    await client.query('UPDATE accounts SET balance = balance + 5 WHERE id = ?', [keys.one]);
    const other = await connect();
    const [[unseen]] = await other.query<RowDataPacket[]>('SELECT balance FROM accounts WHERE id = ?', [
      keys.one,
    ]);
    expect(unseen?.['balance']).toBe(100);
    await client.commit();
    const [[seen]] = await other.query<RowDataPacket[]>('SELECT balance FROM accounts WHERE id = ?', [
      keys.one,
    ]);
    expect(seen?.['balance']).toBe(105);
  });

  it('stay in one slot, and say how to leave it', async () => {
    await client.beginTransaction();
    await client.query('UPDATE accounts SET balance = 0 WHERE id = ?', [keys.one]);
    await expect(
      client.query('UPDATE accounts SET balance = 0 WHERE id = ?', [keys.near]),
    ).rejects.toMatchObject({
      errno: 1235,
      message: expect.stringMatching(
        new RegExp(
          `began in slot \\d+ of app \\(accounts.id = ${keys.one}\\), and the statement is for slot \\d+ of app ` +
            `\\(accounts.id = ${keys.near}\\).*shardwright_transactions`,
        ),
      ),
    });
    await client.rollback();
    await client.beginTransaction();
    await expect(
      client.query('INSERT INTO accounts (id, balance) VALUES (?, 1), (?, 1)', [keys.one, keys.near]),
    ).rejects.toMatchObject({
      errno: 1235,
      message: expect.stringMatching(/is for slot \d+ of app \(accounts.id = \d+\) and for slot \d+ of app/),
    });
    // What was refused has not bound the transaction.
    await client.query('UPDATE accounts SET balance = balance WHERE id = ?', [keys.far]);
    await client.rollback();
  });

  it('span slots and shards where that is allowed', async () => {
    await client.query('SET shardwright_transactions = Multi');
    const before = await total();
    await client.beginTransaction();
    for (const id of [keys.one, keys.near, keys.far]) {
      await client.query('UPDATE accounts SET balance = balance - 10 WHERE id = ?', [id]);
    }
    expect(await total()).toBe(before - 30);
    await client.rollback();
    expect(await total()).toBe(before);
    await client.beginTransaction();
    await client.query('UPDATE accounts SET balance = balance - 10 WHERE id = ?', [keys.one]);
    await client.query('SAVEPOINT half');
    await client.query('UPDATE accounts SET balance = balance + 99 WHERE id = ?', [keys.far]);
    await client.query('ROLLBACK TO SAVEPOINT half');
    await client.query('UPDATE accounts SET balance = balance + 10 WHERE id = ?', [keys.far]);
    await client.commit();
    expect(await total()).toBe(before);
  });

  it.each<[string, (map: ShardMapSpec) => ShardMapSpec]>([
    [
      'keyspace',
      (map) => ({
        ...map,
        keyspaces: (map.keyspaces ?? []).map((keyspace) => ({ ...keyspace, transactions: 'Multi' })),
      }),
    ],
    ['user', (map) => ({ ...map, users: [{ name: APPLICATION_USER, transactions: 'Multi' }] })],
  ])('span slots where the %s allows that, and not where the session does not', async (_of, change) => {
    const before = world.map;
    const spanning = async (): Promise<string> => {
      try {
        await client.beginTransaction();
        await client.query('UPDATE accounts SET balance = balance - 1 WHERE id = ?', [keys.one]);
        await client.query('UPDATE accounts SET balance = balance + 1 WHERE id = ?', [keys.far]);
        await client.commit();
        return 'spans';
      } catch (error) {
        await client.query('ROLLBACK');
        return error instanceof Error && 'errno' in error ? `error ${String(error.errno)}` : String(error);
      }
    };
    expect(await spanning()).toBe('error 1235');
    await world.changeMap(change);
    expect(await eventually(spanning, (said) => said === 'spans')).toBe('spans');
    await client.query('SET shardwright_transactions = Single');
    expect(await spanning()).toBe('error 1235');
    await client.query('SET shardwright_transactions = DEFAULT');
    await world.changeMap((map) => ({ ...before, revision: map.revision }));
    expect(await eventually(spanning, (said) => said === 'error 1235')).toBe('error 1235');
  });

  it('begin by themselves with autocommit off', async () => {
    const before = await total();
    await client.query('SET autocommit = 0');
    await client.query('UPDATE accounts SET balance = balance + 1 WHERE id = ?', [keys.one]);
    await client.query('ROLLBACK');
    await client.query('UPDATE accounts SET balance = balance + 7 WHERE id = ?', [keys.one]);
    // Setting it again commits what is under way, as a server does.
    await client.query('SET autocommit = 1');
    await client.query('ROLLBACK');
    expect(await total()).toBe(before + 7);
  });

  it('undo a statement of several slots as a whole', async () => {
    const before = await total();
    await expect(
      client.query(
        `INSERT INTO accounts VALUES (1001, 1), (1002, 1), (1003, 1), (${keys.one}, 1), (1004, 1), (${keys.far}, 1)`,
      ),
    ).rejects.toMatchObject({ errno: 1062 });
    expect(await total()).toBe(before);
  });

  it('are rolled back with their connection', async () => {
    const before = await total();
    const other = await connect();
    await other.beginTransaction();
    await other.query('UPDATE accounts SET balance = 0 WHERE id = ?', [keys.one]);
    other.destroy();
    await client.query('UPDATE accounts SET balance = balance + 0 WHERE id = ?', [keys.one]);
    expect(await total()).toBe(before);
  });

  it('ids are generated unique, growing, and told to the client', async () => {
    const ids: bigint[] = [];
    for (let user = 0; user < 20; user += 1) {
      const [result] = await client.query<ResultSetHeader>(
        'INSERT INTO events (user_id, text) VALUES (?, ?)',
        [user, 'x'],
      );
      ids.push(BigInt(result.insertId));
    }
    expect(new Set(ids).size).toBe(20);
    expect(ids.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(ids);
    const [[row]] = await client.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
    expect(BigInt(row?.['id'])).toBe(ids.at(-1));
    const [many] = await client.query<ResultSetHeader>(
      "INSERT INTO events (user_id, text) VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    );
    expect(many.affectedRows).toBe(3);
    const [stored] = await client.query<RowDataPacket[]>(
      "SELECT id FROM events WHERE text IN ('a', 'b', 'c') ORDER BY id",
    );
    expect(stored.map(({ id }) => BigInt(id))).toEqual(
      [0n, 1n, 2n].map((more) => BigInt(many.insertId) + more),
    );
    const [[found]] = await client.query<RowDataPacket[]>('SELECT text FROM events WHERE id = ?', [
      many.insertId,
    ]);
    expect(found?.['text']).toBe('a');
  });

  it('LAST_INSERT_ID() is what one server would say: of rows that were there, of counters, of ids that are named', async () => {
    const ask = async (sql: string): Promise<readonly [told: string, remembered: string]> => {
      const [result] = await client.query<ResultSetHeader>(sql);
      const [[row]] = await client.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
      return [String(result.insertId), String(row?.['id'])];
    };
    await client.query(
      'CREATE TABLE contacts (user_id BIGINT, mail VARCHAR(20), n INT, id BIGINT AUTO_INCREMENT, PRIMARY KEY (user_id, mail), KEY (id))',
    );
    await client.query("INSERT INTO contacts VALUES (1, 'a', 1, 1000), (2, 'b', 1, 2000)");
    const [[before]] = await client.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id');
    const last = String(before?.['id']);
    expect(last).not.toBe('1000');
    const insert = (rows: string, rest = ''): string =>
      `INSERT INTO contacts (user_id, mail, n) VALUES ${rows} ON DUPLICATE KEY UPDATE n = n + 1${rest}`;
    expect(await ask(insert("(2, 'b', 1)"))).toEqual(['2000', last]);
    expect(await ask(insert("(1, 'a', 1)", ', id = LAST_INSERT_ID(id)'))).toEqual(['1000', '1000']);
    expect(await ask("INSERT IGNORE INTO contacts (user_id, mail, n) VALUES (1, 'a', 1)")).toEqual([
      '0',
      '1000',
    ]);
    expect(await ask("INSERT INTO contacts VALUES (3, 'c', 1, 3000)")).toEqual(['3000', '1000']);
    const [told, remembered] = await ask(insert("(1, 'a', 1), (4, 'd', 1), (5, 'e', 1)"));
    expect(BigInt(told)).toBeGreaterThan(2n ** 40n);
    expect(remembered).toBe(told);
    expect(
      await ask("UPDATE contacts SET n = LAST_INSERT_ID(n + 40) WHERE user_id = 2 AND mail = 'b'"),
    ).toEqual(['42', '42']);
    await client.query('SELECT LAST_INSERT_ID(77)');
    expect((await ask('DO 1'))[1]).toBe('77');
    await client.query('DROP TABLE contacts');
  });
});
