import { assertNever } from '../../runtime/assert-never.ts';
import type { Expression } from '../sql/expression.ts';
import type { Limit, Query } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import { constantOf, type ConstantValues, keyLiteralOf } from '../routing/key-constraint.ts';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { CannotMerge } from './scatter-select.ts';

/** LIMIT of a merged result, and what each slot is asked for instead. */
export interface PlannedLimit {
  readonly offset: number;
  readonly limit: number | null;
  readonly edits: readonly Edit[];
}

/**
 * Plans LIMIT. `pushed`: each slot gives its first offset + count rows, which hold everything that can be among those of all; otherwise
 * each gives all.
 */
export function planLimit(limit: Limit | null, values: ConstantValues, pushed: boolean): PlannedLimit {
  if (limit === null) {
    return { offset: 0, limit: null, edits: [] };
  }
  refuseSpecialLimit(limit);
  const offset = limit.offset === null ? 0 : (numberOf(limit.offset, values) ?? Number.MAX_SAFE_INTEGER);
  // As 18446744073709551615 is written for "all".
  const count = limit.count === null ? null : numberOf(limit.count, values);
  const most = count === null ? null : offset + count;
  const text = pushed && most !== null && Number.isSafeInteger(most) ? `LIMIT ${most}` : '';
  return { offset, limit: count, edits: [{ tokens: limit.tokens, text }] };
}

/** Refuses what is about more than how many rows there are. @throws CannotMerge */
export function refuseSpecialLimit(limit: Limit | null): void {
  if (limit?.special === true) {
    throw new CannotMerge(
      'LIMIT ROWS EXAMINED or WITH TIES over several slots',
      'Use LIMIT alone, or give the key',
    );
  }
}

/** The number; null where it is beyond 2^53. */
function numberOf(expression: Expression, values: ConstantValues): number | null {
  const constant = constantOf(expression);
  const value = constant === null ? null : keyLiteralOf(constant, values);
  const text = value === null ? '' : digitsOf(value);
  const isWhole = /^\d+(?:\.0*)?(?:e\+?\d+)?$/i.test(text);
  if (!isWhole) {
    throw new CannotMerge(
      'LIMIT over several slots is no number',
      'Write the number, or bind the parameter as an integer',
    );
  }
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** As a server reads what is bound to LIMIT: drivers send numbers as texts, and as doubles, whose text is `2e0`. */
function digitsOf(value: KeyLiteral): string {
  switch (value.kind) {
    case 'number':
      return value.text;
    case 'double':
      return String(value.value);
    case 'string':
      return Buffer.from(value.bytes).toString('latin1');
    case 'bytes':
    case 'null':
      return '';
    default:
      return assertNever(value);
  }
}

/** The edit that has a query answer with its columns and no rows, whatever LIMIT it has. */
export function withoutRows({ limit, limitPlace }: Pick<Query, 'limit' | 'limitPlace'>): Edit {
  return { tokens: limit?.tokens ?? { first: limitPlace, end: limitPlace }, text: 'LIMIT 0' };
}
