/**
 * What the router does not do, in one table: the error that a client gets is made from it, and so is the page of what is
 * refused. What is refused because of where the rows of one statement lie stands with routing, not here.
 */

/** One refused feature. */
export interface RefusedFeature {
  /** What it is, as a person would look it up; begins the error message. */
  readonly feature: string;
  /** Why not: half a sentence after "since". */
  readonly reason: string;
  /** What to do instead; a sentence. */
  readonly hint: string;
}

/** Every feature refused by the execution of statements. */
export const REFUSED_FEATURES = {
  xa: {
    feature: 'XA transactions',
    reason: 'replicas of MariaDB apply them when they are prepared, and a promotion would lose their locks',
    hint: 'Use ordinary transactions; transactions over several slots need SET shardwright_transactions = Multi.',
  },
  handler: {
    feature: 'HANDLER',
    reason: 'it reads a table on one server connection, without a key',
    hint: 'Use SELECT.',
  },
  lockTables: {
    feature: 'LOCK TABLES',
    reason: 'the rows of a table lie on several servers, which cannot be locked at one time',
    hint: 'Use a transaction with SELECT … FOR UPDATE; for mariadb-dump, --skip-lock-tables --skip-add-locks --skip-no-autocommit.',
  },
  globalVariables: {
    feature: 'SET GLOBAL',
    reason: 'settings of servers are the operator’s',
    hint: 'Set them in spec.config of the ShardedCluster.',
  },
  loadDataFile: {
    feature: 'LOAD DATA without LOCAL',
    reason: 'the file would have to be on every server',
    hint: 'Use LOAD DATA LOCAL.',
  },
  temporaryTables: {
    feature: 'temporary tables',
    reason: 'they live on one server connection, and the router shares these',
    hint: 'Use a common table expression, or a table with a key.',
  },
  namedLocks: {
    feature: 'GET_LOCK and RELEASE_LOCK together with tables',
    reason: 'named locks of all sessions are held on one server, and the rows lie on others',
    hint: 'Take the lock by a statement of its own: SELECT GET_LOCK(…).',
  },
  assignedVariables: {
    feature: 'assigning a user variable within a statement',
    reason: 'the next statement may run on another server connection',
    hint: 'Use SET @name = (SELECT …).',
  },
  explainConnection: {
    feature: 'EXPLAIN FOR CONNECTION',
    reason: 'the numbers of connections are the router’s',
    hint: 'Explain the statement itself.',
  },
  replicationCommands: {
    feature: 'commands of replication',
    reason: 'replicas are the operator’s',
    hint: 'Connect to the pod.',
  },
  killOthers: {
    feature: 'KILL USER and KILL QUERY ID',
    reason: 'they name what servers count, and not connections of the router',
    hint: 'Use KILL with a number of SHOW PROCESSLIST.',
  },
  userManagement: {
    feature: 'this form of a statement about users',
    reason:
      'routers make users with a password, for clients anywhere, and give them rights on whole keyspaces',
    hint: 'Use CREATE USER, ALTER USER, DROP USER, SET PASSWORD, and GRANT or REVOKE … ON keyspace.*; or spec.users of the ShardedCluster.',
  },
  partialRights: {
    feature: 'rights on anything but a whole keyspace',
    reason: 'they are roles of the keyspace, which follow its slots from shard to shard',
    hint: 'Name the keyspace: GRANT … ON keyspace.* TO ….',
  },
  otherPrivileges: {
    feature: 'these privileges',
    reason: 'there are three levels of rights on a keyspace',
    hint: 'Grant SELECT, SHOW VIEW; or ALL PRIVILEGES; or what a ReadWrite user has: SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES.',
  },
  releaseConnection: {
    feature: 'COMMIT RELEASE and ROLLBACK RELEASE',
    reason: 'drivers close connections themselves',
    hint: 'Leave RELEASE out, and close the connection.',
  },
  setRole: {
    feature: 'SET ROLE',
    reason: 'roles decide which slots a user may use',
    hint: 'Grant the right to the user.',
  },
  settingsOfStatement: {
    feature: 'SET STATEMENT with variables that decide how statements are read or routed',
    reason: 'the rest of the statement was read without them',
    hint: 'SET the variable before, or write a hint: /*shardwright: consistency=eventual */.',
  },
} as const satisfies Record<string, RefusedFeature>;

/** Names of {@link REFUSED_FEATURES}. */
export type RefusedFeatureName = keyof typeof REFUSED_FEATURES;
