/** Where the keys that a comparison leaves begin and end. */
import { assertNever } from '../assert-never.ts';
import { textOfBytes } from './byte-text.ts';
import { canonicalKey } from './canonical-key.ts';
import { digitsOf, shortestDecimal } from './decimal-text.ts';
import type { CanonicalKey, KeyLiteral, KeyRefusal } from './key-literal.ts';
import type { KeyRule } from './key-rule.ts';

/** Which end of an interval a value is: rows have at least, or at most, that value. */
export type IntervalEnd = 'least' | 'most';

/** The least or the greatest key that a row within the interval can have. */
export interface BoundaryKey {
  readonly kind: 'boundary';
  readonly key: CanonicalKey;
  /** Whether it is the value itself: where that is left out, so is the key. */
  readonly isValue: boolean;
}

/** Digits on each side of the point that MariaDB compares exactly, well below the 65 of a DECIMAL and the 38 after its point. */
const EXACT_DIGITS = 30;

/**
 * The key at one end of an interval. A value that no row can have is taken to the nearest one that is within: in an integer column
 * keys of at least 299.5 begin with 300. Refuses what is no end that is certain; of `NoStoredValue` and `Ambiguous` the interval has
 * no end there that is known.
 */
export function boundaryKey(literal: KeyLiteral, rule: KeyRule, end: IntervalEnd): BoundaryKey | KeyRefusal {
  const key = canonicalKey(literal, rule);
  if (key.kind !== 'refused') {
    return { kind: 'boundary', key, isValue: true };
  }
  if (key.code !== 'NoStoredValue') {
    return key;
  }
  const text = nearestNumber(literal, rule, end);
  return text === undefined ? key : { kind: 'boundary', key: { kind: 'number', text }, isValue: false };
}

/** The nearest number with the column's decimals; undefined where what the server compares with is not known exactly. */
function nearestNumber(literal: KeyLiteral, rule: KeyRule, end: IntervalEnd): string | undefined {
  const isPlain = literal.kind === 'number' && !/[eE]/.test(literal.text);
  if (isPlain && (rule.kind === 'integer' || rule.kind === 'decimal')) {
    const text = shortestDecimal(literal.text);
    const { before, after } = digitsOf(text ?? '');
    return text === undefined || before > EXACT_DIGITS || after > EXACT_DIGITS
      ? undefined
      : roundTo(text, rule.kind === 'integer' ? 0 : rule.scale, end);
  }
  // The column becomes DOUBLE as well: all whole numbers below 2^53 stay what they are, and the others stay above it.
  const value = rule.kind === 'integer' ? doubleOf(literal) : undefined;
  const whole = value === undefined ? undefined : end === 'least' ? Math.ceil(value) : Math.floor(value);
  return whole !== undefined && Number.isSafeInteger(whole) ? String(whole) : undefined;
}

function doubleOf(literal: KeyLiteral): number | undefined {
  switch (literal.kind) {
    case 'number':
      return Number(literal.text);
    case 'double':
      return literal.value;
    case 'string': {
      const text = shortestDecimal(textOfBytes(literal.bytes));
      return text === undefined ? undefined : Number(text);
    }
    case 'bytes':
    case 'null':
      return undefined;
    default:
      return assertNever(literal);
  }
}

/** A shortest text rounded towards the inside of the interval. */
function roundTo(text: string, scale: number, end: IntervalEnd): string {
  const isNegative = text.startsWith('-');
  const [whole = '', fraction = ''] = (isNegative ? text.slice(1) : text).split('.');
  if (fraction.length <= scale) {
    return text;
  }
  const kept = BigInt(`${whole}${fraction.slice(0, scale)}`);
  const isAway = isNegative === (end === 'most');
  const digits = String(isAway ? kept + 1n : kept).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const rounded = `${isNegative ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
  return shortestDecimal(rounded) ?? rounded;
}
