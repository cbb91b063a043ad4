import type { SupportSection } from './support-line.ts';

/** SELECT. */
export const READING: SupportSection = {
  title: 'Reading',
  works: [
    {
      what: 'Any SELECT whose tables are bound to one key: joins, subqueries, common table expressions, window functions',
      statements: [
        'WITH mine AS (SELECT number, total FROM orders WHERE user_id = 3) SELECT u.name, m.total, RANK() OVER (ORDER BY m.total DESC) FROM users u JOIN mine m WHERE u.id = 3 AND EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id) ORDER BY m.total',
      ],
      rows: [
        ['user 3', '31', '2'],
        ['user 3', '32', '1'],
      ],
    },
    {
      what: 'A list of keys: only their slots are asked',
      statements: ['SELECT id, name FROM users WHERE id IN (1, 5, 8) ORDER BY id'],
      rows: [
        ['1', 'user 1'],
        ['5', 'user 5'],
        ['8', 'user 8'],
      ],
    },
    {
      what: 'SELECT without a key: every slot is asked, and the answers are merged by ORDER BY, LIMIT and OFFSET',
      statements: ['SELECT id FROM users ORDER BY name DESC LIMIT 2 OFFSET 1'],
      rows: [['7'], ['6']],
    },
    {
      what: 'Positions in ORDER BY, also of columns that a `*` stands for',
      statements: [
        'SELECT u.*, o.total FROM users u JOIN orders o ON o.user_id = u.id ORDER BY 4 DESC, 1 LIMIT 2',
      ],
      rows: [
        ['8', 'user 8', 'fr', '82'],
        ['8', 'user 8', 'fr', '81'],
      ],
    },
    {
      what: 'ORDER BY expressions, and by a collation',
      statements: [
        "SELECT id FROM users ORDER BY country = 'fr' DESC, name COLLATE utf8mb4_bin DESC LIMIT 3",
      ],
      rows: [['8'], ['6'], ['4']],
    },
    {
      what: 'COUNT, SUM, MIN, MAX and AVG with GROUP BY and HAVING over all slots',
      statements: [
        'SELECT country, COUNT(*), SUM(id), MIN(id), MAX(name), AVG(id) FROM users GROUP BY country HAVING COUNT(*) > 1 ORDER BY country',
      ],
      rows: [
        ['de', '4', '16', '1', 'user 7', '4.0000'],
        ['fr', '4', '20', '2', 'user 8', '5.0000'],
      ],
    },
    {
      what: 'Expressions around aggregates, over all slots: in the select list, in HAVING and in ORDER BY. Routers merge the aggregates; a server calculates with them',
      statements: [
        'SELECT COUNT(*) > 5, COALESCE(MAX(id), 0) + 1, IFNULL(SUM(total), 0) FROM users JOIN orders ON user_id = id',
        'SELECT country, ROUND(AVG(id), 2) AS mean, MAX(id) - MIN(id) FROM users GROUP BY country HAVING SUM(id) / COUNT(*) > 1 ORDER BY mean DESC',
      ],
      rows: [
        ['fr', '5.00', '6'],
        ['de', '4.00', '6'],
      ],
    },
    {
      what: 'GROUP_CONCAT, JSON_ARRAYAGG, JSON_OBJECTAGG, WITH ROLLUP, and DISTINCT of groups, over all slots',
      statements: [
        'SELECT country, GROUP_CONCAT(DISTINCT name ORDER BY id DESC SEPARATOR "; ") AS names FROM users WHERE id < 6 GROUP BY country HAVING names LIKE "%3%"',
        'SELECT IFNULL(country, "all"), COUNT(*), AVG(id) FROM users GROUP BY country WITH ROLLUP',
      ],
      rows: [
        ['de', '4', '4.0000'],
        ['fr', '4', '5.0000'],
        ['all', '8', '4.5000'],
      ],
      note: 'One server sees the rows of all slots, up to 20,000 of them and 8 MiB; beyond, the statement fails with the error 1104.',
    },
    {
      what: 'STD, STDDEV, VARIANCE and the like, over all slots',
      statements: [
        'SELECT STD(total), VAR_SAMP(total) FROM orders WHERE user_id < 3',
        'SELECT country, STDDEV_POP(id), ROUND(VAR_POP(id), 1) FROM users GROUP BY country ORDER BY country',
      ],
      rows: [
        ['de', '2.2361', '5.0'],
        ['fr', '2.2361', '5.0'],
      ],
      note: 'One server sees the rows of all slots, as above. As in one database, the last digits depend on which row it sees first.',
    },
    {
      what: 'GROUP_CONCAT is cut by group_concat_max_len, with the warning of a server',
      statements: [
        'SET group_concat_max_len = 8',
        'SELECT GROUP_CONCAT(name ORDER BY id) FROM users',
        'SHOW WARNINGS',
      ],
      rows: [['Warning', '1260', 'Row 2 was cut by GROUP_CONCAT()']],
    },
    {
      what: 'EXISTS, and counts, sums, least and greatest values of other queries, in a SELECT without FROM: each over all its slots',
      statements: [
        'SELECT EXISTS (SELECT 1 FROM users WHERE id > 999) AS some',
        'SELECT EXISTS (SELECT 1 FROM users WHERE id > 999), (SELECT COUNT(*) FROM users WHERE id < 9), (SELECT MAX(total) FROM orders WHERE number < 9)',
      ],
      rows: [['0', '8', '82']],
    },
    {
      what: 'Expressions of such queries: a server calculates from what they come to over all slots',
      statements: [
        'SELECT COALESCE((SELECT MAX(total) FROM orders), 0) + 1 AS next',
        "SELECT (SELECT SUM(total) FROM orders WHERE number = 1) / (SELECT COUNT(*) FROM users WHERE id < 9), IF(EXISTS (SELECT 1 FROM users WHERE id > 999), 'more', 'no more')",
      ],
      rows: [['46.0000', 'no more']],
    },
    {
      what: 'Aggregates of a derived table, over all slots',
      statements: [
        'SELECT COUNT(*), MIN(a), MAX(name) FROM (SELECT id AS a, name FROM users WHERE id < 5) AS some',
      ],
      rows: [['4', '1', 'user 4']],
    },
    {
      what: 'Derived tables that group by the key, or have it among what is DISTINCT',
      statements: [
        'SELECT n, COUNT(*) FROM (SELECT u.id, COUNT(o.number) AS n FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.total > 42 GROUP BY u.id) AS counted GROUP BY n ORDER BY n',
      ],
      rows: [
        ['0', '4'],
        ['2', '4'],
      ],
    },
    {
      what: 'What a query in FROM sorts out or groups, counted and summed up over all slots, as for the pages of a list',
      statements: [
        'SELECT COUNT(*) FROM (SELECT DISTINCT country, id % 3 AS rest FROM users) AS some',
        'SELECT COUNT(*) FROM (SELECT 1 FROM orders GROUP BY number HAVING COUNT(*) > 2) AS some',
        'SELECT COUNT(*), SUM(n), AVG(n), MAX(country) FROM (SELECT country, COUNT(*) AS n FROM users GROUP BY country) AS counted WHERE n > 1',
      ],
      rows: [['2', '8', '4.0000', 'fr']],
      note: 'One server sees the rows of all slots, as above: each but once, where the query has no aggregates.',
    },
    {
      what: 'DISTINCT, and aggregates of DISTINCT values, over all slots',
      statements: [
        'SELECT DISTINCT country FROM users ORDER BY country',
        'SELECT COUNT(DISTINCT country) FROM users',
      ],
      rows: [['2']],
    },
    {
      what: 'Window functions over all slots where PARTITION BY has the key, also in a derived table',
      statements: [
        'SELECT user_id, total FROM (SELECT user_id, total, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY total DESC) AS place FROM orders) AS o WHERE place = 1 ORDER BY total DESC LIMIT 2',
      ],
      rows: [
        ['8', '82'],
        ['7', '72'],
      ],
    },
    {
      what: 'Joins over all slots where rows meet by their key',
      statements: [
        'SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 80 ORDER BY o.total',
      ],
      rows: [
        ['user 8', '81'],
        ['user 8', '82'],
      ],
    },
    {
      what: 'EXISTS, IN and NOT IN of queries that compare the key with the one outside',
      statements: [
        'SELECT id FROM users WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = users.id AND total > 80)',
        'SELECT id FROM users WHERE id < 5 AND id NOT IN (SELECT user_id FROM orders WHERE total > 31) ORDER BY id',
      ],
      rows: [['1'], ['2']],
    },
    {
      what: 'Joins with reference tables, which every shard has',
      statements: [
        'SELECT u.id, c.name FROM users u JOIN countries c ON c.code = u.country ORDER BY u.id LIMIT 2',
      ],
      rows: [
        ['1', 'Germany'],
        ['2', 'France'],
      ],
    },
    {
      what: 'UNION ALL of several slots',
      statements: [
        'SELECT id FROM users WHERE id < 3 UNION ALL SELECT number FROM orders WHERE user_id > 7 ORDER BY 1',
      ],
      rows: [['1'], ['1'], ['2'], ['2']],
    },
    {
      what: 'UNION of several slots: each row once',
      statements: [
        "SELECT country, 'users' AS place FROM users UNION SELECT code, 'countries' FROM countries ORDER BY place, country",
      ],
      rows: [
        ['de', 'countries'],
        ['fr', 'countries'],
        ['de', 'users'],
        ['fr', 'users'],
      ],
    },
    {
      what: 'UNION and UNION ALL in turn: what stands before a UNION is there once, what follows as often as it is',
      statements: [
        'SELECT number FROM orders UNION SELECT 9 FROM users UNION ALL SELECT number FROM orders WHERE user_id = 3 ORDER BY 1',
      ],
      rows: [['1'], ['1'], ['2'], ['2'], ['9']],
    },
    {
      what: 'UNION ALL in FROM or WITH, and UNION of what has the key',
      statements: [
        'SELECT COUNT(*), SUM(n) FROM (SELECT id AS n FROM users UNION ALL SELECT total FROM orders) AS united',
        'SELECT COUNT(*) FROM (SELECT id, name FROM users WHERE id < 3 UNION SELECT user_id, total FROM orders WHERE number = 1) AS united',
      ],
      rows: [['10']],
    },
    {
      what: 'Tables of type `Unsharded`, joined with each other and with reference tables in any way',
      statements: ["SELECT s.value, c.name FROM settings s, countries c WHERE c.code = 'de'"],
      rows: [['dark', 'Germany']],
    },
    {
      what: 'FOR UPDATE and LOCK IN SHARE MODE, in the transaction of their slot',
      statements: [
        'START TRANSACTION',
        'SELECT total FROM orders WHERE user_id = 4 AND number = 1 FOR UPDATE',
        'ROLLBACK',
      ],
      rows: null,
    },
    {
      what: 'FOUND_ROWS() and SQL_CALC_FOUND_ROWS, of one slot and of several',
      statements: [
        'SELECT SQL_CALC_FOUND_ROWS number FROM orders WHERE user_id = 2 LIMIT 1',
        'SELECT SQL_CALC_FOUND_ROWS number FROM orders WHERE total > 20 ORDER BY total LIMIT 1, 3',
        'SELECT FOUND_ROWS()',
      ],
      rows: [['14']],
      note: 'Of several slots all rows are read, to be counted: a second statement with COUNT(\\*) costs less.',
    },
    {
      what: 'FULLTEXT indexes, in each slot for itself',
      statements: [
        'CREATE TABLE notes (user_id BIGINT NOT NULL PRIMARY KEY, words TEXT, FULLTEXT (words))',
        "INSERT INTO notes VALUES (1, 'all about whales'), (2, 'all about birds')",
        "SELECT user_id FROM notes WHERE MATCH (words) AGAINST ('whales')",
      ],
      rows: [['1']],
      note: 'How well a row matches is reckoned among the rows of its slot.',
    },
    {
      what: 'Recursive common table expressions, EXCEPT, INTERSECT, VALUES and JSON_TABLE, in a slot or without a table',
      statements: [
        'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) SELECT i FROM n EXCEPT VALUES (2)',
        "SELECT number FROM orders WHERE user_id = 6 INTERSECT SELECT a FROM JSON_TABLE('[2, 3]', '$[*]' COLUMNS (a INT PATH '$')) listed",
      ],
      rows: [['2']],
    },
    {
      what: 'EXPLAIN and ANALYZE, as the server of one slot answers',
      statements: ['EXPLAIN SELECT name FROM users WHERE id = 1'],
      rows: 'some',
    },
    {
      what: 'EXPLAIN SHARDWRIGHT: which slots, shards and server, and why',
      statements: ['EXPLAIN SHARDWRIGHT SELECT * FROM settings'],
      rows: [
        [
          'single',
          'app',
          '',
          '0',
          'app$single',
          'demo-shard-0-0',
          "by the session's consistency",
          '',
          'only unsharded tables',
          '',
        ],
      ],
    },
    {
      what: 'A choice for one statement, as a comment',
      statements: [
        'SELECT /*shardwright: consistency=eventual */ name FROM users WHERE id = 1',
        'SELECT /*shardwright: key=2, consistency=eventual_fastest */ SUM(total) FROM orders',
      ],
      rows: [['43']],
    },
  ],
  refused: [
    {
      what: 'Joins of rows of different slots',
      statements: ['SELECT * FROM users u JOIN orders o ON o.total = u.id'],
      because: {
        reason: 'Rows of different slots would meet: of users and orders',
        instead:
          'Compare each of users.id and orders.user_id with one and the same value, or join the tables by these columns; or make the smaller table a Reference table',
      },
    },
    {
      what: 'A subquery that reads rows of all slots',
      statements: ['SELECT * FROM users WHERE id = 1 AND name IN (SELECT name FROM users)'],
      because: {
        reason: 'Rows of different slots would meet: of users',
        instead:
          'Read the query within the statement on its own first, and write what it says into this one; or compare each of users.id with one and the same value, or join the tables by these columns; or make the smaller table a Reference table',
      },
    },
    {
      what: 'Window functions over rows of several slots',
      statements: ['SELECT id, ROW_NUMBER() OVER (ORDER BY id) FROM users'],
      because: {
        reason: 'A window function over rows of several slots',
        instead:
          'Have the key column in PARTITION BY, so that each partition lies within a slot; or give the key',
      },
    },
    {
      what: 'Derived tables and WITH with a LIMIT, over several slots',
      statements: ['SELECT COUNT(*) FROM (SELECT id FROM users ORDER BY name LIMIT 3) AS first'],
      because: {
        reason: 'A query in FROM or WITH has a LIMIT, which would hold in each slot for itself',
        instead:
          'Read its rows in a statement of its own, and name their keys in this one; or give the key in it',
      },
    },
    {
      what: 'Sharded and unsharded tables in one statement',
      statements: ['SELECT * FROM users JOIN settings ON settings.name = users.name'],
      because: {
        reason: 'Sharded tables (users) and unsharded ones (settings) of app are on different shards',
        instead: 'Read them in two statements; or make the unsharded table a Reference table',
      },
    },
    {
      what: 'UNION without ALL in FROM or WITH, over several slots, unless the key is one of its columns',
      statements: [
        'SELECT COUNT(*) FROM (SELECT country FROM users UNION SELECT number FROM orders) AS united',
      ],
      because: {
        reason:
          'A query in FROM or WITH puts rows of several slots together by UNION, EXCEPT or INTERSECT, and cannot be taken apart by slots',
        instead:
          'Use UNION ALL, or UNION with the key in one column of all parts, each of which has a sharded table; or give the key in each',
      },
    },
    {
      what: 'ORDER BY, groups and DISTINCT over several slots in a collation that tells accents or cases apart by levels',
      statements: ['SELECT name FROM users ORDER BY name COLLATE utf8mb4_uca1400_as_cs'],
      because: {
        reason: 'Rows of several slots are compared in the collation utf8mb4_uca1400_as_cs',
        instead: 'Name one that ends in _bin or _ai_ci or _general_ci, or give the key',
      },
    },
    {
      what: 'Expressions around aggregates that have a query in them, or values that cannot be written down exactly (FLOAT, BIT, ENUM, SET, TIMESTAMP)',
      statements: ['SELECT MAX(id) + (SELECT COUNT(*) FROM countries) FROM users'],
      because: {
        reason: 'An expression around aggregates over several slots with a query in it',
        instead: 'Select the aggregates alone and calculate in the application; or group by the key column',
      },
    },
    {
      what: 'EXCEPT and INTERSECT of several slots',
      statements: ['SELECT id FROM users INTERSECT SELECT user_id FROM orders'],
      because: {
        reason: 'Rows of different slots would meet: of users and orders',
        instead:
          'Compare each of users.id and orders.user_id with one and the same value, or join the tables by these columns; or make the smaller table a Reference table',
      },
    },
    {
      what: 'Stored functions, and functions of MariaDB that the router does not know, over several slots',
      statements: ['SELECT id FROM users WHERE plus_one(id) = 2'],
      because: {
        reason: 'PLUS_ONE() is called in several slots, and may do something else in each',
        instead: 'Compare the key with a value, or SET shardwright_key',
      },
    },
    {
      what: 'SELECT … INTO OUTFILE and INTO DUMPFILE of several slots',
      statements: ["SELECT * INTO OUTFILE '/tmp/users.csv' FROM users"],
      because: {
        reason: 'SELECT … INTO of several slots',
        instead: 'Read the rows and store them in the application, or give the key',
      },
    },
    {
      what: 'SELECT … INTO OUTFILE of one slot, for want of the privilege FILE: the file would be in the server’s pod',
      statements: ["SELECT * INTO OUTFILE '/tmp/users.csv' FROM users WHERE id = 1"],
      because: {
        reason: 'Access denied; you need (at least one of) the FILE privilege(s) for this operation',
        instead: '',
      },
    },
    {
      what: 'SQL_CALC_FOUND_ROWS of a UNION over several slots',
      statements: ['SELECT SQL_CALC_FOUND_ROWS id FROM users UNION SELECT number FROM orders LIMIT 1'],
      because: {
        reason: 'SQL_CALC_FOUND_ROWS of a UNION over several slots',
        instead: 'Use a second statement with COUNT(*) for each part',
      },
    },
    {
      what: 'Tables of several keyspaces, or of the server itself, in one statement',
      statements: ['SELECT * FROM settings, information_schema.TABLES'],
      because: {
        reason: "The statement mentions tables of app and of the server's own schemas",
        instead: 'Read them in two statements',
      },
    },
  ],
};
