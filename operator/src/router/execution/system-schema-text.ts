/**
 * information_schema as of one database: each of its tables that tells of databases is replaced by a query over it, in which the databases
 * of one slot, of the reference tables and of the unsharded tables have the keyspace's name, and those of other slots are
 * left out. The list of processes is that of the router's clients.
 */
import { databaseOfSlot, sharedDatabase, unshardedDatabase } from '../../core/keyspace/database-names.ts';
import type { ClientProcess } from '../client/client-process.ts';
import { textLiteral } from '../session/session-variables.ts';
import type { TableReference } from '../sql/query-shape.ts';
import { type Edit, rewriteStatement } from '../sql/rewrite.ts';
import type { Execution } from './execution.ts';
import { quoteName } from './participants.ts';
import { processTable } from './process-list.ts';
import type { Statement } from './statement.ts';

const INFORMATION_SCHEMA = 'information_schema';

/** Columns that name a database. */
const SCHEMA_COLUMN = /^(?:.*_)?SCHEMA(?:_NAME)?$|^(?:TABLE_DB|DATABASE)$/;
const NOT_A_SCHEMA: ReadonlySet<string> = new Set(['DEFAULT_SCHEMA']);

/** The databases of keyspaces by what clients call them. */
export interface ShownDatabases {
  /** Name of the database to name of the keyspace. */
  readonly names: ReadonlyMap<string, string>;
}

/** The text of a statement about the server's own schemas, as it runs on a server. */
export function systemSchemaText(
  execution: Execution,
  { parsed }: Pick<Statement, 'parsed'>,
  functionEdits: readonly Edit[],
  processes: readonly ClientProcess[] = [],
): Buffer {
  const { systemColumns } = execution.environment.facts();
  const shown = shownDatabases(execution);
  const current = execution.session.schema;
  const edits = parsed.shape.tables.flatMap((reference): Edit[] => {
    const schema = (reference.schema ?? current ?? '').toLowerCase();
    const columns = systemColumns.get(reference.name.toUpperCase());
    if (schema !== INFORMATION_SCHEMA || columns === undefined) {
      return [];
    }
    const text = isProcessList(reference)
      ? processTable(processes, columns) +
        (reference.alias === null ? ` AS ${quoteName(reference.name)}` : '')
      : replacement(reference, columns, shown);
    return [{ tokens: reference.tokens, text }];
  });
  // The table has an alias now, under which its columns are found.
  const qualifiers = parsed.shape.qualifiers
    .filter(
      ({ schema, of }) => schema.toLowerCase() === INFORMATION_SCHEMA && (of === 'column' || of === 'star'),
    )
    .map(({ tokens }): Edit => ({ tokens, text: '' }));
  return rewriteStatement(parsed, [...edits, ...qualifiers, ...nameEdits(parsed), ...functionEdits]);
}

/** Columns of a query are called as the query itself writes them, in whatever case; those of a server's own table, as they are written there. */
function nameEdits(parsed: Statement['parsed']): readonly Edit[] {
  return parsed.shape.scopes
    .flatMap(({ items }) => items)
    .flatMap(({ expression, alias, aliasLiteral }): Edit[] => {
      const { end } = expression.tokens;
      return expression.kind !== 'column' ||
        alias !== null ||
        aliasLiteral !== null ||
        parsed.textOf({ first: end, end: end + 1 }) === ')'
        ? []
        : [
            {
              tokens: { first: end, end },
              text: ` AS ${quoteName(unquoted(parsed.textOf({ first: end - 1, end })))}`,
            },
          ];
    });
}

function unquoted(name: string): string {
  const [quote = ''] = name;
  return quote === '`' || quote === '"' ? name.slice(1, -1).replaceAll(quote + quote, quote) : name;
}

/** Whether a table of a server's own schema is the list of processes, which is the router's to tell. */
export function isProcessList({ name }: Pick<TableReference, 'name'>): boolean {
  return name.toUpperCase() === 'PROCESSLIST';
}

/** What stands instead of one table. */
export function replacement(
  { name, alias }: Pick<TableReference, 'name' | 'alias'>,
  columns: readonly string[],
  { names }: ShownDatabases,
): string {
  const table = `${INFORMATION_SCHEMA}.${quoteName(name.toUpperCase())}`;
  const schemaColumns = columns.filter(
    (column) => SCHEMA_COLUMN.test(column.toUpperCase()) && !NOT_A_SCHEMA.has(column.toUpperCase()),
  );
  const [first] = schemaColumns;
  if (first === undefined || names.size === 0) {
    return alias === null ? `${table} AS ${quoteName(name)}` : table;
  }
  const shownAs = (column: string): string =>
    `CASE ${quoteName(column)} ${[...names].map(([database, keyspace]) => `WHEN ${textLiteral(database)} THEN ${textLiteral(keyspace)}`).join(' ')} ELSE ${quoteName(column)} END AS ${quoteName(column)}`;
  const list = columns.map((column) =>
    schemaColumns.includes(column) ? shownAs(column) : quoteName(column),
  );
  // A keyspace is one database in the list of databases, whatever it is made of.
  const databases =
    name.toUpperCase() === 'SCHEMATA'
      ? [...new Map([...names].map(([database, shown]) => [shown, database])).values()]
      : names.keys();
  const visible = [...databases, INFORMATION_SCHEMA].map((database) => textLiteral(database)).join(', ');
  const query = `(SELECT ${list.join(', ')} FROM ${table} WHERE ${quoteName(first)} IN (${visible}))`;
  return alias === null ? `${query} AS ${quoteName(name)}` : query;
}

function shownDatabases(execution: Execution): ShownDatabases {
  const topology = execution.topology();
  const names = new Map<string, string>();
  for (const [keyspace, configuration] of topology.keyspaces) {
    const home = topology.places.get(keyspace)?.homeShard;
    const [slot] = home === undefined ? [] : (configuration.slotsByShard.get(home) ?? []);
    names.set(unshardedDatabase(keyspace), keyspace);
    names.set(sharedDatabase(keyspace), keyspace);
    if (slot !== undefined) {
      names.set(databaseOfSlot(keyspace, slot), keyspace);
    }
  }
  return { names };
}
