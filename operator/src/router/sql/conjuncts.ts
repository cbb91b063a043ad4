import type { ColumnName, Expression } from './expression.ts';
import type { Conjunct, ConjunctNode } from './query-shape.ts';

type OperationNode = Extract<Expression, { kind: 'operation' }>;
type Bound = { readonly value: Expression; readonly inclusive: boolean };

/** `a op b` turned round. */
const mirrored: ReadonlyMap<string, string> = new Map([
  ['=', '='],
  ['<=>', '<=>'],
  ['<', '>'],
  ['<=', '>='],
  ['>', '<'],
  ['>=', '<='],
]);

/**
 * The conditions that must all hold where `condition` does, as far as they say something about single columns; the others are
 * left out, which makes less provable and never more. `binds` as in `Conjunct`.
 */
export function findConjuncts(condition: Expression, binds: readonly number[]): Conjunct[] {
  const found: Conjunct[] = [];
  const pending: Expression[] = [condition];
  for (let expression = pending.pop(); expression !== undefined; expression = pending.pop()) {
    if (expression.kind !== 'operation') continue;
    if (expression.operator === 'AND') {
      for (const operand of expression.operands.toReversed()) pending.push(operand);
    } else {
      for (const node of readCondition(expression)) found.push({ ...node, binds });
    }
  }
  return found;
}

function readCondition(condition: OperationNode): readonly ConjunctNode[] {
  const [first, second, third] = condition.operands;
  if (first === undefined) return [];
  switch (condition.operator) {
    case '=':
    case '<=>':
      return second === undefined ? [] : readEquality(first, second, condition.operator === '<=>');
    case '<':
    case '<=':
    case '>':
    case '>=':
      return second === undefined ? [] : readComparison(first, condition.operator, second);
    case 'BETWEEN':
      if (first.kind !== 'column' || second === undefined || third === undefined) return [];
      return [range(first.column, inclusive(second), inclusive(third))];
    case 'IN':
      return readIn(first, condition.operands.slice(1));
    case 'NOT IN':
      return first.kind === 'column' && second?.kind === 'subquery' && third === undefined
        ? [{ kind: 'inQuery', column: first.column, query: second.query, negated: true }]
        : [];
    case 'OR':
      return readAlternatives(condition.operands);
    default:
      return [];
  }
}

function readEquality(left: Expression, right: Expression, nullSafe: boolean): readonly ConjunctNode[] {
  if (left.kind === 'row' && right.kind === 'row' && left.items.length === right.items.length) {
    return left.items.flatMap((item, index) =>
      readEquality(item, right.items[index] as Expression, nullSafe),
    );
  }
  if (left.kind === 'column' && right.kind === 'column') {
    return [{ kind: 'columnsEqual', left: left.column, right: right.column, nullSafe }];
  }
  if (left.kind === 'column') return [{ kind: 'equal', column: left.column, value: right, nullSafe }];
  if (right.kind === 'column') return [{ kind: 'equal', column: right.column, value: left, nullSafe }];
  return [];
}

function readComparison(left: Expression, operator: string, right: Expression): readonly ConjunctNode[] {
  if (left.kind !== 'column') {
    if (right.kind !== 'column') return [];
    return readComparison(right, mirrored.get(operator) as string, left);
  }
  const bound: Bound = { value: right, inclusive: operator.endsWith('=') };
  return [operator.startsWith('<') ? range(left.column, null, bound) : range(left.column, bound, null)];
}

function readIn(tested: Expression, items: readonly Expression[]): readonly ConjunctNode[] {
  const [only] = items;
  if (tested.kind === 'column') {
    if (only?.kind === 'subquery' && items.length === 1) {
      return [{ kind: 'inQuery', column: tested.column, query: only.query, negated: false }];
    }
    return [{ kind: 'in', column: tested.column, values: items, elements: items.map((item) => item.tokens) }];
  }
  if (tested.kind !== 'row') return [];
  return tested.items.flatMap((column, place): ConjunctNode[] => {
    if (column.kind !== 'column') return [];
    const values = items.map((item) => (item.kind === 'row' ? item.items[place] : undefined));
    if (!values.every((value) => value !== undefined)) return [];
    return [{ kind: 'in', column: column.column, values, elements: items.map((item) => item.tokens) }];
  });
}

/** `a = 1 OR a = 2 OR a IN (3, 4)` says as much as `a IN (1, 2, 3, 4)`. */
function readAlternatives(alternatives: readonly Expression[]): readonly ConjunctNode[] {
  let column: ColumnName | null = null;
  const values: Expression[] = [];
  for (const alternative of alternatives) {
    if (alternative.kind !== 'operation') return [];
    const [condition] = readCondition(alternative);
    if (condition === undefined || (condition.kind !== 'equal' && condition.kind !== 'in')) return [];
    // `<=>` finds NULL, which IN does not.
    if (condition.kind === 'equal' && condition.nullSafe) return [];
    column ??= condition.column;
    if (!sameColumn(column, condition.column)) return [];
    for (const value of condition.kind === 'in' ? condition.values : [condition.value]) values.push(value);
  }
  return column === null ? [] : [{ kind: 'in', column, values, elements: null }];
}

function sameColumn(left: ColumnName, right: ColumnName): boolean {
  return left.name === right.name && left.table === right.table && left.schema === right.schema;
}

function range(column: ColumnName, low: Bound | null, high: Bound | null): ConjunctNode {
  return { kind: 'range', column, low, high };
}

function inclusive(value: Expression): Bound {
  return { value, inclusive: true };
}
