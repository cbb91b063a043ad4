import { assertNever } from '../../runtime/assert-never.ts';
import type { Query, QueryBody } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';

/** A UNION taken apart. */
export interface UnionParts {
  /** Indexes of its SELECTs' scopes, in the order of the text; of a plain SELECT its own. */
  readonly scopes: readonly number[];
  /** Whether equal rows count once: the last UNION has no ALL, whatever the others have. */
  readonly isDistinct: boolean;
}

/**
 * Takes a UNION apart. Null for what is not the same as all of its SELECTs' rows (each once, where it is distinct): EXCEPT and
 * INTERSECT, VALUES, parts with a LIMIT of their own, and UNION ALL after a UNION.
 */
export function unionParts(shape: StatementShape, query: Query): UnionParts | null {
  const isDistinct = isDistinctUnion(shape, query.body);
  const scopes = selectsOf(shape, query.body, isDistinct);
  return scopes === null ? null : { scopes, isDistinct };
}

function isDistinctUnion(shape: StatementShape, body: QueryBody): boolean {
  const inner = body.kind === 'query' ? shape.queries[body.query] : undefined;
  if (inner !== undefined) {
    return isDistinctUnion(shape, inner.body);
  }
  return body.kind === 'set' && body.operator === 'UNION' && !body.all;
}

/** `isDistinct`: what is around counts equal rows once, so that it makes no difference whether this does. */
function selectsOf(shape: StatementShape, body: QueryBody, isDistinct: boolean): readonly number[] | null {
  switch (body.kind) {
    case 'select':
      return [body.scope];
    case 'query': {
      const inner = shape.queries[body.query];
      const isPlain = inner !== undefined && inner.limit === null && inner.orderBy.length === 0;
      return isPlain ? selectsOf(shape, inner.body, isDistinct) : null;
    }
    case 'set': {
      if (body.operator !== 'UNION' || !(isDistinct || body.all)) {
        return null;
      }
      const left = selectsOf(shape, body.left, isDistinct);
      const right = selectsOf(shape, body.right, isDistinct);
      return left === null || right === null ? null : [...left, ...right];
    }
    case 'values':
      return null;
    default:
      return assertNever(body);
  }
}
