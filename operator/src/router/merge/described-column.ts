/** What the catalog knows of the columns that a SELECT names. */
import type { ColumnDescription } from '../routing/catalog.ts';
import type { ColumnName } from '../sql/expression.ts';
import type { Source } from '../sql/query-shape.ts';
import type { ScatterScope, ScatterSelect } from './scatter-select.ts';

/**
 * What the catalog knows of a column of a table, or of one that a derived table takes over from a table as it is: by its type and
 * its collation the same values come out. Null for any other.
 */
export function describeColumn(select: ScatterScope, column: ColumnName): ColumnDescription | null {
  return describeIn(select, select.scopeIndex, column);
}

function describeIn(select: ScatterSelect, scope: number, column: ColumnName): ColumnDescription | null {
  const position = select.graph.resolver.resolve(scope, column);
  const source =
    position === null ? undefined : select.shape.scopes[position.scope]?.sources[position.source];
  switch (source?.kind) {
    case 'table': {
      const columns = select.tables[source.table]?.description?.columns;
      return columns?.find(({ name }) => name === column.name) ?? null;
    }
    case 'derived':
      return source.renamed ? null : describeOutput(select, source, column.name);
    // One that is looked through has no names of its own for its columns.
    case 'commonTable':
      return select.graph.transparent.has(source.query) ? describeOutput(select, source, column.name) : null;
    default:
      return null;
  }
}

/** Of a column that a derived table gives, where it has but one of that name. */
function describeOutput(
  select: ScatterSelect,
  { query }: Extract<Source, { kind: 'derived' | 'commonTable' }>,
  name: string,
): ColumnDescription | null {
  const body = select.shape.queries[query]?.body;
  const scope = body?.kind === 'select' ? select.shape.scopes[body.scope] : undefined;
  if (body?.kind !== 'select' || scope === undefined) {
    return null;
  }
  const found: (ColumnName | null)[] = [];
  for (const { expression, alias, aliasLiteral } of scope.items) {
    if (expression.kind === 'star') {
      const sources = scope.sources.filter((source) => (expression.table ?? source.name) === source.name);
      for (const source of sources) {
        const columns = select.graph.resolver.columnsOf(source);
        if (columns === null) {
          return null;
        }
        found.push(...columns.filter((each) => each === name).map(() => columnOf(source, name)));
      }
    } else if (aliasLiteral !== null || alias?.toLowerCase() === name) {
      found.push(expression.kind === 'column' && aliasLiteral === null ? expression.column : null);
    } else if (alias === null && expression.kind === 'column' && expression.column.name === name) {
      found.push(expression.column);
    }
  }
  const [column = null] = found;
  return column === null || found.length > 1 ? null : describeIn(select, body.scope, column);
}

function columnOf(source: Source, name: string): ColumnName {
  return { schema: null, table: source.name, name };
}
