import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { Catalog } from './catalog.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';

/** What of a session decides where its statements go. */
export interface RoutingSession {
  /** The current database as the client sees it: a keyspace, a schema of the server, or null. */
  readonly schema: string | null;
  /** `SET shardwright_key`: everything sharded goes to the slot of that key. */
  readonly key: KeyLiteral | null;
  /** `SET shardwright_shard`: reads without a key visit this shard only. */
  readonly shard: number | null;
  /** Whether UPDATE and DELETE without a key may run in every slot. */
  readonly allowsKeylessWrites: boolean;
  /** Whether sql_mode has NO_AUTO_VALUE_ON_ZERO: 0 is a value then, and not a wish for a generated id. */
  readonly keepsZeroIds: boolean;
  /**
   * SQL text of what a function without arguments gives in this session, by its name in upper case: DATABASE, SCHEMA,
   * LAST_INSERT_ID, ROW_COUNT, FOUND_ROWS, CONNECTION_ID. Each must be one token, as `'app'` or `42`; null: the server may answer.
   */
  readonly functionText: (name: string) => string | null;
}

/** Everything that a route is decided from, beside the statement. */
export interface RoutingInput {
  readonly session: RoutingSession;
  /** Keyspaces of the map, by name. The same object as long as the map is the same: what is derived from it is kept. */
  readonly keyspaces: ReadonlyMap<string, KeyspaceConfiguration>;
  /** The same object as long as nothing in it changed. */
  readonly catalog: Catalog;
  /** The catalog was loaded for this statement: what it does not know does not exist. */
  readonly catalogIsFresh: boolean;
  /** Value of the n-th `?`; throws RangeError beyond the last. Null for a statement without parameters. */
  readonly parameter: ((index: number) => KeyLiteral) | null;
  /** First of the ids asked for by `needsIds`. */
  readonly firstGeneratedId: bigint | null;
  /** Milliseconds since 1970: the time of writes that several servers run. */
  readonly now: number;
}
