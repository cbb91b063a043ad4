/**
 * SQL that boils rows down to figures which are equal where the rows are, whatever their types: COUNT, BIT_XOR and SUM of
 * checksums, for buckets of rows that belong together by their key on both sides. CHECKSUM TABLE would not do: it differs between
 * equal copies.
 */
import { assertNever } from '../../../runtime/assert-never.ts';
import { quoteName } from '../keyspace-roles.ts';
import type { Table, TableColumn } from './tables.ts';

/** Rows of a table are told apart in so many groups: one that differs is read again to find which of its rows do. */
export const BUCKETS = 1024;

/** How a value becomes text that is another one for every other value. */
type Rendering = 'number' | 'text' | 'float' | 'bytes' | 'digest';

const RENDERINGS: ReadonlyMap<string, Rendering> = new Map([
  ...['bit', 'enum', 'set'].map((type) => [type, 'number'] as const),
  // Shown with six digits, though they hold more.
  ['float', 'float'],
  ['double', 'float'],
  ...['char', 'varchar', 'binary', 'varbinary', 'tinytext', 'tinyblob'].map(
    (type) => [type, 'bytes'] as const,
  ),
  // Put together, long values would exceed max_allowed_packet and be NULL.
  ...'text mediumtext longtext blob mediumblob longblob vector geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection'
    .split(' ')
    .map((type) => [type, 'digest'] as const),
]);

function render({ name, dataType }: TableColumn): string {
  const column = quoteName(name);
  const rendering = RENDERINGS.get(dataType) ?? 'text';
  switch (rendering) {
    case 'number':
      return `CAST(${column} AS UNSIGNED)`;
    case 'float':
      return `${column} + 0e0`;
    case 'bytes':
      return `CAST(${column} AS BINARY)`;
    case 'digest':
      return `MD5(${column})`;
    case 'text':
      return `CAST(${column} AS CHAR)`;
    default:
      return assertNever(rendering);
  }
}

/** Of values that are NULL nothing is put together: that they are is. */
function checksum(columns: readonly TableColumn[]): string {
  const flags = columns.map(({ name }) => `ISNULL(${quoteName(name)})`);
  return `CRC32(CONCAT_WS(X'1F', ${[...columns.map(render), ...flags].join(', ')}))`;
}

function bucket(table: Table): string {
  return `${checksum(keyColumns(table))} MOD ${BUCKETS}`;
}

function keyColumns({ key, columns }: Table): readonly TableColumn[] {
  return key.map((name) => columns.find((column) => column.name === name) ?? { name, dataType: 'varchar' });
}

function nameOf(database: string, { name }: Table): string {
  return `${quoteName(database)}.${quoteName(name)} FORCE INDEX (PRIMARY)`;
}

/** Rows of bucket, count, XOR and sum: of those buckets that have rows. Of rows that fulfil the condition, if there is one. */
export function figuresQuery(database: string, table: Table, condition: string | null): string {
  const sum = checksum([...table.columns, ...table.stored]);
  return `SELECT ${bucket(table)} AS bucket, COUNT(*), BIT_XOR(${sum}), SUM(${sum}) FROM ${nameOf(database, table)}${condition === null ? '' : ` WHERE ${condition}`} GROUP BY bucket ORDER BY bucket`;
}

/** Rows of key and checksum: of all rows in the buckets that fulfil the condition, if there is one. */
export function rowsQuery(
  database: string,
  table: Table,
  buckets: readonly number[],
  condition: string | null,
): string {
  const keys = keyColumns(table).map(literal);
  return `SELECT CONCAT_WS(', ', ${keys.join(', ')}), ${checksum([...table.columns, ...table.stored])} FROM ${nameOf(database, table)} WHERE ${bucket(table)} IN (${buckets.join(', ')})${condition === null ? '' : ` AND ${condition}`}`;
}

/** A value as it can be written into a statement. */
function literal({ name, dataType }: TableColumn): string {
  const column = quoteName(name);
  if (/binary|blob/.test(dataType)) {
    return `CONCAT('X''', HEX(${column}), '''')`;
  }
  if (/int|decimal|double|year/.test(dataType)) {
    return `CAST(${column} AS CHAR)`;
  }
  if (dataType === 'bit' || dataType === 'float') {
    return `CAST(${column} + 0e0 AS CHAR)`;
  }
  return `QUOTE(CONVERT(${column} USING utf8mb4))`;
}
