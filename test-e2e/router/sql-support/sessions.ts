import type { SupportSection } from './support-line.ts';

/** What a session keeps, and statements about statements. */
export const SESSIONS: SupportSection = {
  title: 'Sessions',
  works: [
    {
      what: 'System variables of the session, user variables',
      statements: ["SET SESSION time_zone = '+03:00', @answer = 41 + 1", 'SELECT @@time_zone, @answer'],
      rows: [['+03:00', '42']],
    },
    {
      what: 'Prepared statements, as drivers make them and as text',
      statements: [
        "PREPARE named FROM 'SELECT name FROM users WHERE id = ?'",
        'SET @id = 6',
        'EXECUTE named USING @id',
      ],
      rows: [['user 6']],
      note: 'What is wrong with a text beside its form shows when it is executed.',
    },
    {
      what: 'EXECUTE IMMEDIATE',
      statements: ["EXECUTE IMMEDIATE 'SELECT COUNT(*) FROM users WHERE id < ?' USING 4"],
      rows: [['3']],
    },
    {
      what: 'Several statements in one text, of clients that ask for that at their login (CLIENT_MULTI_STATEMENTS)',
      statements: ['SELECT 1; SELECT 2'],
      rows: [['2']],
    },
    {
      what: 'USE, DATABASE(), CONNECTION_ID(), ROW_COUNT()',
      statements: ['USE app', 'SELECT DATABASE(), ROW_COUNT()'],
      rows: [['app', '0']],
    },
    {
      what: 'Named locks: GET_LOCK, RELEASE_LOCK and the like, without tables',
      statements: [
        "SELECT GET_LOCK('a lock', 1)",
        "SELECT IS_FREE_LOCK('a lock')",
        "SELECT RELEASE_LOCK('a lock'), RELEASE_ALL_LOCKS(), IS_FREE_LOCK('a lock')",
      ],
      rows: [['1', '0', '1']],
    },
    {
      what: 'SHOW WARNINGS, SHOW ERRORS',
      statements: ["SELECT CAST('x' AS SIGNED)", 'SHOW WARNINGS'],
      rows: [['Warning', '1292', "Truncated incorrect INTEGER value: 'x'"]],
    },
    {
      what: 'Everything to the slot of one key',
      statements: ['SET shardwright_key = 3', 'SELECT COUNT(*) FROM orders WHERE total = 31'],
      rows: [['1']],
    },
    {
      what: 'Reads that may be behind, or see what one has written',
      statements: ['SET shardwright_consistency = read_your_writes', 'SELECT name FROM users WHERE id = 1'],
      rows: [['user 1']],
    },
    {
      what: 'Reads of what one has written, which wait a while for a replica',
      statements: [
        'SET shardwright_consistency = read_your_writes, shardwright_wait_milliseconds = 100',
        'UPDATE users SET country = country WHERE id = 1',
        'SELECT name, @@shardwright_wait_milliseconds FROM users WHERE id = 1',
      ],
      rows: [['user 1', '100']],
      note: 'Without, they go to the primary at once where no replica has it.',
    },
    {
      what: 'SHOW TABLE STATUS and SHOW TRIGGERS, of tables of every kind',
      statements: ["SHOW TRIGGERS LIKE 'settings'", "SHOW TABLE STATUS LIKE 'countries'"],
      rows: 'some',
      note: 'Of a sharded table, as one slot has it.',
    },
    {
      what: 'SHOW VARIABLES, SHOW STATUS and the like',
      statements: ["SHOW STATUS LIKE 'Uptime'"],
      rows: 'some',
      note: 'As one server answers.',
    },
    {
      what: 'SHOW PROCESSLIST, information_schema.PROCESSLIST',
      statements: [
        'SHOW FULL PROCESSLIST',
        'SELECT COMMAND, DB FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()',
      ],
      rows: [['Query', 'app']],
      note: 'Clients of this router pod, not the connections of a server: one’s own user’s, all with the privilege PROCESS. Other routers list theirs.',
    },
    {
      what: 'Session tracking of the current database, of variables, and of what one has written',
      statements: [
        "SET session_track_system_variables = 'autocommit, shardwright_gtid'",
        'SELECT @@session_track_system_variables',
      ],
      rows: [['autocommit, shardwright_gtid']],
      note: 'The token for `SET shardwright_gtid` on another connection comes with the answer to each write or COMMIT.',
    },
    {
      what: 'SET STATEMENT',
      statements: ['SET STATEMENT max_statement_time = 10 FOR SELECT name FROM users WHERE id = 1'],
      rows: [['user 1']],
    },
  ],
  shown: [
    { what: 'KILL and KILL QUERY of one’s own connections', scenario: 'router-drivers' },
    { what: 'COM_CHANGE_USER, COM_RESET_CONNECTION', scenario: 'router-drivers' },
    { what: 'COM_FIELD_LIST (without the columns’ defaults), COM_PROCESS_KILL', scenario: 'router-sessions' },
    { what: 'TLS, compression, packets of more than 16 MB', scenario: 'router-wire' },
    { what: 'mysql_native_password, ed25519 and caching_sha2_password', scenario: 'router-wire' },
    { what: 'Values of every type in prepared statements, long data, cursors', scenario: 'router-drivers' },
  ],
  refused: [
    { what: 'SET GLOBAL', statements: ['SET GLOBAL max_connections = 5'], because: 'globalVariables' },
    {
      what: 'SET STATEMENT with variables that decide how a statement is read',
      statements: ["SET STATEMENT sql_mode = 'ANSI' FOR SELECT 1"],
      because: 'settingsOfStatement',
    },
    { what: 'SET ROLE', statements: ['SET ROLE NONE'], because: 'setRole' },
    {
      what: 'SIGNAL, RESIGNAL and GET DIAGNOSTICS outside of stored programs',
      statements: ["SIGNAL SQLSTATE '45000'"],
      because: {
        reason: 'SIGNAL outside of a stored program',
        instead: 'Use SHOW WARNINGS, or write it into a procedure',
      },
    },
    {
      what: 'Assigning user variables within a statement',
      statements: ['SELECT name INTO @name FROM users WHERE id = 1'],
      because: 'assignedVariables',
    },
    {
      what: 'Temporary tables',
      statements: ['CREATE TEMPORARY TABLE t (id INT)'],
      because: 'temporaryTables',
    },
    {
      what: 'Named locks together with tables',
      statements: ['SELECT GET_LOCK(name, 1) FROM users WHERE id = 1'],
      because: 'namedLocks',
    },
    { what: 'KILL USER, KILL QUERY ID', statements: ["KILL USER 'x'"], because: 'killOthers' },
    { what: 'EXPLAIN FOR CONNECTION', statements: ['SHOW EXPLAIN FOR 5'], because: 'explainConnection' },
    { what: 'HANDLER', statements: ['HANDLER users OPEN'], because: 'handler' },
    {
      what: 'Variables of replication, and others that a shared connection cannot keep',
      statements: ['SET SESSION sql_log_bin = 0'],
      because: {
        reason: 'Shardwright does not support setting sql_log_bin, since replicas would lack the change',
        instead: '',
      },
    },
  ],
};
