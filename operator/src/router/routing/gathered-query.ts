import type { Query } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import type { KeyGraph } from './key-graph.ts';

/**
 * The query in FROM of which one server has to see all rows: it sorts rows of all slots out, or counts them, and the statement selects
 * from it alone. Null where there is no such query, or a WITH, whose rows come from elsewhere. A LIMIT in it is about rows of which slots would have to give all.
 */
export function gatheredQuery(
  { scopes, queries }: StatementShape,
  { body }: Query,
  { transparent }: KeyGraph,
): number | null {
  const [source, other] = body.kind === 'select' ? (scopes[body.scope]?.sources ?? []) : [];
  const hasWith = queries.some(({ nesting }) => nesting === 'commonTable');
  if (hasWith || source?.kind !== 'derived' || other !== undefined || transparent.has(source.query)) {
    return null;
  }
  const inner = queries[source.query];
  const scope = inner?.body.kind === 'select' ? scopes[inner.body.scope] : undefined;
  return inner === undefined || inner.limit !== null || scope === undefined || scope.windows.length > 0
    ? null
    : source.query;
}
