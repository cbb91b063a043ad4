/** Tables of a database as a copy and a comparison see them. */
import { EngineError } from '../../engine-error.ts';
import { quoteName } from '../keyspace-roles.ts';
import type { RowSession } from './row-session.ts';

/** A column that holds a value of its own. */
export interface TableColumn {
  readonly name: string;
  /** In lower case, without length: `varchar`. */
  readonly dataType: string;
}

/** A table with rows. */
export interface Table {
  readonly name: string;
  /** Without those that the server computes. */
  readonly columns: readonly TableColumn[];
  /** Those that the server computes and stores. */
  readonly stored: readonly TableColumn[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
}

/** Types whose values are numbers of an entry in a list, which not every list has a text for. */
const LISTS = new Set(['enum', 'set']);

/** Types that a server reads as text, and not as the bytes of their text. */
const ADDRESSES = new Set(['inet4', 'inet6', 'uuid']);

/** What a copy selects of a column: a list's entry by its number, everything else as it is. */
export function selectExpression({ name, dataType }: TableColumn): string {
  return LISTS.has(dataType) ? `CAST(${quoteName(name)} AS UNSIGNED)` : quoteName(name);
}

/** Whether the value has to be given to the server as text. */
export function isAddress({ dataType }: TableColumn): boolean {
  return ADDRESSES.has(dataType);
}

/** Whether a column may hold what no list has, which only a lenient server stores again. */
export function isList({ dataType }: TableColumn): boolean {
  return LISTS.has(dataType);
}

/** The tables of a database in the order of their names. EngineError `NotMovable` for one without a primary key. */
export async function readTables(
  session: RowSession,
  database: string,
  signal: AbortSignal,
): Promise<readonly Table[]> {
  const literal = stringLiteral(database);
  const columns = await session.query(
    'read columns',
    `SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE, c.IS_GENERATED FROM information_schema.COLUMNS c
       JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME AND t.TABLE_TYPE = 'BASE TABLE'
      WHERE c.TABLE_SCHEMA = ${literal} AND c.EXTRA NOT LIKE '%VIRTUAL GENERATED%' ORDER BY BINARY c.TABLE_NAME, c.ORDINAL_POSITION`,
    signal,
  );
  const keys = await session.query(
    'read primary keys',
    `SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS
      WHERE TABLE_SCHEMA = ${literal} AND INDEX_NAME = 'PRIMARY' ORDER BY BINARY TABLE_NAME, SEQ_IN_INDEX`,
    signal,
  );
  const keysByTable = group(keys.map((row) => [textAt(row, 0), textAt(row, 1)]));
  const tables = group(
    columns.map((row) => [
      textAt(row, 0),
      {
        name: textAt(row, 1),
        dataType: textAt(row, 2).toLowerCase(),
        isComputed: textAt(row, 3) !== 'NEVER',
      },
    ]),
  );
  return [...tables].map(([name, columns]) => {
    const key = keysByTable.get(name);
    if (key === undefined) {
      throw new EngineError('NotMovable', `table ${name} of ${database} has no primary key`);
    }
    return {
      name,
      columns: columns.filter(({ isComputed }) => !isComputed),
      stored: columns.filter(({ isComputed }) => isComputed),
      key,
    };
  });
}

function group<T>(pairs: readonly (readonly [string, T])[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [key, value] of pairs) {
    const present = groups.get(key);
    if (present === undefined) {
      groups.set(key, [value]);
    } else {
      present.push(value);
    }
  }
  return groups;
}

/** A field of a text row as text. EngineError `ServerError` for NULL and for one that is not there. */
export function textAt(row: readonly (Buffer | null)[], index: number): string {
  const value = row[index];
  if (value === null || value === undefined) {
    throw new EngineError('ServerError', 'the server’s answer lacks a value');
  }
  return value.toString('utf8');
}

/** A text as SQL takes it, under an sql_mode in which backslashes escape. */
export function stringLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
