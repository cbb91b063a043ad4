import type { CallNode, ColumnName, Expression } from '../sql/expression.ts';
import type { Query, Scope } from '../sql/query-shape.ts';
import type { StatementShape } from '../sql/statement-shape.ts';

/** The expression and all within it, the outer ones first. Queries in it are not entered. */
export function* walkExpression(expression: Expression): Generator<Expression> {
  yield expression;
  for (const child of childrenOf(expression)) {
    yield* walkExpression(child);
  }
}

/** The expressions that an expression is made of. Queries are not entered. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
      return expression.orderBy.length === 0
        ? expression.arguments
        : [...expression.arguments, ...expression.orderBy];
    case 'operation':
      return expression.operands;
    case 'row':
      return expression.items;
    default:
      return [];
  }
}

/** Columns in an expression, those in queries within it left out. */
export function columnsIn(expression: Expression): readonly ColumnName[] {
  const columns: ColumnName[] = [];
  for (const node of walkExpression(expression)) {
    if (node.kind === 'column') {
      columns.push(node.column);
    }
  }
  return columns;
}

/** Aggregates in an expression that are no window functions, the outermost only. */
export function* aggregatesIn(expression: Expression): Generator<Expression & CallNode> {
  for (const node of walkExpression(expression)) {
    if (node.kind === 'call' && node.aggregate && !node.window) {
      yield node;
    }
  }
}

function* scopeExpressions(scope: Scope): Generator<Expression> {
  for (const { expression } of scope.items) {
    yield expression;
  }
  for (const { expression } of scope.groupBy) {
    yield expression;
  }
  if (scope.where !== null) {
    yield scope.where;
  }
  if (scope.having !== null) {
    yield scope.having;
  }
  for (const conjunct of scope.conjuncts) {
    if (conjunct.kind === 'equal') {
      yield conjunct.value;
    }
  }
}

function* queryExpressions(query: Query): Generator<Expression> {
  for (const { expression } of query.orderBy) {
    yield expression;
  }
}

function* ownExpressions(shape: StatementShape): Generator<Expression> {
  switch (shape.kind) {
    case 'insert':
      if (shape.source.kind !== 'query') {
        const rows = shape.source.kind === 'values' ? shape.source.rows : [shape.source.row];
        yield* rows.flatMap(({ values }) => values);
      }
      yield* shape.onDuplicate.map(({ value }) => value);
      yield* shape.returning.map(({ expression }) => expression);
      return;
    case 'update':
      yield* shape.assignments.map(({ value }) => value);
      yield* shape.orderBy.map(({ expression }) => expression);
      return;
    case 'delete':
      yield* shape.returning.map(({ expression }) => expression);
      yield* shape.orderBy.map(({ expression }) => expression);
      return;
    case 'loadData':
      yield* shape.assignments.map(({ value }) => value);
      return;
    case 'call':
      yield* shape.arguments;
      return;
    case 'do':
      yield* shape.expressions;
      return;
    default:
  }
}

/** Expressions of a statement, with all within them. Not all of them: conditions of joins are there only as far as they are conjuncts. */
export function* walkStatement(shape: StatementShape): Generator<Expression> {
  for (const scope of shape.scopes) {
    for (const expression of scopeExpressions(scope)) {
      yield* walkExpression(expression);
    }
  }
  for (const query of shape.queries) {
    for (const expression of queryExpressions(query)) {
      yield* walkExpression(expression);
    }
  }
  for (const expression of ownExpressions(shape)) {
    yield* walkExpression(expression);
  }
}
