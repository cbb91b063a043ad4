/** SELECTs without tables of their own, which ask others: `SELECT EXISTS (SELECT …), (SELECT COUNT(*) FROM t)`. */
import { assertNever } from '../../runtime/assert-never.ts';
import type { Expression } from '../sql/expression.ts';
import type { Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';

/** A query within an item, which each slot answers for its own rows. */
export interface AskedQuery {
  /** `exists`: whether the query has rows; `value`: its one value. */
  readonly kind: 'exists' | 'value';
  /** With its parentheses, and with EXISTS in front. */
  readonly expression: Expression;
  readonly query: number;
}

/** What an item of such a select list is. */
export type AskedItem =
  /** The same whoever is asked. */
  | { readonly kind: 'constant' }
  /** Nothing but a query; `isNegated`: it is EXISTS, and whether the query has no rows is asked for. */
  | { readonly kind: 'query'; readonly asked: AskedQuery; readonly isNegated: boolean }
  /** An expression of which queries are parts, in the order of the text. */
  | { readonly kind: 'expression'; readonly asked: readonly AskedQuery[] };

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

/** The queries that an item asks. */
export function askedBy(item: AskedItem): readonly AskedQuery[] {
  switch (item.kind) {
    case 'constant':
      return [];
    case 'query':
      return [item.asked];
    case 'expression':
      return item.asked;
    default:
      return assertNever(item);
  }
}

/** The scopes of the queries that a SELECT asks, whose rows are the statement's; null where it is something else. */
export function askedScopes(shape: StatementShape, query: Query): readonly number[] | null {
  const scope = query.body.kind === 'select' ? shape.scopes[query.body.scope] : undefined;
  const items = scope === undefined || query.orderBy.length > 0 ? null : askedItems({ shape, scope });
  const scopes = items?.flatMap(askedBy).map((asked) => scopeOf(shape, asked.query));
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
  const asked = queryOf(expression);
  if (asked !== null) {
    return { kind: 'query', asked, isNegated: false };
  }
  const negated = negatedItem(expression);
  if (negated !== null) {
    return negated;
  }
  const parts = partsOf(expression);
  if (parts === null) {
    return null;
  }
  return parts.length > 0 ? { kind: 'expression', asked: parts } : { kind: 'constant' };
}

/** NOT EXISTS (…), which slots answer as well. */
function negatedItem(expression: Expression): AskedItem | null {
  const operand =
    expression.kind === 'operation' && expression.operator === 'NOT' ? expression.operands[0] : undefined;
  const inner = operand === undefined ? null : itemOf(operand);
  return inner?.kind === 'query' && inner.asked.kind === 'exists'
    ? { ...inner, isNegated: !inner.isNegated }
    : null;
}

function queryOf(expression: Expression): AskedQuery | null {
  if (expression.kind === 'subquery') {
    return { kind: 'value', expression, query: expression.query };
  }
  const operand =
    expression.kind === 'operation' && expression.operator === 'EXISTS' ? expression.operands[0] : undefined;
  return operand?.kind === 'subquery' ? { kind: 'exists', expression, query: operand.query } : null;
}

/** Operators that compare with all rows of a query. */
const OVER_ROWS: ReadonlySet<string> = new Set(['IN', 'NOT IN', 'ANY', 'ALL', 'EXISTS']);

/** The queries in an expression, in the order of the text; null where something in it is neither constant nor one value of a query. */
function partsOf(expression: Expression): readonly AskedQuery[] | null {
  const asked = queryOf(expression);
  if (asked !== null) {
    return [asked];
  }
  switch (expression.kind) {
    case 'literal':
    case 'null':
    case 'boolean':
      return [];
    case 'call':
      return expression.aggregate || expression.window ? null : partsOfAll(expression.arguments);
    case 'operation':
      return OVER_ROWS.has(expression.operator) &&
        expression.operands.some((operand) => operand.kind === 'subquery')
        ? null
        : partsOfAll(expression.operands);
    default:
      return null;
  }
}

function partsOfAll(expressions: readonly Expression[]): readonly AskedQuery[] | null {
  const parts: AskedQuery[] = [];
  for (const expression of expressions) {
    const own = partsOf(expression);
    if (own === null) {
      return null;
    }
    parts.push(...own);
  }
  return parts.toSorted((one, other) => one.expression.tokens.first - other.expression.tokens.first);
}
