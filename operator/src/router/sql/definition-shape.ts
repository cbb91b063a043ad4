import type { TokenRange } from './expression.ts';

/** Objects that DDL is about. */
export type DefinedObject =
  | 'table'
  | 'view'
  | 'index'
  | 'database'
  | 'sequence'
  | 'procedure'
  | 'function'
  | 'trigger'
  | 'event'
  | 'package'
  | 'server'
  | 'tablespace';

/** A definition. */
export interface DefinitionNode {
  readonly kind: 'definition';
  readonly verb: 'CREATE' | 'ALTER' | 'DROP' | 'RENAME' | 'TRUNCATE';
  readonly object: DefinedObject;
  readonly temporary: boolean;
  readonly orReplace: boolean;
  /** IF EXISTS or IF NOT EXISTS. */
  readonly conditional: boolean;
  /** The name of what is not a table: index, database, procedure, trigger, … Tables are in `tables`, these by `access: write`. */
  readonly name: {
    readonly schema: string | null;
    readonly name: string;
    readonly tokens: TokenRange;
  } | null;
  /** CREATE TABLE … SELECT, CREATE VIEW … AS: index into `queries`. */
  readonly query: number | null;
  /** RENAME TABLE a TO b, ALTER TABLE a RENAME TO b: pairs of indexes into `tables`. */
  readonly renames: readonly { readonly from: number; readonly to: number }[];
  /** CREATE TABLE b LIKE a: index of `a` in `tables`. */
  readonly like: number | null;
  /** Indexes into `tables` of those named by REFERENCES. */
  readonly references: readonly number[];
  /** Columns CREATE TABLE defines, in lower case, in their order; empty elsewhere. */
  readonly columns: readonly string[];
  /** A stored program: its body was not read, what it mentions is not in `tables`. */
  readonly program: boolean;
}
