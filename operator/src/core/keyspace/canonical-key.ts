import { assertNever } from '../assert-never.ts';
import { canonicalDate } from './canonical-date.ts';
import { canonicalDecimal, canonicalInteger } from './canonical-number.ts';
import { canonicalBinary, canonicalText, canonicalUuid } from './canonical-text.ts';
import { type CanonicalKey, type KeyLiteral, type KeyRefusal, refuseKey } from './key-literal.ts';
import type { KeyRule } from './key-rule.ts';

/**
 * The key of a value in a column, or why it has none. Two values that MariaDB takes for equal in the column have one key,
 * and a value that is stored unchanged has the key of what is stored. May keep the bytes of the literal.
 */
export function canonicalKey(literal: KeyLiteral, rule: KeyRule): CanonicalKey | KeyRefusal {
  if (literal.kind === 'null') {
    return refuseKey(
      'Null',
      'is NULL, which belongs to no slot',
      'Give every row a key, and compare the key with a value',
    );
  }
  switch (rule.kind) {
    case 'integer':
      return canonicalInteger(literal, rule);
    case 'decimal':
      return canonicalDecimal(literal, rule);
    case 'text':
      return canonicalText(literal, rule);
    case 'binary':
      return canonicalBinary(literal, rule);
    case 'uuid':
      return canonicalUuid(literal);
    case 'date':
    case 'datetime':
      return canonicalDate(literal, rule);
    default:
      return assertNever(rule);
  }
}
