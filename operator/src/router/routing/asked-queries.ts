/** SELECTs without tables of their own, which ask others: `SELECT EXISTS (SELECT …), (SELECT COUNT(*) FROM t)`. */
import type { Expression } from '../sql/expression.ts';
import type { Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';
import { constantOf } from './key-constraint.ts';

/** What an item of such a select list is. */
export type AskedItem =
  | { readonly kind: 'constant' }
  /** Whether the query has rows; `isNegated`: whether it has none. */
  | { readonly kind: 'exists'; readonly isNegated: boolean; readonly query: number }
  /** The one value of the query. */
  | { readonly kind: 'value'; readonly query: number };

/** The items of a SELECT that asks other queries; null where it is something else. */
export function askedItems({ shape, scope }: AskingScope): readonly AskedItem[] | null {
  const hasMore =
    scope.sources.length > 0 ||
    scope.where !== null ||
    scope.having !== null ||
    scope.groupBy.length > 0 ||
    scope.aggregates ||
    scope.windows.length > 0 ||
    scope.distinct;
  if (hasMore || shape.queries.some(({ commonTables }) => commonTables.length > 0)) {
    return null;
  }
  const items = scope.items.map(({ expression }) => itemOf(expression));
  return items.every((item) => item !== null) && items.some(({ kind }) => kind !== 'constant') ? items : null;
}

/** The scopes of the queries that a SELECT asks, whose rows are the statement's; null where it is something else. */
export function askedScopes(shape: StatementShape, query: Query): readonly number[] | null {
  const scope = query.body.kind === 'select' ? shape.scopes[query.body.scope] : undefined;
  const items = scope === undefined || query.orderBy.length > 0 ? null : askedItems({ shape, scope });
  const scopes = items?.flatMap((item) => (item.kind === 'constant' ? [] : [scopeOf(shape, item.query)]));
  return scopes?.every((index) => index !== null) === true ? scopes : null;
}

/** The scope of a query that is one SELECT; null for any other. */
export function scopeOf(shape: StatementShape, query: number): number | null {
  const body = shape.queries[query]?.body;
  return body?.kind === 'select' ? body.scope : null;
}

interface AskingScope {
  readonly shape: StatementShape;
  readonly scope: Scope;
}

function itemOf(expression: Expression): AskedItem | null {
  if (expression.kind === 'subquery') {
    return { kind: 'value', query: expression.query };
  }
  if (expression.kind === 'operation') {
    const [operand] = expression.operands;
    if (expression.operator === 'EXISTS' && operand?.kind === 'subquery') {
      return { kind: 'exists', isNegated: false, query: operand.query };
    }
    const inner = expression.operator === 'NOT' && operand !== undefined ? itemOf(operand) : null;
    return inner?.kind === 'exists' ? { ...inner, isNegated: !inner.isNegated } : null;
  }
  return constantOf(expression) === null ? null : { kind: 'constant' };
}
