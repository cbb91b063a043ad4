import type { SupportSection } from './support-line.ts';

/** Transactions. */
export const TRANSACTIONS: SupportSection = {
  title: 'Transactions',
  works: [
    {
      what: 'Transactions of one slot, with savepoints',
      statements: [
        'START TRANSACTION',
        'INSERT INTO orders VALUES (2, 50, 1)',
        'SAVEPOINT a',
        'INSERT INTO orders VALUES (2, 51, 1)',
        'ROLLBACK TO SAVEPOINT a',
        'RELEASE SAVEPOINT a',
        'COMMIT',
        'SELECT number FROM orders WHERE user_id = 2 AND number >= 50',
      ],
      rows: [['50']],
    },
    {
      what: 'UNLOCK TABLES, for which there is nothing to do: it ends no transaction',
      statements: [
        'START TRANSACTION',
        'INSERT INTO orders VALUES (2, 52, 1)',
        'UNLOCK TABLES',
        'ROLLBACK',
        'SELECT COUNT(*) FROM orders WHERE user_id = 2 AND number = 52',
      ],
      rows: [['0']],
    },
    {
      what: 'autocommit = 0, SET TRANSACTION, READ ONLY, WITH CONSISTENT SNAPSHOT',
      statements: [
        'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
        'SET autocommit = 0',
        'SELECT @@autocommit',
      ],
      rows: [['0']],
    },
    {
      what: 'Transactions of several slots, where the session, the user or the keyspace allows them',
      statements: [
        'SET shardwright_transactions = multi',
        'START TRANSACTION',
        'INSERT INTO orders VALUES (3, 60, 1)',
        'INSERT INTO orders VALUES (4, 60, 1)',
        'COMMIT',
        'SELECT COUNT(*) FROM orders WHERE number = 60',
      ],
      rows: [['2']],
      note: 'Slots of one shard are committed together. Shards are committed one after the other; where that fails half-way the error 1180 names those that have it.',
    },
  ],
  refused: [
    {
      what: 'A second slot in a transaction of one',
      statements: [
        'START TRANSACTION',
        'INSERT INTO orders VALUES (1, 70, 1)',
        'INSERT INTO orders VALUES (2, 70, 1)',
      ],
      because: {
        reason:
          'This transaction began in slot 6 of app (orders.user_id = 1), and the statement is for slot 4 of app (orders.user_id = 2): a transaction stays in one slot',
        instead:
          'Give its rows one key, or allow more with SET shardwright_transactions = Multi (or transactions: Multi of the keyspace or the user), after which rows on different shards are committed one after the other',
      },
    },
    { what: 'XA', statements: ["XA START 'x'"], because: 'xa' },
    {
      what: 'COMMIT RELEASE, ROLLBACK RELEASE',
      statements: ['COMMIT RELEASE'],
      because: 'releaseConnection',
    },
    { what: 'LOCK TABLES', statements: ['LOCK TABLES users READ'], because: 'lockTables' },
  ],
};
