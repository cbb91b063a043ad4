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
    hint: 'Use a transaction with SELECT … FOR UPDATE.',
  },
  administration: {
    feature: 'statements that administer a server',
    reason: 'servers are the operator’s',
    hint: 'Change the ShardedCluster, or connect to the pod.',
  },
  globalVariables: {
    feature: 'SET GLOBAL',
    reason: 'settings of servers are the operator’s',
    hint: 'Set them in spec.config of the ShardedCluster.',
  },
  loadDataFile: {
    feature: 'LOAD DATA without LOCAL',
    reason: 'the file would have to be on every server',
    hint: 'Use LOAD DATA LOCAL, or INSERT with many rows.',
  },
  loadDataLocal: {
    feature: 'LOAD DATA LOCAL',
    reason: 'this version does not cut files by key',
    hint: 'Use INSERT with many rows, which is split by key.',
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
  textPrepare: {
    feature: 'PREPARE, EXECUTE and DEALLOCATE as statements',
    reason: 'the text of the statement is not known when it is routed',
    hint: 'Prepare by the protocol, as drivers do.',
  },
  call: {
    feature: 'CALL without a slot',
    reason: 'which rows a procedure touches is not known',
    hint: 'Name the slot: SET shardwright_key = …, or write /*shardwright: key=… */ into the statement.',
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
  maintenance: {
    feature: 'CHECK, REPAIR, CHECKSUM and OPTIMIZE TABLE over all slots',
    reason: 'their answers are one table each',
    hint: 'Name a slot: SET shardwright_key = ….',
  },
  killOthers: {
    feature: 'KILL USER and KILL QUERY ID',
    reason: 'they name what servers count, and not connections of the router',
    hint: 'Use KILL with the number that CONNECTION_ID() told.',
  },
  withoutTable: {
    feature: 'this statement here',
    reason: 'it could not be routed',
    hint: 'Send it by itself, without EXPLAIN.',
  },
  userManagement: {
    feature: 'CREATE USER, GRANT and other statements about users',
    reason: 'this version leaves users to the operator',
    hint: 'Write them in spec.users of the ShardedCluster.',
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
