import { walkExpression } from '../routing/expression-walk.ts';
import { isRepeatableFunction } from '../routing/functions.ts';
import type { Scope } from '../sql/query-shape.ts';

/** Whether equal rows make no difference to a SELECT with DISTINCT or GROUP BY, so that a server need see each but once. */
export function isMadeOfColumns({ items, groupBy, having, aggregates, distinct }: Scope): boolean {
  const expressions = [...items, ...groupBy].map(({ expression }) => expression);
  return (
    !aggregates &&
    (distinct || groupBy.length > 0) &&
    [...expressions, ...(having === null ? [] : [having])].every((expression) =>
      [...walkExpression(expression)].every(
        (node) => node.kind !== 'call' || (node.schema === null && isRepeatableFunction(node.name)),
      ),
    )
  );
}
