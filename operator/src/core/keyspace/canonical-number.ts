/** Keys that are numbers. */
import { assertNever } from '../assert-never.ts';
import {
  compareDecimals,
  digitsOf,
  isPlainNatural,
  naturalOfBytes,
  shortestDecimal,
} from './decimal-text.ts';
import { textOfBytes } from './byte-text.ts';
import { type CanonicalKey, type KeyRefusal, refuseKey } from './key-literal.ts';
import type { KeyLiteral } from './key-literal.ts';
import type { DecimalRule, IntegerRule } from './key-rule.ts';

type NumberKey = CanonicalKey & { readonly kind: 'number' };
type Value = Exclude<KeyLiteral, { kind: 'null' }>;

/** Decimal digits that every DOUBLE keeps: DBL_DIG of IEEE 754. */
const DOUBLE_DIGITS = 15;

/** Longest text of a number worth reading: 65 digits are the most that a column has. */
const MAX_TEXT_LENGTH = 128;

/** Key of a value in an integer column. */
export function canonicalInteger(literal: Value, rule: IntegerRule): NumberKey | KeyRefusal {
  const natural = plainNatural(literal);
  if (natural !== undefined && natural.length < rule.most.length) {
    return { kind: 'number', text: natural };
  }
  const text = decimalOf(literal, 0);
  if (typeof text !== 'string') {
    return text;
  }
  const isWithin =
    !text.includes('.') && compareDecimals(rule.least, text) <= 0 && compareDecimals(text, rule.most) <= 0;
  return isWithin ? { kind: 'number', text } : refuseOutOfRange();
}

/** Text of a natural number that is written plainly, as nearly all keys are: their range is told by their length. */
function plainNatural(literal: Value): string | undefined {
  switch (literal.kind) {
    case 'number':
      return isPlainNatural(literal.text) ? literal.text : undefined;
    case 'string': {
      const value = naturalOfBytes(literal.bytes);
      return value === undefined ? undefined : String(value);
    }
    case 'double':
      return Number.isSafeInteger(literal.value) && literal.value >= 0 ? String(literal.value) : undefined;
    case 'bytes':
      return undefined;
    default:
      return assertNever(literal);
  }
}

/** Key of a value in a DECIMAL column. */
export function canonicalDecimal(literal: Value, rule: DecimalRule): NumberKey | KeyRefusal {
  const text = decimalOf(literal, rule.scale);
  if (typeof text !== 'string') {
    return text;
  }
  const { before, after } = digitsOf(text);
  const isWithin =
    after <= rule.scale &&
    before <= rule.precision - rule.scale &&
    !(rule.isUnsigned && text.startsWith('-'));
  return isWithin ? { kind: 'number', text } : refuseOutOfRange();
}

/** The shortest text of a literal that is a number. */
function decimalOf(literal: Value, scale: number): string | KeyRefusal {
  switch (literal.kind) {
    case 'number':
      return /[eE]/.test(literal.text)
        ? decimalOfDouble(Number(literal.text), scale)
        : (shortestDecimal(literal.text) ?? refuseWords());
    case 'double':
      return decimalOfDouble(literal.value, scale);
    case 'string':
      return literal.bytes.length > MAX_TEXT_LENGTH
        ? refuseWords()
        : (shortestDecimal(textOfBytes(literal.bytes)) ?? refuseWords());
    case 'bytes':
      return refuseKey(
        'WrongKind',
        'is a number, and was given as bytes',
        'Write the number in decimal digits',
      );
    default:
      return assertNever(literal);
  }
}

/**
 * MariaDB compares DOUBLE with exact numbers as DOUBLE, of which one stands for many numbers of more than 15 digits: so it
 * takes only what no other value of the column can be taken for.
 */
function decimalOfDouble(value: number, scale: number): string | KeyRefusal {
  const text = Number.isFinite(value) && Math.abs(value) < 1e21 ? value.toFixed(scale) : undefined;
  const shortest = text === undefined ? undefined : shortestDecimal(text);
  if (shortest === undefined || Number(text) !== value) {
    return refuseOutOfRange();
  }
  const isExact =
    scale === 0 ? Number.isSafeInteger(value) : digitsOf(shortest).before + scale <= DOUBLE_DIGITS;
  return isExact
    ? shortest
    : refuseKey(
        'Ambiguous',
        `is a floating-point number of more than ${DOUBLE_DIGITS} digits, which equals several exact ones`,
        'Write all digits without an exponent, or send the parameter as a string or a big integer',
      );
}

function refuseWords(): KeyRefusal {
  return refuseKey(
    'WrongKind',
    'is a number, and was given as a text that is no plain decimal number',
    'Write digits, with a sign and a point if need be, and without spaces',
  );
}

function refuseOutOfRange(): KeyRefusal {
  return refuseKey(
    'NoStoredValue',
    'is a number that the column cannot hold exactly',
    'Use a number within the range and the decimals of the column',
  );
}
