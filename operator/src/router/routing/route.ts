/** What becomes of a statement: the outcome of `decideRoute`. */
import type { ConsistencyLevel } from '../../api/v1alpha1/index.ts';
import type { MergePlan } from '../merge/merge-plan.ts';
import type { Edit } from '../sql/rewrite.ts';
import type { FileLoad } from './file-load.ts';
import type { RoutedKey } from './routed-key.ts';

/**
 * A database on a server.
 *
 * - `slot`: the database of one slot.
 * - `unsharded`: the database of a keyspace's unsharded tables, on its home shard.
 * - `shared`: the database of its reference tables. Several shards have it; reads may choose, and do well to stay where the
 *   session is.
 * - `anywhere`: no table is concerned. `shard` is set where the session asked for one.
 */
export type Place =
  | { readonly kind: 'slot'; readonly keyspace: string; readonly slot: number }
  | { readonly kind: 'unsharded'; readonly keyspace: string }
  | { readonly kind: 'shared'; readonly keyspace: string; readonly shard: number | null }
  | { readonly kind: 'anywhere'; readonly shard: number | null };

/** Which server of a shard may run a statement. */
export interface Access {
  readonly mode: 'read' | 'write';
  /** Why only a primary may: a write, FOR UPDATE, GET_LOCK(), …; null where the level of consistency decides. */
  readonly primaryBecause: string | null;
  /** Level that the statement's hint asks for, or each of its tables (the strictest counts); null: the session's. */
  readonly consistency: ConsistencyLevel | null;
  /** Where `consistency` is null: the strictest level that some of its tables ask for. The session's counts only if stricter. */
  readonly leastConsistency: ConsistencyLevel | null;
  /** There where `consistency` is that of the statement's hint; whether it asks for the replica that answers fastest. */
  readonly hinted?: { readonly fastest: boolean };
}

/** Ids that the router put into an INSERT: `first`, `first + 1`, …; LAST_INSERT_ID() is the first. */
export interface GeneratedIds {
  readonly first: bigint;
  readonly count: number;
}

/** What runs in one of several slots. */
export interface SlotPart {
  readonly slot: number;
  /** All changes to the statement for this slot. */
  readonly edits: readonly Edit[];
  /** Of an INSERT: its rows that are the slot's, by their places in the statement. */
  readonly rows?: readonly number[];
  /** A key that is in the slot. */
  readonly boundBy?: RoutedKey | null;
}

/** Why a statement is not run, as the client is told. */
export interface Refusal {
  readonly errno: number;
  readonly sqlState: string;
  /** What is wrong, a full sentence without a full stop. Names tables and columns, and no values. */
  readonly message: string;
  /** What to do instead; empty where there is nothing to say. */
  readonly hint: string;
}

/** Where a statement goes, and how. `reason` says why in a few words, for EXPLAIN SHARDWRIGHT and logs. */
export type Route =
  /** One database runs it. Its answer is the client's. */
  | {
      readonly kind: 'single';
      readonly place: Place;
      readonly access: Access;
      readonly edits: readonly Edit[];
      readonly generatedIds: GeneratedIds | null;
      readonly reason: string;
      /** A key that is in the slot. */
      readonly boundBy?: RoutedKey | null;
    }
  /** A write of several slots, each with its part: a multi-row INSERT, an IN list, or (`everySlot`) one without a key. */
  | {
      readonly kind: 'split';
      readonly keyspace: string;
      readonly parts: readonly SlotPart[];
      readonly access: Access;
      readonly everySlot: boolean;
      readonly generatedIds: GeneratedIds | null;
      readonly reason: string;
    }
  /** A read of several slots, whose answers are merged. */
  | {
      readonly kind: 'scatter';
      readonly keyspace: string;
      readonly parts: readonly SlotPart[];
      readonly access: Access;
      readonly plan: MergePlan;
      /** There where a server calculates from what was merged: the edits of its statement, for the first slot. */
      readonly template?: readonly Edit[];
      /** And those of the statement that has the client's columns, where the template has not. */
      readonly named?: readonly Edit[];
      readonly reason: string;
    }
  /** A write to reference tables: in the shared database of the home shard first, then of all others that have it. */
  | {
      readonly kind: 'referenceWrite';
      readonly keyspace: string;
      readonly access: Access;
      readonly edits: readonly Edit[];
      readonly generatedIds: GeneratedIds | null;
      readonly reason: string;
    }
  /** LOAD DATA LOCAL into tables that several databases have: the file is cut into rows. */
  | {
      readonly kind: 'load';
      readonly keyspace: string;
      readonly load: FileLoad;
      readonly access: Access;
      /** For all of them. */
      readonly edits: readonly Edit[];
      readonly reason: string;
    }
  /** A definition, or maintenance of tables, for all databases of some kinds. */
  | {
      readonly kind: 'definition';
      readonly keyspace: string;
      readonly databases: readonly ('slots' | 'shared' | 'unsharded')[];
      readonly access: Access;
      readonly edits: readonly Edit[];
      /** Tables whose description changes; empty where it may be any. */
      readonly tables: readonly string[];
      readonly reason: string;
    }
  /** Only tables of the server's own schemas (`information_schema`, …), by their names in lower case. */
  | { readonly kind: 'systemSchema'; readonly schemas: readonly string[]; readonly access: Access }
  /** EXPLAIN SHARDWRIGHT: the answer is `describeRoute` of `route`. */
  | { readonly kind: 'described'; readonly route: Route }
  /** Not about rows: the session's own business (SET, USE, BEGIN, SHOW, KILL, PREPARE, users, …), by its shape. */
  | { readonly kind: 'session' }
  /**
   * The INSERT needs so many generated ids: take them, and decide again with `firstGeneratedId`.
   */
  | { readonly kind: 'needsIds'; readonly count: number }
  /**
   * The catalog does not know a table (or the keyspace not at all, `table` null): load it again and decide again, with
   * `catalogIsFresh`; unless that is set already, in which case the answer is a refusal.
   */
  | { readonly kind: 'needsCatalog'; readonly keyspace: string; readonly table: string | null }
  | ({ readonly kind: 'refused' } & Refusal);

/** A route of one kind. */
export type RouteOf<Kind extends Route['kind']> = Extract<Route, { readonly kind: Kind }>;
