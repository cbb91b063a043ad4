/** Reading the catalog from the servers' information_schema. */
import { sharedDatabase, databaseOfSlot, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import { checkKeyRule } from '../../core/keyspace/keyspace-layout.ts';
import { type KeyRefusal, refuseKey } from '../../core/keyspace/key-literal.ts';
import { type KeyRule, readKeyRule } from '../../core/keyspace/key-rule.ts';
import type { ColumnDescription, TableDescription, TableKind } from './catalog.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';

/** A query for everything in one database, and where to run it. */
export interface CatalogQuery {
  readonly place:
    | { readonly kind: 'slot'; readonly keyspace: string; readonly slot: number }
    | { readonly kind: 'shared' | 'unsharded'; readonly keyspace: string };
  readonly kind: TableKind;
  readonly sql: string;
}

/** A row of it, all texts as the server gives them. */
export type CatalogRow = readonly (string | null)[];

const COLUMNS = [
  't.TABLE_NAME',
  't.TABLE_TYPE',
  'c.COLUMN_NAME',
  'c.DATA_TYPE',
  'c.COLUMN_TYPE',
  'c.COLLATION_NAME',
  'c.IS_NULLABLE',
  'c.EXTRA',
  'c.GENERATION_EXPRESSION',
  'k.ORDINAL_POSITION',
] as const;

/** The queries that read a keyspace: of one slot, which stands for all, of its reference and of its unsharded tables. */
export function catalogQueries({ name, slots }: KeyspaceConfiguration): readonly CatalogQuery[] {
  const [slot] = slots;
  return [
    ...(slot === undefined
      ? []
      : [
          {
            place: { kind: 'slot', keyspace: name, slot } as const,
            kind: 'sharded' as const,
            sql: querySql(databaseOfSlot(name, slot)),
          },
        ]),
    { place: { kind: 'shared', keyspace: name }, kind: 'reference', sql: querySql(sharedDatabase(name)) },
    {
      place: { kind: 'unsharded', keyspace: name },
      kind: 'unsharded',
      sql: querySql(unshardedDatabase(name)),
    },
  ];
}

function querySql(database: string): string {
  return (
    `SELECT ${COLUMNS.join(', ')} FROM information_schema.TABLES t ` +
    'JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME ' +
    'LEFT JOIN information_schema.KEY_COLUMN_USAGE k ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME ' +
    "AND k.COLUMN_NAME = c.COLUMN_NAME AND k.CONSTRAINT_NAME = 'PRIMARY' " +
    `WHERE t.TABLE_SCHEMA = '${database}' ORDER BY t.TABLE_NAME, c.ORDINAL_POSITION`
  );
}

/** What the rows of one query say of its tables. A table in a database of the wrong kind is left out: statements do not reach it. */
export function readCatalogRows(
  keyspace: KeyspaceConfiguration,
  kind: TableKind,
  rows: readonly CatalogRow[],
): readonly TableDescription[] {
  const tables = new Map<string, CatalogRow[]>();
  for (const row of rows) {
    const name = row[0] ?? '';
    tables.set(name, [...(tables.get(name) ?? []), row]);
  }
  return [...tables]
    .map(([name, own]) => describeTable(keyspace, kind, name, own))
    .filter(({ name, isView }) => isView || keyspace.table(name).kind === kind);
}

function describeTable(
  keyspace: KeyspaceConfiguration,
  kind: TableKind,
  name: string,
  rows: readonly CatalogRow[],
): TableDescription {
  const columns = rows.map(describeColumn);
  const primaryKey = rows
    .filter((row) => row[9] !== null && row[9] !== undefined)
    .toSorted((left, right) => Number(left[9]) - Number(right[9]))
    .map((row) => (row[2] ?? '').toLowerCase());
  const isView = rows[0]?.[1]?.includes('VIEW') ?? false;
  const keyName = kind === 'sharded' && !isView ? keyspace.table(name).key : null;
  const column = columns.find((candidate) => candidate.name === keyName);
  const key =
    keyName === null || column === undefined ? null : { column: keyName, rule: ruleOf(keyspace, column) };
  return { name, kind, isView, columns, primaryKey, key };
}

function ruleOf({ layout }: KeyspaceConfiguration, column: ColumnDescription): KeyRule | KeyRefusal {
  if (column.generated) {
    return refuseKey('UnsupportedType', 'is calculated by the server', 'Use a column that is written');
  }
  const rule = readKeyRule(column);
  return rule.kind === 'refused' ? rule : (checkKeyRule(layout, rule) ?? rule);
}

function describeColumn(row: CatalogRow): ColumnDescription {
  const [, , name, dataType, columnType, collation = null, nullable, extra, expression] = row;
  return {
    name: (name ?? '').toLowerCase(),
    dataType: (dataType ?? '').toLowerCase(),
    columnType: (columnType ?? '').toLowerCase(),
    collation,
    nullable: nullable === 'YES',
    autoIncrement: (extra ?? '').includes('auto_increment'),
    invisible: (extra ?? '').includes('INVISIBLE'),
    generated: expression !== null && expression !== undefined && expression !== '',
  };
}
