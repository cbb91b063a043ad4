/** HAVING on merged groups: three-valued, numbers only. */
import { assertNever } from '../../runtime/assert-never.ts';
import { compareExact, readExact } from './exact-number.ts';
import type { Condition, Operand } from './merge-plan.ts';

/** Text of a group's value by its index; null for NULL. */
export type ValueText = (index: number) => string | null;

/** Whether a group satisfies a condition; null: unknown, which is not enough. */
export function evaluateCondition(condition: Condition, value: ValueText): boolean | null {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      // AND ends with a false one, OR with a true one; else with an unknown one.
      const decisive = condition.kind === 'or';
      const results = condition.conditions.map((part) => evaluateCondition(part, value));
      return results.includes(decisive) ? decisive : results.includes(null) ? null : !decisive;
    }
    case 'not': {
      const result = evaluateCondition(condition.condition, value);
      return result === null ? null : !result;
    }
    case 'isNull':
      return textOf(condition.operand, value) === null;
    case 'compare':
      return compare(condition, value);
    default:
      return assertNever(condition);
  }
}

/** Indexes of the values that a condition compares as numbers. */
export function comparedValues(condition: Condition): readonly number[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.conditions.flatMap(comparedValues);
    case 'not':
      return comparedValues(condition.condition);
    case 'isNull':
      return [];
    case 'compare':
      return [condition.left, condition.right].flatMap((operand) =>
        operand.kind === 'value' ? [operand.index] : [],
      );
    default:
      return assertNever(condition);
  }
}

function textOf(operand: Operand, value: ValueText): string | null {
  return operand.kind === 'constant' ? operand.text : value(operand.index);
}

function compare(
  { operator, left, right }: Extract<Condition, { kind: 'compare' }>,
  value: ValueText,
): boolean | null {
  const one = textOf(left, value);
  const other = textOf(right, value);
  if (one === null || other === null) {
    return operator === '<=>' ? one === other : null;
  }
  const difference = compareNumbers(one, other);
  switch (operator) {
    case '=':
    case '<=>':
      return difference === 0;
    case '<>':
      return difference !== 0;
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    default:
      return assertNever(operator);
  }
}

/** With an exponent a number is approximate, and so is the comparison. */
function compareNumbers(left: string, right: string): number {
  return /e/i.test(left) || /e/i.test(right)
    ? Number(left) - Number(right)
    : compareExact(readExact(left), readExact(right));
}
