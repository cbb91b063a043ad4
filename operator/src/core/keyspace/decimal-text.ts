/** Decimal numbers as text, exact whatever their length. */

const PLAIN_DECIMAL = /^([+-]?)0*([0-9]*)(?:\.([0-9]*?)0*)?$/;

const ZERO = 0x30;
const NINE = 0x39;

/**
 * Shortest text of a decimal number: no plus sign, no needless zeros, no negative zero. Undefined where `text` is anything
 * but digits with a sign before and a point within them: no exponent, no spaces.
 */
export function shortestDecimal(text: string): string | undefined {
  return isPlainNatural(text) ? text : shorten(text);
}

/** Whether it is a natural number as everybody writes it, without needless zeros. */
export function isPlainNatural(text: string): boolean {
  const { length } = text;
  const first = text.charCodeAt(0);
  if (length === 0 || (first === ZERO && length > 1)) {
    return false;
  }
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < ZERO || code > NINE) {
      return false;
    }
  }
  return true;
}

function shorten(text: string): string | undefined {
  const [whole, sign = '', digits = '', fraction = ''] = PLAIN_DECIMAL.exec(text) ?? [];
  if (whole === undefined || !/[0-9]/.test(whole)) {
    return undefined;
  }
  if (digits === '' && fraction === '') {
    return '0';
  }
  const magnitude = `${digits === '' ? '0' : digits}${fraction === '' ? '' : `.${fraction}`}`;
  return sign === '-' ? `-${magnitude}` : magnitude;
}

/** Digits of numbers that are exact in floating point, whatever they are. */
const SAFE_DIGITS = 15;

/** Value of a natural number of up to 15 digits, written plainly in ASCII; undefined for anything else. */
export function naturalOfBytes(bytes: Uint8Array): number | undefined {
  const { length } = bytes;
  if (length === 0 || length > SAFE_DIGITS || (length > 1 && bytes[0] === ZERO)) {
    return undefined;
  }
  let value = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) {
      return undefined;
    }
    value = value * 10 + digit;
  }
  return value;
}

/** How many digits a shortest text has before and after its point; 0 before it for `0.5`. */
export function digitsOf(shortest: string): { readonly before: number; readonly after: number } {
  const point = shortest.indexOf('.');
  const start = shortest.startsWith('-') ? 1 : 0;
  const end = point === -1 ? shortest.length : point;
  const isFraction = end - start === 1 && shortest.charCodeAt(start) === ZERO;
  return { before: isFraction ? 0 : end - start, after: point === -1 ? 0 : shortest.length - point - 1 };
}

/** Negative, zero or positive, as the first of two shortest texts is less than, equal to or more than the second. */
export function compareDecimals(left: string, right: string): number {
  const isNegative = left.startsWith('-');
  if (isNegative !== right.startsWith('-')) {
    return isNegative ? -1 : 1;
  }
  return isNegative ? compareMagnitudes(right.slice(1), left.slice(1)) : compareMagnitudes(left, right);
}

function compareMagnitudes(left: string, right: string): number {
  const difference = integerLength(left) - integerLength(right);
  if (difference !== 0) {
    return difference;
  }
  // As many digits before the point, so that the order of texts is that of numbers; `1` before `1.5` too.
  if (left === right) {
    return 0;
  }
  return left < right ? -1 : 1;
}

function integerLength(magnitude: string): number {
  const point = magnitude.indexOf('.');
  return point === -1 ? magnitude.length : point;
}
