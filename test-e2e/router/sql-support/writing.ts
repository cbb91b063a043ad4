import type { SupportSection } from './support-line.ts';

/** Changes of rows. */
export const WRITING: SupportSection = {
  title: 'Writing',
  works: [
    {
      what: 'INSERT, REPLACE and ON DUPLICATE KEY UPDATE of many rows, split by key, as one',
      statements: [
        "INSERT INTO users VALUES (101, 'a', 'de'), (102, 'b', 'de') ON DUPLICATE KEY UPDATE name = VALUES(name)",
        "REPLACE INTO users VALUES (101, 'c', 'de'), (102, 'd', 'de')",
        'SELECT name FROM users WHERE id IN (101, 102) ORDER BY id',
      ],
      rows: [['c'], ['d']],
    },
    {
      what: 'UPDATE and DELETE with a key or a list of keys, also of joined tables',
      statements: [
        'UPDATE users u JOIN orders o ON o.user_id = u.id SET o.total = 12 WHERE u.id = 1 AND o.number = 2',
        'DELETE FROM users WHERE id IN (101, 102)',
        'SELECT total FROM orders WHERE user_id = 1 AND number = 2',
      ],
      rows: [['12']],
    },
    {
      what: 'UPDATE and DELETE without a key, where the statement says that every slot is meant',
      statements: ["UPDATE users SET country = 'de' WHERE country = 'xx' /*shardwright: all_slots */"],
      rows: null,
      note: 'The answer tells how many rows each shard had.',
    },
    {
      what: 'INSERT … SELECT within a slot',
      statements: [
        'INSERT INTO orders SELECT user_id, number + 10, total FROM orders WHERE user_id = 5',
        'SELECT COUNT(*) FROM orders WHERE user_id = 5',
      ],
      rows: [['4']],
    },
    {
      what: 'Generated ids: unique over all shards, and LAST_INSERT_ID()',
      statements: [
        "INSERT INTO visits (page) VALUES ('a'), ('b')",
        'SELECT page FROM visits WHERE id = LAST_INSERT_ID()',
      ],
      rows: [['a']],
      note: 'They have 63 bits and are ordered by time; those of one statement follow each other. Read them as big integers or texts: as a double, which is JavaScript’s `number`, an id is another one.',
    },
    {
      what: 'Generated columns, CHECK, JSON, spatial types, system-versioned and partitioned tables',
      statements: [
        'CREATE TABLE parcels (user_id BIGINT PRIMARY KEY, n INT CHECK (n > 0), twice INT AS (n * 2) STORED, place POINT NOT NULL, details JSON, SPATIAL INDEX (place))',
        `INSERT INTO parcels (user_id, n, place, details) VALUES (1, 4, POINT(1, 2), '{"a": [1, 2]}'), (2, 5, POINT(3, 4), '{}')`,
        "SELECT twice, ST_X(place), JSON_VALUE(details, '$.a[1]') FROM parcels WHERE user_id = 1",
      ],
      rows: [['8', '1', '2']],
    },
    {
      what: 'INSERT … RETURNING, in the order of the rows',
      statements: [
        "INSERT INTO users VALUES (103, 'r', 'de'), (105, 's', 'de'), (106, 't', 'de'), (107, 'u', 'de') RETURNING id, name",
      ],
      rows: [
        ['103', 'r'],
        ['105', 's'],
        ['106', 't'],
        ['107', 'u'],
      ],
    },
    {
      what: 'DELETE … RETURNING, with keys or of every slot',
      statements: [
        'DELETE FROM users WHERE id IN (105, 106) RETURNING country',
        "DELETE FROM users WHERE name = 'u' RETURNING id, name /*shardwright: all_slots */",
      ],
      rows: [['107', 'u']],
      note: 'Rows come in no order, and up to 64 MiB of them.',
    },
    {
      what: 'Changes of reference tables, on every shard in one transaction',
      statements: [
        "INSERT INTO countries VALUES ('it', 'Italy')",
        "SELECT name FROM countries WHERE code = 'it'",
      ],
      rows: [['Italy']],
    },
    {
      what: 'LOAD DATA LOCAL into tables of every kind',
      statements: [
        "LOAD DATA LOCAL INFILE 'users.csv' INTO TABLE users FIELDS TERMINATED BY ','",
        'SELECT name FROM users WHERE id = 104',
      ],
      rows: [['from the file']],
      note: 'As one transaction. Files are read as utf8mb4 where CHARACTER SET says nothing; user variables in the list of columns are gone afterwards.',
    },
  ],
  refused: [
    {
      what: 'UPDATE and DELETE without a key',
      statements: ["DELETE FROM users WHERE name = 'x'"],
      because: {
        reason: 'The DELETE names no value of users.id, and would run in every slot of app',
        instead:
          'Compare users.id with a value; or, if every slot is meant, write the comment /*shardwright: all_slots */',
      },
    },
    {
      what: 'Changing the key of a row, so that it would belong to another slot',
      statements: ['UPDATE users SET id = 999 WHERE id = 1'],
      because: {
        reason: 'The UPDATE sets users.id, the column that decides in which slot a row is',
        instead: 'Leave it out; to give a row another key, insert it anew and delete the former one',
      },
    },
    {
      what: 'UPDATE and DELETE with LIMIT in several slots',
      statements: ['DELETE FROM orders WHERE user_id IN (5, 6) LIMIT 1'],
      because: {
        reason: 'LIMIT and ORDER BY of a change in several slots would hold in each of them',
        instead: 'Select the keys first, and change the rows by their keys',
      },
    },
    {
      what: 'Generated ids in a column that has no room for 63 bits',
      statements: [
        'CREATE TABLE tickets (user_id INT NOT NULL, id INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (user_id, id), KEY (id))',
        'INSERT INTO tickets (user_id) VALUES (1)',
      ],
      because: {
        reason: 'Generated ids have 63 bits, and the AUTO_INCREMENT column id of table tickets is int(11)',
        instead: 'ALTER TABLE tickets MODIFY id BIGINT NOT NULL AUTO_INCREMENT',
      },
    },
    {
      what: 'INSERT without the key',
      statements: ['INSERT INTO orders (number, total) VALUES (1, 1)'],
      because: {
        reason: 'The INSERT gives no value to orders.user_id, the column that decides in which slot a row is',
        instead: 'Add user_id to its columns',
      },
    },
    {
      what: 'A key that is calculated',
      statements: ['INSERT INTO orders VALUES (1 + 1, 3, 1)'],
      because: {
        reason:
          'The INSERT gives orders.user_id, the column that decides in which slot a row is, no plain value',
        instead: 'Calculate the value before, and write it as a number or a quoted text',
      },
    },
    {
      what: 'INSERT … SELECT from one slot into others',
      statements: ['INSERT INTO orders SELECT id, 7, 1 FROM users WHERE country = 1'],
      because: {
        reason: 'INSERT … SELECT into orders, where it cannot be shown that all rows stay within one slot',
        instead:
          'Give the key in the query, and select it for orders.user_id by its column or as a constant; or insert the rows as values',
      },
    },
    {
      what: 'What comes out otherwise on each shard, in a reference table',
      statements: ["INSERT INTO countries VALUES ('zz', UUID())"],
      because: {
        reason:
          'UUID() may give something else on each shard, and the copies of a Reference table would differ',
        instead: 'Write the value itself into the statement',
      },
    },
    {
      what: 'LOAD DATA from a file of the server',
      statements: ["LOAD DATA INFILE 'f' INTO TABLE users"],
      because: 'loadDataFile',
    },
    {
      what: 'LOAD DATA LOCAL of a file without separators',
      statements: ["LOAD DATA LOCAL INFILE 'f' INTO TABLE users FIELDS TERMINATED BY ''"],
      because: {
        reason: 'LOAD DATA of a file without separators into a table that several databases have',
        instead: 'Write what FIELDS and LINES are TERMINATED BY',
      },
    },
  ],
};
