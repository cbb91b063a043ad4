import { assertNever } from '../../runtime/assert-never.ts';
import type { QueryBody } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';

/** Parts of a UNION that stand together. */
export interface UnionGroup {
  /** Indexes of their scopes, in the order of the text. */
  readonly scopes: readonly number[];
  /** Whether equal rows of them count once. */
  readonly isDistinct: boolean;
}

/** A UNION taken apart. */
export interface UnionParts {
  /** Indexes of its SELECTs' scopes, in the order of the text; of a plain SELECT its own. */
  readonly scopes: readonly number[];
  /** Whether equal rows of all count once: the last UNION has no ALL, whatever the others have. */
  readonly isDistinct: boolean;
  /** The same by what counts once: before a UNION, everything; behind it, each part of UNION ALL by itself. */
  readonly groups: readonly UnionGroup[];
}

/**
 * Takes a UNION apart. Null for what is not the same as the rows of its groups: EXCEPT and INTERSECT, VALUES, and parts with a LIMIT
 * of their own.
 */
export function unionParts(shape: StatementShape, body: QueryBody): UnionParts | null {
  const groups = groupsOf(shape, body);
  const [first, second] = groups ?? [];
  return groups === null || first === undefined
    ? null
    : {
        scopes: groups.flatMap(({ scopes }) => scopes),
        isDistinct: second === undefined && first.isDistinct,
        groups,
      };
}

function groupsOf(shape: StatementShape, body: QueryBody): readonly UnionGroup[] | null {
  switch (body.kind) {
    case 'select':
      return [{ scopes: [body.scope], isDistinct: false }];
    case 'query': {
      const inner = plainQuery(shape, body.query);
      return inner === null ? null : groupsOf(shape, inner);
    }
    case 'set': {
      if (body.operator !== 'UNION') {
        return null;
      }
      if (!body.all) {
        const scopes = selectsOf(shape, body);
        return scopes === null ? null : [{ scopes, isDistinct: true }];
      }
      const left = groupsOf(shape, body.left);
      const right = groupsOf(shape, body.right);
      return left === null || right === null ? null : [...left, ...right];
    }
    case 'values':
      return null;
    default:
      return assertNever(body);
  }
}

/** What a query in parentheses is made of; null where it sorts or leaves out rows. */
function plainQuery(shape: StatementShape, query: number): QueryBody | null {
  const inner = shape.queries[query];
  return inner !== undefined && inner.limit === null && inner.orderBy.length === 0 ? inner.body : null;
}

/** All SELECTs of what counts equal rows once, so that it makes no difference whether a part of it does. */
function selectsOf(shape: StatementShape, body: QueryBody): readonly number[] | null {
  switch (body.kind) {
    case 'select':
      return [body.scope];
    case 'query': {
      const inner = plainQuery(shape, body.query);
      return inner === null ? null : selectsOf(shape, inner);
    }
    case 'set': {
      if (body.operator !== 'UNION') {
        return null;
      }
      const left = selectsOf(shape, body.left);
      const right = selectsOf(shape, body.right);
      return left === null || right === null ? null : [...left, ...right];
    }
    case 'values':
      return null;
    default:
      return assertNever(body);
  }
}
