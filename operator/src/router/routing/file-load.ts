/** How a file is loaded into the databases of a keyspace: the part of a route that execution reads rows by. */
import type { FileFormat } from '../sql/file-format.ts';
import type { KeyOf } from './key-of.ts';

/** Where the rows go. */
export type LoadTarget =
  /** Each into the slot of its key, the field with that index. `only`: all rows must be of this slot. */
  | { readonly kind: 'slots'; readonly key: KeyOf; readonly field: number; readonly only: number | null }
  /** All into every copy of a reference table. */
  | { readonly kind: 'copies' };

/** The AUTO_INCREMENT column of the table: rows have a value for it, or all get one. */
export type LoadIds =
  /** The field with that index must have a value. `allowsZero`: 0 is one (NO_AUTO_VALUE_ON_ZERO). */
  | {
      readonly kind: 'inFile';
      readonly column: string;
      readonly field: number;
      readonly allowsZero: boolean;
    }
  /** A field is put in front of each row. `isKey`: it decides the slot. */
  | { readonly kind: 'generated'; readonly isKey: boolean };

/** See the module. */
export interface FileLoad {
  readonly table: string;
  readonly target: LoadTarget;
  /** Null where the table generates none. */
  readonly ids: LoadIds | null;
  readonly format: FileFormat;
  /** In lower case; the server's name for UTF-8 where the statement says nothing. */
  readonly charset: string;
  /** How many fields of a line are read; others are passed over. */
  readonly fields: number;
  /** User variables that fields are read into, without `@`: they must not be left on a server connection. */
  readonly variables: readonly string[];
}
