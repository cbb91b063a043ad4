/** Limits of the connections of one process. */
export interface PoolSettings {
  /** Connections to one server, of all users together. */
  readonly connectionsPerServer: number;
  /** Logins under way at one server. */
  readonly loginsPerServer: number;
  /** Requests that wait for a connection to one server. */
  readonly waitingPerServer: number;
  /** Longest wait for a connection, in milliseconds. */
  readonly waitMilliseconds: number;
  /** A login takes longer than this when the server hangs. */
  readonly loginMilliseconds: number;
  /** A ping or a reset takes longer than this when the server hangs. */
  readonly answerMilliseconds: number;
  /** A connection that nobody borrowed for so long is closed. */
  readonly idleMilliseconds: number;
  /** A connection that was idle for so long is asked whether it still works before it is lent. */
  readonly probeMilliseconds: number;
  /** A connection this old is closed when it is given back: rights that were taken away must not last for ever. */
  readonly ageMilliseconds: number;
  /** Somebody who has waited for so long goes before the other users' next requests, at the price of a login. */
  readonly patienceMilliseconds: number;
  /** Prepared statements that each connection keeps. */
  readonly preparedStatements: number;
  /** Prepared statements that the connections to one server keep together beyond those. */
  readonly sharedStatements: number;
}

/**
 * For one worker. A server allows 151 connections and 16,382 prepared statements (`max_prepared_stmt_count`) unless told
 * otherwise: two routers of two workers stay below both. A statement of a keyspace is prepared for each slot: it takes as many
 * as a shard has slots.
 */
export const DEFAULT_POOL_SETTINGS: PoolSettings = {
  connectionsPerServer: 32,
  loginsPerServer: 8,
  waitingPerServer: 1000,
  waitMilliseconds: 10_000,
  loginMilliseconds: 3000,
  answerMilliseconds: 3000,
  idleMilliseconds: 60_000,
  probeMilliseconds: 15_000,
  ageMilliseconds: 30 * 60_000,
  patienceMilliseconds: 100,
  preparedStatements: 64,
  sharedStatements: 1536,
};
