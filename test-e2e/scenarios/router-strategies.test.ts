/** Keyspaces of the strategies Range and Hash through a router: the rows of one server, asked of no more slots than need be. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnection, type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { databaseOfSlot } from '../../operator/src/core/keyspace/database-names.ts';
import {
  APPLICATION_USER,
  createRouterWorld,
  KEYSPACE,
  type KeyspaceSettings,
  type RouterWorld,
} from '../router/router-world.ts';

const SLOTS = 8;
/** Keys of one slot, where the strategy is Range. */
const WIDTH = 100;
/** A database of one server, which has the same rows. */
const ALONE = 'alone';

const RANGE: Partial<KeyspaceSettings> = {
  strategy: 'Range',
  slots: SLOTS,
  ranges: Array.from({ length: SLOTS }, (_slot, slot) =>
    slot === 0 ? { slot } : { slot, from: String(slot * WIDTH) },
  ),
};
const HASH: Partial<KeyspaceSettings> = { strategy: 'Hash', slots: SLOTS };

/** Keys in every interval, at both ends of most, before the first bound and far behind the last. */
const IDS = [
  -5,
  ...Array.from({ length: SLOTS }, (_slot, slot) => [
    slot * WIDTH,
    slot * WIDTH + 37,
    slot * WIDTH + WIDTH - 1,
  ]).flat(),
  123_456_789_012,
];

const ALL = Array.from({ length: SLOTS }, (_slot, slot) => slot);

/** Statements with the slots that hold what they ask for, where the strategy is Range. */
const READS: readonly (readonly [sql: string, slots: readonly number[]])[] = [
  ['SELECT * FROM events WHERE id = 237', [2]],
  ['SELECT * FROM events WHERE id = 238', [2]],
  ['SELECT * FROM events WHERE id IN (37, 99, 100, 799)', [0, 1, 7]],
  ['SELECT id, kind FROM events WHERE id BETWEEN 200 AND 299 ORDER BY id DESC', [2]],
  ['SELECT id, kind FROM events WHERE id BETWEEN 299 AND 400 ORDER BY id', [2, 3, 4]],
  ['SELECT COUNT(*), SUM(amount), MIN(id), MAX(id) FROM events WHERE id >= 600', [6, 7]],
  ['SELECT COUNT(*) FROM events WHERE id > 599 AND id < 700', [6]],
  ['SELECT COUNT(*) FROM events WHERE id < 100', [0]],
  ['SELECT COUNT(*) FROM events WHERE id <= 100', [0, 1]],
  ['SELECT id FROM events WHERE 350 > id AND id >= 300', [3]],
  [
    'SELECT kind, COUNT(*), AVG(amount) FROM events WHERE id >= 400 AND id < 600 GROUP BY kind ORDER BY kind',
    [4, 5],
  ],
  ['SELECT DISTINCT kind FROM events WHERE id BETWEEN 0 AND 199 ORDER BY kind', [0, 1]],
  ['SELECT id FROM events WHERE id BETWEEN 500 AND 700 ORDER BY amount DESC, id LIMIT 3 OFFSET 1', [5, 6, 7]],
  ["SELECT id FROM events WHERE id BETWEEN 200 AND 299 AND kind = 'b'", [2]],
  // Bounds that no key of the column can have.
  ['SELECT id FROM events WHERE id >= 299.5 AND id < 300.5', [3]],
  ['SELECT id FROM events WHERE id > 299.5 AND id <= 399.5', [3]],
  ['SELECT id FROM events WHERE id BETWEEN 298.5 AND 300.25', [2, 3]],
  ["SELECT id FROM events WHERE id >= '699.5'", [7]],
  ['SELECT id FROM events WHERE id < 1.005e2', [0, 1]],
  ['SELECT id FROM events WHERE id < -0.5', [0]],
  ['SELECT id FROM events WHERE id > 1e17', ALL],
  [
    'SELECT e.id, d.text FROM events e JOIN details d ON d.id = e.id WHERE e.id BETWEEN 100 AND 250 ORDER BY e.id',
    [1, 2],
  ],
  ['SELECT id FROM events WHERE id > 1000000', [7]],
  ["SELECT COUNT(*) FROM events WHERE kind = 'a'", ALL],
  ['SELECT COUNT(*) FROM events WHERE id < 100 OR id >= 700', ALL],
  ['SELECT * FROM events ORDER BY id', ALL],
];

const WRITES = [
  "INSERT INTO events VALUES (50, 'c', 5), (250, 'c', 6), (251, 'c', 7), (750, 'c', 8)",
  "REPLACE INTO events VALUES (250, 'd', 1)",
  "INSERT INTO events VALUES (50, 'x', 1) ON DUPLICATE KEY UPDATE amount = amount + 1",
  'UPDATE events SET amount = amount * 2 WHERE id = 237',
  "UPDATE events SET kind = 'e' WHERE id IN (37, 137, 737)",
  'UPDATE events SET amount = 0 WHERE id BETWEEN 200 AND 299',
  'DELETE FROM events WHERE id >= 250 AND id < 260',
  'DELETE FROM events WHERE id = 750',
];

describe.each([
  ['Range', RANGE],
  ['Hash', HASH],
] as const)('a keyspace of the strategy %s, through a router on two shards', (strategy, keyspace) => {
  let world: RouterWorld;
  let client: Connection;
  let alone: Connection;

  beforeAll(async () => {
    world = await createRouterWorld({
      keyspace: {
        ...keyspace,
        tables: [
          { name: 'events', key: 'id' },
          { name: 'details', key: 'id' },
        ],
      },
    });
    await world.begin();
    client = await createConnection({
      ...world.router.address,
      user: APPLICATION_USER,
      password: world.password,
      database: KEYSPACE,
    });
    await world.primary(0).query(`CREATE DATABASE ${ALONE} CHARACTER SET utf8mb4`);
    alone = await world.primary(0).connect(ALONE);
    for (const connection of [client, alone]) {
      await connection.query(
        'CREATE TABLE events (id BIGINT PRIMARY KEY, kind VARCHAR(10), amount DECIMAL(10,2))',
      );
      await connection.query('CREATE TABLE details (id BIGINT PRIMARY KEY, text VARCHAR(20))');
      const events = IDS.map((id, index) => `(${id}, '${'ab'[index % 2] ?? ''}', ${index}.5)`);
      await connection.query(`INSERT INTO events VALUES ${events.join(', ')}`);
      await connection.query(
        `INSERT INTO details VALUES ${IDS.map((id) => `(${id}, 'of ${id}')`).join(', ')}`,
      );
    }
  });

  afterAll(async () => {
    client?.destroy();
    alone?.destroy();
    await world?.close();
  });

  const explained = async (sql: string): Promise<{ slots: number[]; shards: string }> => {
    const [[row]] = await client.query<RowDataPacket[]>(`EXPLAIN SHARDWRIGHT ${sql}`);
    const slots = String(row?.['slots'])
      .split(',')
      .flatMap((part) => {
        const [first = 0, last = first] = part.split('-').map(Number);
        return ALL.slice(first, last + 1);
      });
    return { slots, shards: String(row?.['shards']) };
  };

  it('gives the rows of one server, for reads and for writes', async () => {
    const compare = async (sql: string): Promise<void> => {
      const [[through], [direct]] = [await client.query(sql), await alone.query(sql)];
      const isOrdered = sql.includes('ORDER BY');
      expect([sql, answerOf(through, isOrdered)]).toEqual([sql, answerOf(direct, isOrdered)]);
    };
    for (const [sql] of READS) {
      await compare(sql);
    }
    await client.query('SET shardwright_transactions = multi');
    for (const sql of WRITES) {
      const isWide = sql.includes('BETWEEN') || sql.includes('>=');
      await (isWide
        ? client.query(sql.replace('events', 'events /*shardwright: all_slots */'))
        : client.query(sql));
      await alone.query(sql);
      await compare('SELECT * FROM events ORDER BY id');
    }
    for (const [sql] of READS) {
      await compare(sql);
    }
  });

  it('has each row in the one slot that it names', async () => {
    for (const id of IDS.filter((each) => each !== 250)) {
      const { slots } = await explained(`SELECT * FROM details WHERE id = ${id}`);
      const [slot = -1] = slots;
      const found = await world
        .primary(slot % 2)
        .query(`SELECT text FROM ${databaseOfSlot(KEYSPACE, slot)}.details WHERE id = ${id}`);
      expect([id, slots.length, found]).toEqual([id, 1, [{ text: `of ${id}` }]]);
      const interval = Math.min(Math.max(Math.floor(id / WIDTH), 0), SLOTS - 1);
      expect([id, slot]).toEqual([id, strategy === 'Range' ? interval : slot]);
    }
    const counts = await Promise.all(
      ALL.map((slot) =>
        world.primary(slot % 2).query(`SELECT COUNT(*) AS n FROM ${databaseOfSlot(KEYSPACE, slot)}.details`),
      ),
    );
    expect(counts.reduce((sum, [row]) => sum + Number(row?.['n']), 0)).toBe(IDS.length);
  });

  it('asks only the servers that hold what is asked for, once for each slot', async () => {
    await world.onEveryShard("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1");
    for (const [index, [sql, slots]] of READS.entries()) {
      const mark = `read ${index} of ${strategy}`;
      const { slots: named, shards } = await explained(sql);
      await client.query(sql.replace('SELECT', `SELECT /* ${mark}. */`));
      const asked = await Promise.all(
        world.shards.map((_servers, shard) =>
          world
            .primary(shard)
            .query(
              `SELECT COUNT(*) AS n FROM mysql.general_log WHERE command_type = 'Query' AND argument LIKE '%SELECT /* ${mark}. */%' AND user_host LIKE '${APPLICATION_USER}%'`,
            ),
        ),
      );
      const counts = asked.map(([row]) => Number(row?.['n']));
      expect([sql, counts]).toEqual([
        sql,
        [0, 1].map((shard) => named.filter((slot) => slot % 2 === shard).length),
      ]);
      expect([sql, shards]).toEqual([sql, [0, 1].filter((shard) => counts[shard] !== 0).join(',')]);
      // The order of hashes is none of keys.
      const isPoint = /WHERE id (=|IN)/.test(sql);
      expect([sql, named]).toEqual([sql, strategy === 'Range' ? slots : isPoint ? named : ALL]);
    }
    await world.onEveryShard('SET GLOBAL general_log = 0');
  });
});

/** What a statement has answered, to be compared: rows that nobody has ordered are in no order. */
function answerOf(answer: unknown, isOrdered: boolean): unknown {
  if (!Array.isArray(answer)) {
    return (answer as ResultSetHeader).affectedRows;
  }
  const rows = (answer as RowDataPacket[]).map((row) => JSON.stringify(row));
  return isOrdered ? rows : rows.toSorted();
}
