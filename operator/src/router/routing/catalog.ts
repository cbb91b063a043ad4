/** What is known of the tables in the databases of keyspaces. Immutable; a change makes another one. */
import type { KeyRefusal } from '../../core/keyspace/key-literal.ts';
import type { KeyRule } from '../../core/keyspace/key-rule.ts';

/** One column, as `information_schema.COLUMNS` has it. */
export interface ColumnDescription {
  /** In lower case: columns have no case. */
  readonly name: string;
  /** `DATA_TYPE`: `bigint`, `varchar`. */
  readonly dataType: string;
  /** `COLUMN_TYPE`: `bigint(20) unsigned`. */
  readonly columnType: string;
  readonly collation: string | null;
  readonly nullable: boolean;
  readonly autoIncrement: boolean;
  /** Hidden from `*`: MariaDB's INVISIBLE. */
  readonly invisible: boolean;
  /** GENERATED ALWAYS AS: takes no values. */
  readonly generated: boolean;
}

/** How a table is kept. */
export type TableKind = 'sharded' | 'reference' | 'unsharded';

/** One table or view. */
export interface TableDescription {
  readonly name: string;
  readonly kind: TableKind;
  readonly isView: boolean;
  /** In their order. */
  readonly columns: readonly ColumnDescription[];
  /** Names of the columns of the primary key, in their order, in lower case; empty without one. */
  readonly primaryKey: readonly string[];
  /** The column that decides the slot, in lower case, and how its values become keys; null unless sharded. */
  readonly key: { readonly column: string; readonly rule: KeyRule | KeyRefusal } | null;
}

/** Tables by keyspace and name. */
export interface Catalog {
  /** The table; undefined where there is none or where the keyspace was not loaded. */
  table(keyspace: string, name: string): TableDescription | undefined;
  /** Whether the keyspace was loaded. */
  has(keyspace: string): boolean;
}
