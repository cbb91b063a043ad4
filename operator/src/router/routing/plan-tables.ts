/** What the tables of a statement leave to decide. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { TableReference } from '../sql/query-shape.ts';
import { findMentionedTables, type MentionedTable } from './mentioned-tables.ts';
import type { KeyspaceConfiguration } from './keyspace-configuration.ts';
import { refuseUnknownTable, refuseUnsupported, type Refused } from './refusal.ts';
import type { Plan, PlanContext } from './routing-plan.ts';

/** Tables of one keyspace, all of which the catalog knows. */
export interface KeyspaceTables {
  readonly keyspace: KeyspaceConfiguration;
  readonly tables: readonly MentionedTable[];
  /** Where they are: `reference` and `unsharded` without sharded ones; `unsharded` with reference tables beside. */
  readonly kind: 'sharded' | 'reference' | 'unsharded';
}

/** How to go on, by where the tables are. */
export interface TablePlanners {
  readonly none: () => Plan;
  readonly system: (schemas: readonly string[]) => Plan;
  readonly keyspace: (tables: KeyspaceTables) => Plan;
  /** Definitions are about tables that may not exist, and say themselves which kinds go together. */
  readonly isDefinition?: boolean;
}

/** A plan that always refuses. */
export function planRefusal(refused: Refused): Plan {
  return () => refused;
}

/** Finds the tables of a statement and plans accordingly. */
export function planTables(context: PlanContext, planners: TablePlanners): Plan {
  const found = findMentionedTables(context.shape, context.schema, context.keyspaces, context.catalog);
  switch (found.kind) {
    case 'refused':
      return planRefusal(found);
    case 'none':
      return planners.none();
    case 'system':
      return planners.system(found.schemas);
    case 'keyspace':
      return planKeyspace(context, found.keyspace, found.tables, planners);
    default:
      return assertNever(found);
  }
}

function planKeyspace(
  context: PlanContext,
  keyspace: KeyspaceConfiguration,
  tables: readonly MentionedTable[],
  planners: TablePlanners,
): Plan {
  const { name } = keyspace;
  const unknown = tables.find(({ description }) => description === undefined);
  if (unknown !== undefined && planners.isDefinition !== true) {
    return planUnknown(context, keyspace, unknown.reference);
  }
  const kinds = new Set(tables.map(({ kind }) => kind));
  if (kinds.has('sharded') && kinds.has('unsharded') && planners.isDefinition !== true) {
    const namesOf = (kind: string): string =>
      [...new Set(tables.filter((table) => table.kind === kind).map(({ reference }) => reference.name))].join(
        ', ',
      );
    return planRefusal(
      refuseUnsupported(
        `Sharded tables (${namesOf('sharded')}) and unsharded ones (${namesOf('unsharded')}) of ${name} are on different shards`,
        'Read them in two statements; or make the unsharded table a Reference table',
      ),
    );
  }
  const kind = kinds.has('sharded') ? 'sharded' : kinds.has('unsharded') ? 'unsharded' : 'reference';
  return planners.keyspace({ keyspace, tables, kind });
}

function planUnknown(
  { catalog }: PlanContext,
  { name }: KeyspaceConfiguration,
  reference: TableReference,
): Plan {
  const table = catalog.has(name) ? reference.name : null;
  return ({ input }) =>
    input.catalogIsFresh
      ? refuseUnknownTable(name, reference.name)
      : { kind: 'needsCatalog', keyspace: name, table };
}
