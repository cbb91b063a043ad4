/** Exact decimal numbers as the server writes them: `-12.50`. */

/** `units` times ten to the power of minus `scale`. */
export interface ExactNumber {
  readonly units: bigint;
  readonly scale: number;
}

const ZERO_CODE = 0x30;

/** Reads a decimal number. @throws RangeError when the text is none, or has an exponent. */
export function readExact(text: string): ExactNumber {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text)) {
    throw new RangeError('not a decimal number');
  }
  const point = text.indexOf('.');
  return point < 0
    ? { units: BigInt(text), scale: 0 }
    : { units: BigInt(text.slice(0, point) + text.slice(point + 1)), scale: text.length - point - 1 };
}

/** Writes a number with all its decimals. */
export function writeExact({ units, scale }: ExactNumber): string {
  if (scale === 0) {
    return String(units);
  }
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** The sum; its scale is the greater of the two. */
export function addExact(left: ExactNumber, right: ExactNumber): ExactNumber {
  const scale = Math.max(left.scale, right.scale);
  return { units: unitsAt(left, scale) + unitsAt(right, scale), scale };
}

/** Digits of one word of the server's decimals: DIG_PER_DEC1 in strings/decimal.c. */
const WORD_DIGITS = 9;

/**
 * The quotient with `scale` decimals, as the server has it: calculated in whole words of nine decimals and cut off there, then rounded
 * half away from zero.
 */
export function divideExact(dividend: ExactNumber, divisor: bigint, scale: number): ExactNumber {
  const wordScale =
    Math.max(Math.ceil(scale / WORD_DIGITS), Math.ceil(dividend.scale / WORD_DIGITS)) * WORD_DIGITS;
  const units = unitsAt(dividend, wordScale) / divisor;
  return roundExact({ units, scale: wordScale }, scale);
}

/** The number with `scale` decimals, rounded half away from zero. */
export function roundExact(number: ExactNumber, scale: number): ExactNumber {
  if (scale >= number.scale) {
    return { units: unitsAt(number, scale), scale };
  }
  const divisor = 10n ** BigInt(number.scale - scale);
  const half = divisor / 2n;
  const units = number.units < 0n ? -((-number.units + half) / divisor) : (number.units + half) / divisor;
  return { units, scale };
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compareExact(left: ExactNumber, right: ExactNumber): number {
  const scale = Math.max(left.scale, right.scale);
  const difference = unitsAt(left, scale) - unitsAt(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Characters of a number that a double holds exactly enough to tell it from all others of as many: DBL_DIG, sign and point. */
const SHORT_TEXT = 15;

/** The same for numbers as texts. */
export function compareExactTexts(left: Buffer, right: Buffer): number {
  return left.length <= SHORT_TEXT && right.length <= SHORT_TEXT
    ? Number(left.toString('latin1')) - Number(right.toString('latin1'))
    : compareExact(readExact(left.toString('latin1')), readExact(right.toString('latin1')));
}

/** The same text for all texts of one number. */
export function exactKey(text: Buffer): string {
  const { units, scale } = readExact(text.toString('latin1'));
  const written = writeExact({ units, scale });
  return scale === 0 ? written : withoutZeros(written);
}

function withoutZeros(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO_CODE) {
    end -= 1;
  }
  const short = text.endsWith('.', end) ? text.slice(0, end - 1) : text.slice(0, end);
  return short === '-0' ? '0' : short;
}

function unitsAt({ units, scale }: ExactNumber, wanted: number): bigint {
  return wanted > scale ? units * 10n ** BigInt(wanted - scale) : units;
}
