import type { SupportSection } from './support-line.ts';

/** Tables, routines, introspection. */
export const DEFINITIONS: SupportSection = {
  title: 'Definitions',
  works: [
    {
      what: 'CREATE, ALTER, RENAME, TRUNCATE and DROP TABLE, and indexes, in every slot',
      statements: [
        'CREATE TABLE carts (user_id BIGINT NOT NULL, item INT NOT NULL, PRIMARY KEY (user_id, item))',
        'ALTER TABLE carts ADD COLUMN amount INT NOT NULL DEFAULT 1',
        'CREATE INDEX by_amount ON carts (amount)',
        'INSERT INTO carts (user_id, item) VALUES (1, 1), (2, 1)',
        'SELECT SUM(amount) FROM carts',
      ],
      rows: [['2']],
      note: 'Each server commits for itself. Where some databases have it and others failed, the error says which; the same statement sent again goes on where it stopped. SHOW PROCESSLIST tells how far it is while it runs, and so does the mariadb client.',
    },
    {
      what: 'Foreign keys within a slot, and from it to nothing else',
      statements: [
        'CREATE TABLE profiles (user_id BIGINT PRIMARY KEY, FOREIGN KEY (user_id) REFERENCES users (id))',
        'INSERT INTO profiles VALUES (1), (2)',
        'SELECT COUNT(*) FROM profiles',
      ],
      rows: [['2']],
    },
    {
      what: 'Views, of unsharded and reference tables in any way, of sharded ones in a slot',
      statements: [
        "CREATE SQL SECURITY INVOKER VIEW germans AS SELECT id, name FROM users WHERE country = 'de'",
        'SET shardwright_key = 1',
        'SELECT name FROM germans WHERE id = 1',
      ],
      rows: [['user 1']],
      note: 'With SQL SECURITY INVOKER: rights are roles, and a definer has his role in his own sessions only.',
    },
    {
      what: 'Views of unsharded tables',
      statements: [
        'CREATE SQL SECURITY INVOKER VIEW themes AS SELECT value FROM settings',
        'SELECT value FROM themes',
      ],
      rows: [['dark']],
    },
    {
      what: 'CREATE TABLE … LIKE',
      statements: ['CREATE TABLE more_orders LIKE orders', "SHOW TABLES LIKE 'more%'"],
      rows: [['more_orders']],
    },
    {
      what: 'Triggers, in every slot',
      statements: [
        'CREATE TRIGGER upper_name BEFORE INSERT ON visits FOR EACH ROW SET NEW.page = UPPER(NEW.page)',
        "INSERT INTO visits (page) VALUES ('shout')",
        'SELECT page FROM visits WHERE id = LAST_INSERT_ID()',
      ],
      rows: [['SHOUT']],
    },
    {
      what: 'Stored procedures, called in a slot',
      statements: [
        'CREATE PROCEDURE totals(who BIGINT) SELECT SUM(total) FROM orders WHERE user_id = who AND number < 3',
        'SET shardwright_key = 7',
        'CALL totals(7)',
      ],
      rows: [['143']],
    },
    {
      what: 'Stored functions, called in a slot or without a table',
      statements: [
        'CREATE FUNCTION plus_one(n INT) RETURNS INT DETERMINISTIC RETURN n + 1',
        'SELECT plus_one(number) FROM orders WHERE user_id = 3 AND number < 3 ORDER BY number',
      ],
      rows: [['2'], ['3']],
    },
    {
      what: 'ANALYZE, CHECK, CHECKSUM, REPAIR and OPTIMIZE TABLE: a row for each database',
      statements: ['CHECK TABLE settings'],
      rows: [['app.settings', 'check', 'status', 'OK']],
    },
    {
      what: 'SHOW TABLES, SHOW COLUMNS, DESCRIBE, SHOW CREATE TABLE, SHOW INDEX, as one database',
      statements: ["SHOW TABLES LIKE '%tries'"],
      rows: [['countries']],
    },
    {
      what: 'information_schema',
      statements: [
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'users' ORDER BY ORDINAL_POSITION",
      ],
      rows: [['id'], ['name'], ['country']],
    },
    {
      what: 'SHOW DATABASES: keyspaces',
      statements: ['SHOW DATABASES'],
      rows: [['app'], ['information_schema']],
    },
    {
      what: 'SHOW GRANTS: rights on keyspaces',
      statements: ['SHOW GRANTS'],
      rows: 'some',
    },
    {
      what: 'CREATE USER, ALTER USER, DROP USER and SET PASSWORD, on every shard, for those who may on a server',
      statements: [
        "CREATE USER IF NOT EXISTS reader IDENTIFIED BY 'a password'",
        "SET PASSWORD FOR reader = PASSWORD('another password')",
      ],
      rows: null,
      note: 'Servers are told hashes. A shard that is added later has these users before a slot moves there.',
    },
    {
      what: 'GRANT and REVOKE of rights on a keyspace: three levels',
      statements: ['GRANT SELECT, SHOW VIEW ON app.* TO reader'],
      rows: null,
      note: 'Whoever grants needs the role of the keyspace WITH ADMIN OPTION. It holds from the next login on.',
    },
  ],
  refused: [
    {
      what: 'Views of sharded tables over all slots',
      statements: ['SELECT * FROM germans'],
      because: {
        reason:
          "germans is a view, or its key column is missing or of a type that is no key, so that its rows' slots are not known",
        instead: 'SET shardwright_key to the key of the slot that is meant',
      },
    },
    {
      what: 'Tables without their key column',
      statements: ['CREATE TABLE t (id INT)'],
      because: {
        reason: 'The table t lacks the column user_id, which decides in which slot a row is',
        instead:
          'Add the column user_id; or name another key, or a type, for the table in spec.keyspaces[].tables of the ShardedCluster',
      },
    },
    {
      what: 'Rows whose key column is of a type that has no exact text',
      statements: ['CREATE TABLE floats (user_id FLOAT)', 'INSERT INTO floats VALUES (1.5)'],
      because: {
        reason:
          'The key user_id of table floats is in a column of type float, whose values have no exact text',
        instead: 'Use an integer, DECIMAL, CHAR, VARCHAR, BINARY, VARBINARY, UUID, DATE or DATETIME',
      },
    },
    {
      what: 'CREATE, ALTER and DROP DATABASE',
      statements: ['CREATE DATABASE other'],
      because: {
        reason: 'CREATE DATABASE: databases here are keyspaces of the cluster',
        instead: 'Add the keyspace to spec.keyspaces of the ShardedCluster',
      },
    },
    {
      what: 'Foreign keys between tables of different kinds',
      statements: [
        'CREATE TABLE t (user_id BIGINT, s VARCHAR(40), FOREIGN KEY (s) REFERENCES settings (name))',
      ],
      because: {
        reason:
          'The sharded table of the definition refers to settings, which is unsharded and on other shards',
        instead: 'Refer to tables of the same kind, or to Reference tables',
      },
    },
    {
      what: 'CREATE TABLE … SELECT',
      statements: ['CREATE TABLE copied AS SELECT * FROM orders'],
      because: {
        reason: 'CREATE TABLE … SELECT would fill the table slot by slot',
        instead: 'Create the table first, and insert the rows then',
      },
    },
    {
      what: 'Events',
      statements: ['CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DO DELETE FROM settings'],
      because: {
        reason: 'An event would run once in every slot',
        instead: 'Run it from outside: a CronJob that connects here',
      },
    },
    {
      what: 'Sequences',
      statements: ['CREATE SEQUENCE numbers'],
      because: {
        reason: 'A sequence would count in every slot for itself',
        instead: 'Use AUTO_INCREMENT: the router generates ids',
      },
    },
    {
      what: 'CALL without a slot',
      statements: ['CALL totals(1)'],
      because: {
        reason: 'CALL needs to know its slot',
        instead: 'SET shardwright_key to the key of the slot that is meant',
      },
    },
    {
      what: 'FLUSH, SHUTDOWN, CHANGE MASTER and the like',
      statements: ['FLUSH TABLES'],
      because: {
        reason: "FLUSH TABLES: the servers are the operator's",
        instead: 'Change the ShardedCluster, or use kubectl shardwright',
      },
    },
    {
      what: 'Roles, RENAME USER, users for certain hosts only',
      statements: ['CREATE ROLE r'],
      because: 'userManagement',
    },
    {
      what: 'Rights on single tables, columns, routines, or on everything',
      statements: ['GRANT SELECT ON app.users TO reader'],
      because: 'partialRights',
    },
    {
      what: 'Privileges that are no level',
      statements: ['GRANT SELECT ON app.* TO reader'],
      because: 'otherPrivileges',
    },
  ],
};
