/** The statements of the audit. They read, and nothing else; none of their answers holds a NULL or a key. */
import type { KeyRule } from '../keyspace/key-rule.ts';
import { type KeyspaceLayout, keySlotSql } from '../keyspace/keyspace-layout.ts';

/** Every role that has rights on databases of keyspaces begins like this. */
export const KEYSPACE_ROLE_PREFIX = 'shardwright_keyspace_';

/** All databases: name. */
export const DATABASES_SQL = 'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA';

/** All rights of the roles of keyspaces: role, database as the server keeps it (`app\_s0001`). */
export const GRANTS_SQL = `SELECT User, Db FROM mysql.db WHERE Host = '' AND User LIKE '${KEYSPACE_ROLE_PREFIX.replaceAll('_', String.raw`\_`)}%'`;

/** Rows of {@link columnsSql}. */
export type ColumnRow = readonly [
  database: string,
  table: string,
  column: string,
  type: string,
  collation: string,
];

/** All columns of the tables of these databases, in their order: see {@link ColumnRow}. Views are none. */
export function columnsSql(databases: readonly string[]): string {
  return `SELECT c.TABLE_SCHEMA, c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, COALESCE(c.COLLATION_NAME, '')
  FROM information_schema.COLUMNS c
  JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
  WHERE t.TABLE_TYPE = 'BASE TABLE' AND c.TABLE_SCHEMA IN (${databases.map(quoteText).join(', ')})
  ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION`;
}

/** A table of a slot, and how its key is read. */
export interface AuditedTable {
  readonly table: string;
  readonly key: string;
  readonly rule: KeyRule;
}

/**
 * For each table of a slot's database: name, number of rows, and how many of them have a key of another slot or none. All
 * in one statement, so that it reads one moment.
 */
export function rowsSql(
  database: string,
  slot: number,
  layout: KeyspaceLayout,
  tables: readonly AuditedTable[],
): string {
  return tables
    .map(({ table, key, rule }) => {
      const isHere = `(${keySlotSql(layout, quoteName(key), rule)}) <=> ${slot}`;
      return `SELECT ${quoteText(table)}, COUNT(*), COALESCE(SUM(NOT (${isHere})), 0) FROM ${quoteName(database)}.${quoteName(table)}`;
    })
    .join('\nUNION ALL ');
}

/** For each table of a database that is not cut: name, number of rows. */
export function countSql(database: string, tables: readonly string[]): string {
  return tables
    .map((table) => `SELECT ${quoteText(table)}, COUNT(*) FROM ${quoteName(database)}.${quoteName(table)}`)
    .join('\nUNION ALL ');
}

/** For each table: `database.table`, and a checksum of its rows that is the same wherever the rows are. */
export function checksumsSql(database: string, tables: readonly string[]): string {
  return `CHECKSUM TABLE ${tables.map((table) => `${quoteName(database)}.${quoteName(table)}`).join(', ')} EXTENDED`;
}

/** Inverse of how the server keeps the name of a database in a right. */
export function databaseOfGrant(pattern: string): string {
  return pattern.replaceAll(String.raw`\_`, '_');
}

function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Whatever the `sql_mode` takes for an escape. */
function quoteText(text: string): string {
  if (/^[\w$ -]*$/.test(text)) {
    return `'${text}'`;
  }
  const digits = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0'));
  return `_utf8mb4 X'${digits.join('')}'`;
}
