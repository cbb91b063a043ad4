/**
 * Telling a server that a database has left, or that does not serve it yet, from a user who lacks a right: both refuse with the
 * same numbers. Rights to a keyspace are those of its roles, which hold for whole databases, so a user who may do anything in
 * a keyspace sees each of its databases that the server serves, and none that it does not.
 */
import type { BackendConnection } from '../backend/backend-connection.ts';
import type { ServerError } from '../backend/backend-error.ts';
import { sharedDatabase, readDatabaseName } from '../../core/keyspace/database-names.ts';
import type { Server } from '../topology/servers.ts';
import type { HoldReason } from '../topology/statement-hold.ts';
import type { Location, Topology } from '../topology/topology.ts';
import { CollectingSink } from './collecting-sink.ts';

/**
 * Errors of a server that does not serve a database, or part of what a statement needs there: access to the database, a table,
 * a column or a routine is denied, or there is no such database or table. Nothing was executed. Source:
 * https://mariadb.com/kb/en/mariadb-error-code-reference/
 */
const REFUSALS: ReadonlySet<number> = new Set([1044, 1049, 1142, 1143, 1146, 1370]);

/** What the attempts of one statement have come to know. */
export interface Attempts {
  /** Pods that have failed it. */
  readonly unfit: Set<string>;
  /** Whether a replica was waited for, which is done once. */
  hasWaited: boolean;
  /** Whether it was refused although everything was open to it: it is the right that is lacking, or came that moment. */
  wasOpen: boolean;
  /** How often it was refused by a server that does not serve the database. */
  stale: number;
}

/** A statement that a server has refused. */
export interface RefusedStatement {
  readonly topology: Topology;
  readonly location: Location;
  readonly server: Server;
  readonly connection: BackendConnection;
  readonly error: ServerError;
  /** Whether the map has another shard for it by now. */
  readonly isElsewhere: boolean;
}

/** First pause before it is tried again. A new owner gives rights that soon. */
const PAUSE_MILLISECONDS = 2;
/** How much longer each pause is than the one before: what is waited for is noticed at most so much later than it came. */
const PAUSE_GROWTH = 1.5;
/** Longest pause. */
const LONGEST_PAUSE_MILLISECONDS = 50;
/** Attempts for a user to whom nothing of the keyspace is open: a second, for rights that are on their way. */
const FOREIGN_ATTEMPTS = 26;

/**
 * What to wait for where a server has refused since it does not serve the database; undefined where the error is the client's.
 * - Everything is open to the user: one more attempt, since the rights may have come just now; then it is the user who lacks one.
 * - The database is not open, but others of the keyspace are: the map is about to change, or the rights are about to come.
 * - Nothing is open: the user has no business in the keyspace. Waited for only while the database moves.
 */
export async function staleReason(
  { topology, location, server, connection, error, isElsewhere }: RefusedStatement,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<HoldReason | undefined> {
  const { shard, database } = location;
  if (database === undefined || !REFUSALS.has(error.errno)) {
    return undefined;
  }
  if (!isElsewhere) {
    const seen = await seeDatabases(connection, location, topology, signal).catch(() => UNKNOWN);
    signal.throwIfAborted();
    const isForeign = !seen.any && (attempts.stale >= FOREIGN_ATTEMPTS || !topology.moves.has(database));
    if (isForeign || (seen.all && attempts.wasOpen)) {
      return undefined;
    }
    attempts.wasOpen = seen.all;
  }
  if (server.pod !== topology.shards.get(shard)?.primary?.pod) {
    attempts.unfit.add(server.pod);
  }
  const retryMilliseconds = Math.min(
    PAUSE_MILLISECONDS * PAUSE_GROWTH ** attempts.stale,
    LONGEST_PAUSE_MILLISECONDS,
  );
  attempts.stale += 1;
  const message = `${server.pod} does not serve ${database}, which the map gives to shard ${shard}`;
  // Rights come for a user's whole database at once: one statement that asks is enough for all that it refuses.
  const common = `${connection.user} ${server.pod} ${database}`;
  return { cause: 'StaleRoute', message, error, retryMilliseconds, common };
}

/** The connection ended before it could be asked: it was refused all the same. */
const UNKNOWN: SeenDatabases = { all: false, any: true };

/** What a session sees of a keyspace on one server. */
interface SeenDatabases {
  /** Whether everything that the map puts there for the statement is open to it. */
  readonly all: boolean;
  /** Whether any of it is. */
  readonly any: boolean;
}

/**
 * Asks, as the user of the connection, whether its server serves a database, and that of the keyspace's reference tables where
 * the map has them there. Privileges are looked up anew, whatever the session has kept of them with its current database.
 * Rejects with BackendError.
 */
async function seeDatabases(
  connection: BackendConnection,
  { shard, database }: Location,
  topology: Topology,
  signal: AbortSignal,
): Promise<SeenDatabases> {
  const keyspace = readDatabaseName(database ?? '')?.keyspace ?? '';
  const hasShared = topology.places.get(keyspace)?.referenceShards.includes(shard) === true;
  const wanted = [
    ...(database === undefined ? [] : [database]),
    ...(hasShared ? [sharedDatabase(keyspace)] : []),
  ];
  const sink = new CollectingSink();
  await connection.query(Buffer.from(`SELECT ${wanted.map(countOf).join(', ')}`), sink, {}, signal);
  const seen = wanted.filter((_name, index) => sink.results[0]?.rows[0]?.[index]?.toString() === '1');
  return { all: seen.length === wanted.length, any: seen.length > 0 };
}

/** By equality, which the server looks up and does not search for. */
function countOf(database: string): string {
  return `(SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${database}')`;
}
