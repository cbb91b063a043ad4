/** The key in the middle of a table, by SQL. */
import { canonicalKeySql } from './canonical-key-sql.ts';
import type { KeyRule } from './key-rule.ts';

/** A table with its key. Names are quoted as they must be. */
export interface KeyedTable {
  /** With its database: `` `log_s0000`.`events` ``. */
  readonly table: string;
  readonly column: string;
  readonly rule: KeyRule;
}

/**
 * Selects, in canonical form, the key of the row that has so many before it, or the next greater one where it is the least: a split
 * at it leaves rows on both sides. No row where there is no such key. Reads as many rows of an index that begins with the key, or
 * sorts the table where there is none.
 */
export function middleKeySql({ table, column, rule }: KeyedTable, middle: number): string {
  return (
    `SELECT ${canonicalKeySql(column, rule)} FROM ${table} ` +
    `WHERE ${column} >= (SELECT ${column} FROM ${table} ORDER BY ${column} LIMIT 1 OFFSET ${middle}) ` +
    `AND ${column} > (SELECT MIN(${column}) FROM ${table}) ORDER BY ${column} LIMIT 1`
  );
}
