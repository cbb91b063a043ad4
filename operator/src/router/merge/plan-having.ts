/** HAVING over groups of several slots: comparisons of numbers. */
import type { Expression } from '../sql/expression.ts';
import { constantOf, keyLiteralOf } from '../routing/key-constraint.ts';
import { isYear } from './calculation-obstacles.ts';
import type { Condition, Operand } from './merge-plan.ts';
import { NeedsCalculation, type ScatterScope } from './scatter-select.ts';

type Operator = Extract<Condition, { kind: 'compare' }>['operator'];

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '<=>': '<=>',
};

/**
 * Plans a condition on groups. `valueOf` gives the index of an aggregate, a group or an alias among the values of a group.
 * @throws NeedsCalculation for whatever is no comparison of such values and numbers.
 */
export function planHaving(
  select: ScatterScope,
  expression: Expression,
  valueOf: (expression: Expression) => number | null,
): Condition {
  const operand = (node: Expression): Operand => {
    const constant = constantOf(node);
    if (constant !== null) {
      const value = keyLiteralOf(constant, select.values);
      if (value?.kind === 'null') {
        return { kind: 'constant', text: null };
      }
      const text =
        value?.kind === 'double' ? String(value.value) : value?.kind === 'number' ? value.text : null;
      if (text === null) {
        throw cannot();
      }
      return { kind: 'constant', text };
    }
    const index = isYear(select, node) ? null : valueOf(node);
    if (index === null) {
      throw cannot();
    }
    return { kind: 'value', index };
  };
  const compare = (operator: Operator, left: Expression, right: Expression): Condition => ({
    kind: 'compare',
    operator,
    left: operand(left),
    right: operand(right),
  });

  const plan = (node: Expression): Condition => {
    if (node.kind !== 'operation') {
      throw cannot();
    }
    const [first, second, third] = node.operands;
    if (first === undefined) {
      throw cannot();
    }
    const operator = OPERATORS[node.operator];
    if (operator !== undefined && second !== undefined) {
      return compare(operator, first, second);
    }
    switch (node.operator) {
      case 'AND':
      case 'OR':
        return { kind: node.operator === 'AND' ? 'and' : 'or', conditions: node.operands.map(plan) };
      case 'NOT':
      case '!':
        return negate(plan(first));
      case 'IS NULL':
      case 'IS NOT NULL': {
        const condition: Condition = { kind: 'isNull', operand: operand(first) };
        return node.operator === 'IS NULL' ? condition : negate(condition);
      }
      case 'BETWEEN':
      case 'NOT BETWEEN': {
        if (second === undefined || third === undefined) {
          throw cannot();
        }
        const condition: Condition = {
          kind: 'and',
          conditions: [compare('>=', first, second), compare('<=', first, third)],
        };
        return node.operator === 'BETWEEN' ? condition : negate(condition);
      }
      case 'IN':
      case 'NOT IN': {
        const condition: Condition = {
          kind: 'or',
          conditions: node.operands.slice(1).map((element) => compare('=', first, element)),
        };
        return node.operator === 'IN' ? condition : negate(condition);
      }
      default:
        throw cannot();
    }
  };
  return plan(expression);
}

function cannot(): NeedsCalculation {
  return new NeedsCalculation(
    'HAVING over groups of several slots compares more than aggregates and columns with numbers',
  );
}

function negate(condition: Condition): Condition {
  return { kind: 'not', condition };
}
