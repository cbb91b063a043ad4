/** Which tables a statement is about. */
import { readDatabaseName } from '../../core/keyspace/database-names.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { TableReference } from '../sql/query-shape.ts';
import type { Catalog, TableDescription, TableKind } from './catalog.ts';
import type { KeyspaceConfiguration, TableConfiguration } from './keyspace-configuration.ts';
import { refuseNoDatabase, refuseUnknownDatabase, refuseUnsupported, type Refused } from './refusal.ts';

/** One mention of a table of a keyspace. */
export interface MentionedTable {
  readonly reference: TableReference;
  readonly kind: TableKind;
  readonly configuration: TableConfiguration;
  /** Undefined where the catalog has none of that name. */
  readonly description: TableDescription | undefined;
}

/**
 * The tables of a statement.
 * - `none`: it mentions none.
 * - `system`: all are in schemas of the server itself, by their names in lower case.
 * - `keyspace`: all are of one keyspace, in the order of the shape's `tables`.
 */
export type MentionedTables =
  | { readonly kind: 'none' }
  | { readonly kind: 'system'; readonly schemas: readonly string[] }
  | {
      readonly kind: 'keyspace';
      readonly keyspace: KeyspaceConfiguration;
      readonly tables: readonly MentionedTable[];
    };

/** Schemas of the server itself. */
export const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  'information_schema',
  'performance_schema',
  'mysql',
  'sys',
]);

/** Finds the tables of a statement. `schema` is the session's. */
export function findMentionedTables(
  shape: StatementShape,
  schema: string | null,
  keyspaces: ReadonlyMap<string, KeyspaceConfiguration>,
  catalog: Catalog,
): MentionedTables | Refused {
  const schemas = new Set<string>();
  for (const reference of shape.tables) {
    const name = reference.schema ?? schema;
    if (name === null) {
      return refuseNoDatabase();
    }
    schemas.add(SYSTEM_SCHEMAS.has(name.toLowerCase()) ? name.toLowerCase() : name);
  }
  if (schemas.size === 0) {
    return { kind: 'none' };
  }
  const others = [...schemas].filter((name) => !SYSTEM_SCHEMAS.has(name));
  const [name] = others;
  if (name === undefined) {
    return { kind: 'system', schemas: [...schemas] };
  }
  if (others.length !== schemas.size) {
    return refuseUnsupported(
      `The statement mentions tables of ${name} and of the server's own schemas`,
      'Read them in two statements',
    );
  }
  const unknown = others.find((other) => !keyspaces.has(other));
  if (unknown !== undefined) {
    return refuseUnknown(unknown, keyspaces);
  }
  const keyspace = keyspaces.get(name);
  if (keyspace === undefined || others.length > 1) {
    return refuseUnsupported(
      `The statement mentions tables of several keyspaces: ${others.join(', ')}`,
      'Use one statement for each keyspace',
    );
  }
  return {
    kind: 'keyspace',
    keyspace,
    tables: shape.tables.map((reference) => {
      const configuration = keyspace.table(reference.name);
      const description = catalog.table(name, reference.name);
      return {
        reference,
        // A view is where the tables that it reads are.
        kind: description?.kind ?? configuration.kind,
        configuration,
        description,
      };
    }),
  };
}

function refuseUnknown(name: string, keyspaces: ReadonlyMap<string, KeyspaceConfiguration>): Refused {
  const keyspace = readDatabaseName(name)?.keyspace;
  return keyspace !== undefined && keyspaces.has(keyspace)
    ? refuseUnsupported(
        `${name} is a part of the keyspace ${keyspace}, which is one database here`,
        `Write ${keyspace}; to reach one slot, SET shardwright_key`,
      )
    : refuseUnknownDatabase(name);
}
