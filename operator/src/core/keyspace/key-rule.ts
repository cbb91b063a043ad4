/** What is known of a key column: as `information_schema.COLUMNS` gives it. */
export interface KeyColumn {
  /** `COLUMN_TYPE`: `bigint(20) unsigned`, `varchar(36)`. */
  readonly columnType: string;
  /** `COLLATION_NAME`; null for columns without one. */
  readonly collation: string | null;
}

/** How values of a column become keys. Plain data, to be made once for each column with `readKeyRule` and kept. */
export type KeyRule =
  | { readonly kind: 'integer'; readonly least: string; readonly most: string }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number; readonly isUnsigned: boolean }
  | TextRule
  | { readonly kind: 'binary'; readonly length: number; readonly isFixed: boolean }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'date' }
  | { readonly kind: 'datetime'; readonly digits: number };

/** Of a column of characters. */
export interface TextRule {
  readonly kind: 'text';
  /** Most characters. */
  readonly length: number;
  /** Characters that are a key: `unicode` up to `ascii` (what the column's character set surely has). */
  readonly characters: 'utf8mb4' | 'utf8mb3' | 'ascii' | 'printable';
  /** Whether upper and lower case are one key. */
  readonly foldsCase: boolean;
  /** Whether spaces at the end are no part of the key: CHAR, and collations that pad. */
  readonly trims: boolean;
  /** Whether the collation orders as if the shorter of two values went on with spaces. */
  readonly padded: boolean;
  /** Whether keys are in the order in which MariaDB has the values: under binary collations. */
  readonly isOrdered: boolean;
}
