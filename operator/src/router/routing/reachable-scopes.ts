/** Where the rows of queries come from. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { QueryBody } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';

/** The SELECTs of a query that are not queries within others. */
export function scopesOf(shape: StatementShape, body: QueryBody): readonly number[] {
  switch (body.kind) {
    case 'select':
      return [body.scope];
    case 'values':
      return [];
    case 'set':
      return [...scopesOf(shape, body.left), ...scopesOf(shape, body.right)];
    case 'query': {
      const query = shape.queries[body.query];
      return query === undefined ? [] : scopesOf(shape, query.body);
    }
    default:
      return assertNever(body);
  }
}

/** The scopes and those that they have their rows from, by FROM. */
export function reachableScopes(shape: StatementShape, scopes: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>();
  const visit = (index: number): void => {
    if (reached.has(index)) {
      return;
    }
    reached.add(index);
    for (const source of shape.scopes[index]?.sources ?? []) {
      if (source.kind === 'derived' || source.kind === 'commonTable') {
        const query = shape.queries[source.query];
        for (const scope of query === undefined ? [] : scopesOf(shape, query.body)) {
          visit(scope);
        }
      }
    }
  };
  for (const scope of scopes) {
    visit(scope);
  }
  return reached;
}
