import { describe, expect, it } from '@jest/globals';
import { databaseOfSlot } from '../../core/keyspace/database-names.ts';
import type { Route } from './route.ts';
import { edited, route, slot } from './testing/routing-stage.ts';

/** A route in one line, with the statement as a server gets it. */
function summary(sql: string, decided: Route): string {
  switch (decided.kind) {
    case 'single': {
      const { place } = decided;
      const where = place.kind === 'slot' ? databaseOfSlot(place.keyspace, place.slot) : place.kind;
      return `${where}: ${edited(sql, decided.edits)}`;
    }
    case 'split':
    case 'scatter':
      return `${decided.kind} ${decided.parts.map((part) => part.slot).join(',')}`;
    case 'refused':
      return `${decided.errno} ${decided.message}`;
    case 'definition':
      return `${decided.databases.join('+')}: ${edited(sql, decided.edits)}`;
    case 'referenceWrite':
      return `everywhere: ${edited(sql, decided.edits)}`;
    case 'systemSchema':
      return `system ${decided.schemas.join()}`;
    default:
      return decided.kind;
  }
}

const five = databaseOfSlot('app', slot(5));
const ALL = Array.from({ length: 16 }, (_slot, index) => index).join();

describe('a statement is run in one slot when all its tables are bound to it', () => {
  it.each([
    'SELECT * FROM orders WHERE user_id = 5',
    "SELECT * FROM orders WHERE user_id = '5'",
    'SELECT * FROM orders WHERE 5 = user_id AND total > 3',
    'SELECT * FROM orders o WHERE o.user_id = 5 FOR UPDATE',
    'SELECT * FROM orders WHERE user_id IN (5)',
    'SELECT * FROM orders WHERE user_id = 5.0 OR user_id = 5',
    'SELECT o.id FROM orders o JOIN items i ON i.user_id = o.user_id WHERE o.user_id = 5',
    'SELECT o.id FROM orders o JOIN items i USING (user_id) WHERE o.user_id = 5',
    'SELECT o.id FROM orders o, items i WHERE o.user_id = 5 AND i.user_id = 5',
    'SELECT o.id FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = 5',
    'SELECT * FROM orders WHERE user_id = 5 AND id IN (SELECT order_id FROM items WHERE user_id = 5)',
    'SELECT * FROM users u WHERE id = 5 AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)',
    'SELECT (SELECT COUNT(*) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE u.id = 5',
    'SELECT * FROM (SELECT user_id, SUM(total) s FROM orders GROUP BY user_id) d WHERE d.user_id = 5',
    'SELECT * FROM (SELECT COUNT(*) FROM orders WHERE user_id = 5) d',
    'WITH c AS (SELECT * FROM orders) SELECT * FROM c WHERE user_id = 5',
    'SELECT id FROM orders WHERE user_id = 5 UNION SELECT order_id FROM items WHERE user_id = 5',
    'SELECT ROW_NUMBER() OVER (ORDER BY id) FROM orders WHERE user_id = 5',
    'UPDATE orders SET total = 1 WHERE user_id = 5 ORDER BY id LIMIT 1',
    'UPDATE orders o JOIN items i ON i.user_id = o.user_id SET o.total = i.price WHERE o.user_id = 5',
    'UPDATE orders SET user_id = 5, total = 2 WHERE user_id = 5',
    'DELETE FROM orders WHERE user_id = 5 LIMIT 3',
    'DELETE o, i FROM orders o JOIN items i ON i.user_id = o.user_id WHERE o.user_id = 5',
    'INSERT INTO items (order_id, user_id) VALUES (1, 5), (2, 5)',
    'INSERT INTO items VALUES (1, 5, NULL, 3)',
    "INSERT INTO items SET user_id = 5, product = 'x'",
    'REPLACE INTO items (user_id) VALUES (5)',
    'INSERT INTO items (user_id) VALUES (5) ON DUPLICATE KEY UPDATE price = 1, user_id = VALUES(user_id)',
    'INSERT INTO items (order_id, user_id) SELECT id, user_id FROM orders WHERE user_id = 5',
    'INSERT INTO items (order_id, user_id) SELECT id, 5 FROM orders WHERE user_id = 5',
    'EXPLAIN SELECT * FROM orders WHERE user_id = 5',
  ])('%s', (sql) => {
    expect(summary(sql, route(sql))).toBe(`${five}: ${sql}`);
  });

  it.each([
    [
      'SELECT app.orders.id FROM app.orders WHERE app.orders.user_id = 5',
      'SELECT `orders`.id FROM `orders` WHERE `orders`.user_id = 5',
    ],
    [
      'SELECT * FROM orders o JOIN countries c ON c.code = o.note WHERE o.user_id = 5',
      'SELECT * FROM orders o JOIN `app$shared`.countries c ON c.code = o.note WHERE o.user_id = 5',
    ],
    [
      'SELECT * FROM app.orders o JOIN app.countries c ON c.code = o.note WHERE o.user_id = 5',
      'SELECT * FROM `orders` o JOIN `app$shared`.countries c ON c.code = o.note WHERE o.user_id = 5',
    ],
    [
      'SELECT DATABASE() FROM orders WHERE user_id = 5',
      "SELECT 'app' AS `DATABASE()` FROM orders WHERE user_id = 5",
    ],
  ])('%s', (sql, sent) => {
    expect(summary(sql, route(sql))).toBe(`${five}: ${sent}`);
  });

  it('by the value of a parameter', () => {
    const sql = 'SELECT * FROM orders WHERE user_id = ?';
    expect(summary(sql, route(sql, { parameters: [{ kind: 'double', value: 5 }] }))).toBe(`${five}: ${sql}`);
  });

  it('anywhere, when no row can match', () => {
    const first = databaseOfSlot('app', 0);
    for (const condition of ['user_id = NULL', 'user_id = 1.5', 'user_id = 5 AND user_id = 6']) {
      expect(summary('', route(`SELECT * FROM orders WHERE ${condition}`))).toMatch(/^app_s\d{4}: /);
    }
    expect(summary('', route('SELECT * FROM orders WHERE user_id = NULL'))).toBe(`${first}: `);
  });
});

describe('a statement that is not bound to one slot', () => {
  it.each([
    'SELECT * FROM orders WHERE user_id = 5 OR total = 3',
    'SELECT * FROM orders WHERE NOT user_id = 5',
    'SELECT * FROM orders WHERE user_id > 5',
    'SELECT * FROM orders WHERE user_id + 0 = 5',
    'SELECT * FROM orders LEFT JOIN items ON items.user_id = orders.user_id AND orders.user_id = 5',
    'SELECT o.* FROM orders o RIGHT JOIN items i ON i.user_id = o.user_id AND i.user_id = 5',
    'SELECT * FROM users u WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)',
    'SELECT * FROM users WHERE id IN (SELECT user_id FROM orders)',
    'SELECT u.id FROM users u JOIN (SELECT user_id FROM orders GROUP BY user_id) d ON d.user_id = u.id',
    'SELECT o.id FROM orders o JOIN countries c ON c.code = o.note',
    'SELECT * FROM orders o LEFT JOIN countries c ON c.code = o.note',
    'SELECT id FROM orders UNION ALL SELECT order_id FROM items',
    'SELECT * FROM (SELECT id, user_id FROM orders) d (user_id, id) WHERE d.user_id = 5',
    'SELECT ROW_NUMBER() OVER (PARTITION BY o.user_id ORDER BY total) FROM orders o ORDER BY 1',
    'SELECT RANK() OVER w, SUM(total) OVER (w ORDER BY id) FROM orders WINDOW w AS (PARTITION BY note, user_id)',
    'SELECT user_id, SUM(COUNT(*)) OVER (PARTITION BY user_id) FROM orders GROUP BY user_id, note',
    'SELECT * FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY id) AS n FROM orders) d WHERE n < 3',
    'SELECT COUNT(*) FROM (SELECT DISTINCT o.* FROM orders o) d',
    'SELECT COUNT(*) FROM (SELECT u.id FROM users u LEFT JOIN orders o ON o.user_id = u.id GROUP BY u.id) d',
    'SELECT COUNT(*) FROM (SELECT DISTINCT u.id FROM orders o RIGHT JOIN users u ON o.user_id = u.id) d',
    'SELECT COUNT(*) FROM (SELECT o.user_id AS u FROM orders o GROUP BY u) d',
    'SELECT id FROM orders UNION SELECT order_id FROM items',
    'SELECT id FROM orders UNION ALL SELECT order_id FROM items UNION SELECT id FROM users',
    'SELECT code FROM countries UNION SELECT note FROM orders',
    'SELECT d.id FROM (SELECT id, user_id FROM orders) d UNION SELECT order_id FROM items',
    'SELECT user_id, COUNT(*) FROM orders GROUP BY user_id UNION ALL SELECT user_id, 1 FROM items',
    'SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM orders WHERE user_id = 7)',
    'SELECT id FROM orders UNION SELECT order_id FROM items UNION ALL SELECT id FROM users',
    'SELECT id FROM orders UNION ALL (SELECT order_id FROM items UNION SELECT id FROM users)',
    'SELECT COUNT(*) FROM (SELECT id FROM orders UNION ALL SELECT order_id FROM items) d',
    'SELECT COUNT(*) FROM (SELECT total, user_id FROM orders UNION SELECT price, user_id FROM items) d',
    'WITH d AS (SELECT id FROM orders UNION ALL SELECT order_id FROM items) SELECT d.id FROM d JOIN countries ON code = id',
  ])('is read from all slots: %s', (sql) => {
    expect(summary(sql, route(sql))).toBe(`scatter ${ALL}`);
  });

  it.each([
    ['SELECT * FROM orders, items', 'Rows of different slots would meet: of orders and items'],
    [
      'SELECT * FROM orders o JOIN items i ON i.order_id = o.id',
      'Rows of different slots would meet: of orders and items',
    ],
    [
      'SELECT * FROM orders o LEFT JOIN items i ON i.order_id = o.id WHERE o.user_id = 5',
      'Rows of different slots would meet: of orders and items',
    ],
    [
      'SELECT * FROM orders WHERE user_id = 5 AND total > (SELECT AVG(total) FROM orders)',
      'Rows of different slots would meet: of orders',
    ],
    ['SELECT * FROM orders a JOIN orders b ON a.id = b.id', 'Rows of different slots would meet: of orders'],
    [
      'SELECT * FROM users u JOIN names n ON n.name = u.id',
      'Rows of different slots would meet: of users and names',
    ],
    [
      'SELECT a.id FROM orders a LEFT JOIN items b ON a.id = b.order_id LEFT JOIN logs c ON c.user_id = b.user_id AND c.user_id = a.user_id',
      'Rows of different slots would meet: of orders and items',
    ],
    [
      'WITH c AS (SELECT id FROM users) SELECT COUNT(*) FROM (SELECT COUNT(*) AS n FROM c) d',
      'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    ],
    [
      'SELECT * FROM (SELECT COUNT(*) AS n FROM countries) a JOIN (SELECT COUNT(*) AS m FROM users) b',
      'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    ],
    [
      'WITH c AS (SELECT country FROM users) SELECT COUNT(*) FROM (SELECT COUNT(*) AS n FROM countries WHERE code IN (SELECT country FROM c)) d',
      'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    ],
    [
      'WITH c AS (SELECT * FROM orders) SELECT * FROM c a JOIN c b ON a.id = b.id',
      'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT id FROM orders LIMIT 3) d',
      'A query in FROM or WITH has a LIMIT, which would hold in each slot for itself',
    ],
    [
      'SELECT code, (SELECT COUNT(*) FROM orders) FROM countries',
      'A query within the statement reads rows of all slots',
    ],
    [
      'SELECT * FROM countries c LEFT JOIN orders o ON o.note = c.code',
      'An outer join keeps rows that are not of a sharded table, and every slot would give them',
    ],
    [
      'SELECT * FROM orders o RIGHT JOIN countries c ON o.note = c.code',
      'An outer join keeps rows that are not of a sharded table, and every slot would give them',
    ],
    [
      'SELECT * FROM orders, settings',
      'Sharded tables (orders) and unsharded ones (settings) of app are on different shards',
    ],
    [
      'SELECT * FROM orders, events.readings',
      'The statement mentions tables of several keyspaces: app, events',
    ],
    [
      'SELECT GET_LOCK(note, 1) FROM orders',
      'GET_LOCK() is called in several slots, and may do something else in each',
    ],
    [
      'SELECT my_function(id) FROM orders',
      'MY_FUNCTION() is called in several slots, and may do something else in each',
    ],
    ['SELECT @a FROM orders', 'User variables are used in several slots'],
    ["SIGNAL SQLSTATE '45000'", 'SIGNAL outside of a stored program'],
    ['FLUSH TABLES', "FLUSH TABLES: the servers are the operator's"],
    [
      'SELECT * FROM view_orders WHERE user_id = 5',
      "view_orders is a view, or its key column is missing or of a type that is no key, so that its rows' slots are not known",
    ],
    [
      'SELECT * FROM names WHERE name = 5',
      'The key name of table names is text, and was given as a number or as bytes, which equals texts that differ',
    ],
    [
      'SELECT id FROM orders UNION ALL SELECT code FROM countries',
      'A part of the UNION has no sharded table, and every slot would give its rows',
    ],
    ...[
      'SELECT ROW_NUMBER() OVER (ORDER BY id) FROM orders',
      'SELECT RANK() OVER (PARTITION BY user_id ORDER BY id), COUNT(*) OVER (PARTITION BY note) FROM orders',
      'SELECT i.price, RANK() OVER (PARTITION BY i.user_id) FROM orders o LEFT JOIN items i ON i.user_id = o.user_id',
    ].map((sql) => [sql, 'A window function over rows of several slots']),
    [
      'SELECT note, RANK() OVER (PARTITION BY user_id) FROM orders GROUP BY note',
      'A window function over groups of several slots',
    ],
    [
      'SELECT * FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY note) AS n FROM orders) d WHERE n < 3',
      'A query in FROM or WITH has a window function over rows of several slots',
    ],
    ...[
      'SELECT COUNT(*) FROM (SELECT DISTINCT note FROM orders) d JOIN countries',
      'SELECT COUNT(*) FROM (SELECT id FROM (SELECT DISTINCT note AS id FROM orders) e) d',
      'WITH d AS (SELECT DISTINCT note FROM orders) SELECT COUNT(*) FROM d',
    ].map((sql) => [
      sql,
      'A query in FROM or WITH counts or sorts out rows of several slots, or is read more than once',
    ]),
    [
      'SELECT COUNT(*) FROM (SELECT DISTINCT o.* FROM orders o RIGHT JOIN users u ON o.user_id = u.id) d',
      'An expression around aggregates over several slots with what stands for columns',
    ],
    [
      'SELECT code FROM countries UNION SELECT NOW() FROM orders',
      'A part of the UNION has no sharded table, and every slot would give its rows',
    ],
    [
      'SELECT u.id FROM users u WHERE u.id NOT IN (SELECT o.user_id FROM items i LEFT JOIN orders o ON o.user_id = i.user_id)',
      'Rows of different slots would meet: of users and items',
    ],
    [
      'SELECT u.id FROM users u LEFT JOIN items i ON i.user_id = u.id WHERE i.user_id NOT IN (SELECT user_id FROM orders)',
      'Rows of different slots would meet: of users and orders',
    ],
    [
      'SELECT id FROM users WHERE id NOT IN (SELECT total FROM orders)',
      'Rows of different slots would meet: of users and orders',
    ],
    [
      'SELECT id FROM orders UNION SELECT order_id FROM items UNION ALL SELECT code FROM countries',
      'Rows of different slots would meet: of orders and items',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT total FROM orders UNION SELECT price FROM items) d',
      'A query in FROM or WITH puts rows of several slots together by UNION, EXCEPT or INTERSECT, and cannot be taken apart by slots',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT note FROM orders UNION ALL SELECT code FROM countries) d',
      'A query in FROM or WITH puts rows of several slots together by UNION, EXCEPT or INTERSECT, and cannot be taken apart by slots',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT id FROM orders UNION ALL SELECT order_id FROM items) d JOIN users ON users.id = d.id',
      'Rows of different slots would meet: of orders and items and users',
    ],
    [
      'SELECT COUNT(*) FROM (SELECT id FROM orders UNION ALL (SELECT order_id FROM items LIMIT 2)) d',
      'A query in FROM or WITH puts rows of several slots together by UNION, EXCEPT or INTERSECT, and cannot be taken apart by slots',
    ],
    [
      'SELECT id FROM orders UNION SELECT order_id FROM items WHERE price > (SELECT MAX(total) FROM orders)',
      'Rows of different slots would meet: of orders and items',
    ],
    [
      'SELECT note FROM orders GROUP BY note UNION SELECT product FROM items',
      'A part of a UNION with groups or DISTINCT over several slots',
    ],
    [
      '(SELECT id FROM orders LIMIT 3) UNION SELECT order_id FROM items',
      'Rows of different slots would meet: of orders and items',
    ],
    ['SELECT * FROM app_s0001.orders', 'app_s0001 is a part of the keyspace app, which is one database here'],
    [
      'UPDATE orders SET user_id = 6 WHERE user_id = 5',
      'The UPDATE sets orders.user_id, the column that decides in which slot a row is',
    ],
    [
      'UPDATE orders SET user_id = user_id + 1 WHERE user_id = 5',
      'The UPDATE sets orders.user_id, the column that decides in which slot a row is',
    ],
    [
      'UPDATE orders SET total = 1 WHERE user_id IN (1, 2, 3, 4) LIMIT 1',
      'LIMIT and ORDER BY of a change in several slots would hold in each of them',
    ],
    [
      'UPDATE orders o JOIN countries c ON c.code = o.note SET c.title = 1 WHERE o.user_id = 5',
      'The Reference table countries is changed together with tables that other shards do not have',
    ],
    [
      'INSERT INTO items (order_id) VALUES (1)',
      'The INSERT gives no value to items.user_id, the column that decides in which slot a row is',
    ],
    [
      'INSERT INTO items (user_id) VALUES (1 + 4)',
      'The INSERT gives items.user_id, the column that decides in which slot a row is, no plain value',
    ],
    [
      'INSERT INTO items (user_id) VALUES (NULL)',
      'The key user_id of table items is NULL, which belongs to no slot',
    ],
    [
      'INSERT INTO items (user_id) VALUES (5) ON DUPLICATE KEY UPDATE user_id = 6',
      'ON DUPLICATE KEY UPDATE sets items.user_id, the column that decides in which slot a row is',
    ],
    [
      'INSERT INTO items (order_id, user_id) SELECT id, user_id FROM orders',
      'INSERT … SELECT into items, where it cannot be shown that all rows stay within one slot',
    ],
    [
      'INSERT INTO items (order_id, user_id) SELECT user_id, id FROM orders WHERE user_id = 5',
      'INSERT … SELECT into items, where it cannot be shown that all rows stay within one slot',
    ],
    [
      'INSERT INTO tiny (user_id) VALUES (5)',
      'Generated ids have 63 bits, and the AUTO_INCREMENT column id of table tiny is int(11)',
    ],
    ['XA START 1', 'XA transactions: a promotion may lose what was prepared'],
    ['CALL p(1)', 'CALL needs to know its slot'],
    ['CREATE DATABASE x', 'CREATE DATABASE: databases here are keyspaces of the cluster'],
    [
      'CREATE TABLE fresh (id INT)',
      'The table fresh lacks the column user_id, which decides in which slot a row is',
    ],
    ['CREATE TEMPORARY TABLE t (id INT)', 'A temporary table would be in one slot only'],
  ])('is refused: %s', (sql, message) => {
    const decided = route(sql);
    expect(decided.kind === 'refused' ? decided.message : summary(sql, decided)).toBe(message);
  });

  it('is refused with the number that MariaDB has for it, and with a hint that names table and key', () => {
    expect(route('DELETE FROM orders WHERE total = 3')).toEqual({
      kind: 'refused',
      errno: 1175,
      sqlState: 'HY000',
      message: 'The DELETE names no value of orders.user_id, and would run in every slot of app',
      hint: 'Compare orders.user_id with a value; or, if every slot is meant, write the comment /*shardwright: all_slots */',
    });
  });
});

describe('writes of several slots', () => {
  it('split their rows by key', () => {
    const sql = 'INSERT INTO items (order_id, user_id) VALUES (1, 5), (2, 6), (3, 5), (4, 6)';
    const decided = route(sql);
    expect(decided.kind).toBe('split');
    const parts = decided.kind === 'split' ? decided.parts : [];
    const time = 'SET STATEMENT timestamp=1800000000.123 FOR ';
    expect(new Map(parts.map((part) => [part.slot, edited(sql, part.edits)]))).toEqual(
      new Map([
        [slot(5), `${time}INSERT INTO items (order_id, user_id) VALUES (1, 5), (3, 5)`],
        [slot(6), `${time}INSERT INTO items (order_id, user_id) VALUES (2, 6), (4, 6)`],
      ]),
    );
  });

  it('split lists of values', () => {
    const sql = 'DELETE FROM items WHERE user_id IN (5, 6, 5, NULL)';
    const decided = route(sql);
    const parts = decided.kind === 'split' ? decided.parts : [];
    expect(new Map(parts.map((part) => [part.slot, edited(sql, part.edits)]))).toEqual(
      new Map([
        [slot(5), 'DELETE FROM items WHERE user_id IN (5, 5)'],
        [slot(6), 'DELETE FROM items WHERE user_id IN (6)'],
      ]),
    );
  });

  it('return what they delete', () => {
    const sql = 'DELETE FROM items WHERE user_id IN (5, 6) RETURNING order_id, DATABASE()';
    const decided = route(sql);
    const parts = decided.kind === 'split' ? decided.parts : [];
    expect(new Map(parts.map((part) => [part.slot, edited(sql, part.edits)])).get(slot(5))).toBe(
      "DELETE FROM items WHERE user_id IN (5) RETURNING order_id, 'app' AS `DATABASE()`",
    );
  });

  it.each([
    ['by a comment', 'UPDATE orders SET total = 0 /*shardwright: all_slots */', {}],
    ['by a comment, and return them', 'DELETE FROM orders RETURNING id /*shardwright: all_slots */', {}],
    ['by the session', 'UPDATE orders SET total = 0', { allowsKeylessWrites: true }],
  ])('run in every slot when that is allowed %s', (_how, sql, session) => {
    expect(route(sql, { session })).toMatchObject({ kind: 'split', everySlot: true, parts: { length: 16 } });
  });

  it('of reference tables run on every shard, at one time', () => {
    const sql = "INSERT INTO countries VALUES ('CH', NOW())";
    expect(summary(sql, route(sql))).toBe(`everywhere: SET STATEMENT timestamp=1800000000.123 FOR ${sql}`);
    expect(summary('', route('UPDATE countries SET title = UUID()'))).toMatch(
      /^1235 UUID\(\) may give something else/,
    );
    expect(summary('', route('DELETE FROM countries LIMIT 1'))).toMatch(/^1235 LIMIT may choose/);
  });
});

describe('generated ids', () => {
  it('are asked for, and decide the slot where they are the key', () => {
    const sql = "INSERT INTO users (email) VALUES ('a'), ('b')";
    expect(route(sql)).toEqual({ kind: 'needsIds', count: 2 });
    const decided = route(sql, { input: { firstGeneratedId: 5n } });
    expect(decided).toMatchObject({ kind: 'split', generatedIds: { first: 5n, count: 2 } });
    const parts = decided.kind === 'split' ? decided.parts : [];
    expect(parts.map((part) => part.slot)).toEqual([slot(5), slot(6)]);
    expect(edited(sql, parts[0]?.edits ?? [])).toBe(
      "SET STATEMENT timestamp=1800000000.123 FOR INSERT INTO users (`id`, email) VALUES (5, 'a')",
    );
  });

  it.each([
    ['INSERT INTO orders (id, user_id) VALUES (NULL, 5)', 'INSERT INTO orders (id, user_id) VALUES (9, 5)'],
    [
      'INSERT INTO orders (id, user_id) VALUES (DEFAULT, 5), (8, 5)',
      'INSERT INTO orders (id, user_id) VALUES (9, 5), (8, 5)',
    ],
    ['INSERT INTO orders SET user_id = 5', 'INSERT INTO orders SET `id` = 9, user_id = 5'],
    ["INSERT INTO orders VALUES (0, 5, 1, 'x', '')", "INSERT INTO orders VALUES (9, 5, 1, 'x', '')"],
  ])('%s', (sql, sent) => {
    expect(route(sql)).toEqual({ kind: 'needsIds', count: 1 });
    const decided = route(sql, { input: { firstGeneratedId: 9n } });
    expect(summary(sql, decided)).toBe(`${five}: ${sent}`);
    expect(decided).toMatchObject({ generatedIds: { first: 9n, count: 1 } });
  });

  it('are not generated for 0 under NO_AUTO_VALUE_ON_ZERO', () => {
    const sql = 'INSERT INTO orders (id, user_id) VALUES (0, 5)';
    expect(summary(sql, route(sql, { session: { keepsZeroIds: true } }))).toBe(`${five}: ${sql}`);
  });
});

describe('a key that the session or a comment chooses', () => {
  const key = { kind: 'number', text: '5' } as const;

  it.each([
    'SELECT * FROM orders, items',
    'SELECT COUNT(*) FROM orders',
    'SELECT * FROM view_orders',
    'DELETE FROM orders',
    'CALL p(1)',
    'SELECT my_function()',
    'CREATE TEMPORARY TABLE t (id INT)',
  ])('%s', (sql) => {
    expect(summary(sql, route(sql, { session: { key } }))).toBe(`${five}: ${sql}`);
  });

  it('is read from a comment', () => {
    const sql = 'SELECT COUNT(*) FROM orders /*shardwright: key=5, consistency=eventual */';
    expect(route(sql)).toMatchObject({
      kind: 'single',
      place: { slot: slot(5) },
      access: { consistency: 'Eventual' },
    });
  });

  it('does not stand against a key of another slot', () => {
    expect(summary('', route('SELECT * FROM orders WHERE user_id = 6', { session: { key } }))).toMatch(
      /^1235 The statement names a key/,
    );
    expect(summary('', route('INSERT INTO items (user_id) VALUES (6)', { session: { key } }))).toMatch(
      /^1235 The INSERT has rows of another slot/,
    );
  });

  it('of a shard restricts what is read', () => {
    expect(route('SELECT * FROM orders', { session: { shard: 1 } })).toMatchObject({ parts: { length: 8 } });
    expect(summary('', route('SELECT * FROM orders /*shardwright: shard=1, nonsense */'))).toMatch(/^1064 /);
  });
});

describe('keyspaces that are cut by ranges', () => {
  it.each([
    ['at BETWEEN 10 AND 20', '0'],
    ['at < 150', '0,1'],
    ['at >= 100', '1,2'],
    ['at >= 100 AND at < 200', '1'],
    ['at >= 100 AND at <= 200', '1,2'],
    ['at < 100', '0'],
    ['100 > at', '0'],
    ['at > 100 AND at < 201', '1,2'],
    ['at > 120 AND at <= 130', '1'],
    ['at IN (5, 250)', '0,2'],
    ['value > 3', '0,1,2'],
    ['at >= 150 AND at < 99999999999999999999', '1,2'],
    ['at > 99 AND at < 200', '1'],
    ['at >= 199.5', '2'],
    ['at > 199.5', '2'],
    ['at > 198.5', '1,2'],
    ['at < 100.5', '0,1'],
    ['at <= 99.5', '0'],
    ['at > 99.5 AND at < 199.5', '1'],
    ["at >= '199.5'", '2'],
    ['at >= 1.995e2', '2'],
    ['at >= 1e17', '0,1,2'],
    ['at BETWEEN 199.2 AND 199.7', '0'],
    ['at > -0.5 AND at < 0.5', '0'],
    ['at >= 99999999999999999999', '2'],
  ])('are read where the rows are: %s', (condition, slots) => {
    const decided = route(`SELECT * FROM readings WHERE ${condition}`, { session: { schema: 'events' } });
    const visited =
      decided.kind === 'scatter'
        ? decided.parts.map((part) => part.slot).join()
        : decided.kind === 'single' && decided.place.kind === 'slot'
          ? String(decided.place.slot)
          : decided.kind;
    expect(visited).toBe(slots);
  });
});

describe('columns that are called by a query', () => {
  it.each([
    [
      'SELECT (SELECT MAX(code) FROM countries) FROM users WHERE id = 1',
      'SELECT (SELECT MAX(code) FROM `app$shared`.countries) AS `(SELECT MAX(code) FROM countries)` FROM users WHERE id = 1',
    ],
    [
      'SELECT (SELECT MAX(code) FROM countries) AS c, (SELECT 1) FROM app.settings',
      'SELECT (SELECT MAX(code) FROM `app$shared`.countries) AS c, (SELECT 1) FROM `settings`',
    ],
    [
      'SELECT app.users.id + 1 FROM app.users WHERE id = 1',
      'SELECT `users`.id + 1 FROM `users` WHERE id = 1',
    ],
  ])('keep their names: %s', (sql, text) => {
    const decided = route(sql);
    const sent = decided.kind === 'single' ? edited(sql, decided.edits) : decided.kind;
    expect(sent.replaceAll(/\s+/g, ' ')).toBe(text);
  });
});

describe('other statements', () => {
  it.each([
    ['SELECT 1', 'anywhere: SELECT 1'],
    ['SELECT DATABASE(), NOW()', "anywhere: SELECT 'app' AS `DATABASE()`, NOW()"],
    ['SELECT LAST_INSERT_ID() AS id', 'anywhere: SELECT 77 AS id'],
    [
      'SELECT * FROM settings JOIN countries',
      'unsharded: SELECT * FROM settings JOIN `app$shared`.countries',
    ],
    ['SELECT * FROM app.countries', 'shared: SELECT * FROM `countries`'],
    ['INSERT INTO settings VALUES (1, 2)', 'unsharded: INSERT INTO settings VALUES (1, 2)'],
    ['SELECT * FROM information_schema.tables', 'system information_schema'],
    ['SELECT * FROM nothing', 'needsCatalog'],
    ['BEGIN', 'session'],
    ['SET autocommit = 0', 'session'],
    ['SHOW TABLES', 'session'],
    ['CREATE TABLE fresh (id INT, user_id INT)', 'slots: CREATE TABLE fresh (id INT, user_id INT)'],
    ['ALTER TABLE app.orders ADD x INT', 'slots: ALTER TABLE `orders` ADD x INT'],
    ['DROP TABLE countries', 'shared: DROP TABLE countries'],
    ['TRUNCATE settings', 'unsharded: TRUNCATE settings'],
    ['CREATE INDEX i ON orders (total)', 'slots: CREATE INDEX i ON orders (total)'],
    ['ANALYZE TABLE orders', 'slots: ANALYZE TABLE orders'],
    ['CREATE VIEW v AS SELECT * FROM app.orders', 'slots: CREATE VIEW v AS SELECT * FROM `orders`'],
    ['CREATE VIEW v AS SELECT * FROM settings', 'unsharded: CREATE VIEW v AS SELECT * FROM settings'],
    [
      'CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = 1',
      'slots: CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.note = 1',
    ],
    [
      'CREATE VIEW v AS SELECT orders.id FROM orders, settings',
      '1235 The view reads sharded tables and unsharded ones, which are on different shards',
    ],
    ['CREATE PROCEDURE p() SELECT 1', 'slots+unsharded: CREATE PROCEDURE p() SELECT 1'],
    ['RENAME TABLE app.orders TO app.former', 'slots: RENAME TABLE `orders` TO `former`'],
    ['CREATE TABLE fresh LIKE orders', 'slots: CREATE TABLE fresh LIKE orders'],
    [
      'DROP TABLE orders, countries',
      '1235 The definition is about tables of which some are sharded and some are not',
    ],
    [
      'RENAME TABLE settings TO former',
      '1235 The definition is about tables of which some are sharded and some are not',
    ],
    [
      'CREATE TABLE fresh (user_id INT) AS SELECT 1',
      '1235 CREATE TABLE … SELECT would fill the table slot by slot',
    ],
    ['LOCK TABLES settings WRITE', 'unsharded: LOCK TABLES settings WRITE'],
    ['LOCK TABLES orders WRITE', '1235 LOCK TABLES needs to know its slot'],
    ['DO SLEEP(0)', 'anywhere: DO SLEEP(0)'],
    ['DO (SELECT COUNT(*) FROM orders)', '1235 DO reads tables'],
    ['DELETE FROM mysql.user', '1235 Tables of mysql cannot be changed here'],
    [
      'CREATE TABLE fresh (user_id INT, c CHAR(2), FOREIGN KEY (c) REFERENCES countries (code))',
      'slots: CREATE TABLE fresh (user_id INT, c CHAR(2), FOREIGN KEY (c) REFERENCES `app$shared`.countries (code))',
    ],
  ])('%s', (sql, expected) => {
    expect(summary(sql, route(sql))).toBe(expected);
  });

  it('about tables that do not exist fail once the catalog is fresh', () => {
    expect(summary('', route('SELECT * FROM nothing', { input: { catalogIsFresh: true } }))).toBe(
      "1146 Table 'app.nothing' doesn't exist",
    );
    expect(summary('', route('SELECT * FROM nowhere.nothing'))).toBe("1049 Unknown database 'nowhere'");
    expect(summary('', route('SELECT * FROM nothing', { session: { schema: null } }))).toBe(
      '1046 No database selected',
    );
  });

  it('EXPLAIN SHARDWRIGHT tells the route', () => {
    expect(route('EXPLAIN SHARDWRIGHT SELECT COUNT(*) FROM orders')).toMatchObject({
      kind: 'described',
      route: { kind: 'scatter' },
    });
  });

  it('EXPLAIN SHARDWRIGHT heeds the hint', () => {
    expect(
      route('EXPLAIN SHARDWRIGHT SELECT * FROM orders /*shardwright: consistency=eventual_fastest */'),
    ).toMatchObject({
      kind: 'described',
      route: { access: { consistency: 'Eventual', hinted: { fastest: true } } },
    });
  });
});

describe('servers', () => {
  it.each([
    ['SELECT * FROM orders WHERE user_id = 5', null],
    ['SELECT * FROM orders WHERE user_id = 5 FOR UPDATE', 'FOR UPDATE locks rows'],
    ['SELECT * FROM orders WHERE user_id = 5 LOCK IN SHARE MODE', 'LOCK IN SHARE MODE locks rows'],
    ["SELECT GET_LOCK('a', 1)", 'GET_LOCK() may have side effects, or depends on the connection'],
    ['DELETE FROM orders WHERE user_id = 5', 'it writes'],
  ])('%s', (sql, primaryBecause) => {
    expect(route(sql)).toMatchObject({ access: { primaryBecause } });
  });

  it('are chosen by the policy of the tables', () => {
    expect(route('SELECT * FROM settings')).toMatchObject({
      access: { consistency: 'Eventual', leastConsistency: null },
    });
    expect(route('SELECT * FROM settings, countries')).toMatchObject({
      access: { consistency: null, leastConsistency: 'Eventual' },
    });
  });
});
