/** A quantity as a fraction, exactly. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Kubernetes' quantity notation: a decimal number, then a decimal exponent or a unit. */
const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

const UNITS: ReadonlyMap<string, Fraction> = new Map([
  ['n', { numerator: 1n, denominator: 10n ** 9n }],
  ['u', { numerator: 1n, denominator: 10n ** 6n }],
  ['m', { numerator: 1n, denominator: 10n ** 3n }],
  ...['k', 'M', 'G', 'T', 'P', 'E'].map((unit, index): [string, Fraction] => [
    unit,
    { numerator: 10n ** BigInt(3 * (index + 1)), denominator: 1n },
  ]),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((unit, index): [string, Fraction] => [
    unit,
    { numerator: 2n ** BigInt(10 * (index + 1)), denominator: 1n },
  ]),
]);

/** Whether two values are the same quantity, as `1000m` and `1` are. False when either is none. */
export function sameQuantity(first: unknown, second: unknown): boolean {
  const left = parseQuantity(first);
  const right = parseQuantity(second);
  return (
    left !== undefined &&
    right !== undefined &&
    left.numerator * right.denominator === right.numerator * left.denominator
  );
}

function parseQuantity(value: unknown): Fraction | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') {
    return undefined;
  }
  const match = QUANTITY.exec(String(value));
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = '', decimals = '', exponent, unit] = match;
  if (whole === '' && decimals === '') {
    return undefined;
  }
  const digits = BigInt(whole + decimals) * (sign === '-' ? -1n : 1n);
  const scale = exponent === undefined ? (UNITS.get(unit ?? '') ?? ONE) : powerOfTen(Number(exponent));
  return {
    numerator: digits * scale.numerator,
    denominator: 10n ** BigInt(decimals.length) * scale.denominator,
  };
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

function powerOfTen(exponent: number): Fraction {
  return exponent < 0
    ? { numerator: 1n, denominator: 10n ** BigInt(-exponent) }
    : { numerator: 10n ** BigInt(exponent), denominator: 1n };
}

/** A quantity as a whole number, rounded up: bytes, where it is one of memory. Throws `TypeError` when it is none. */
export function quantityBytes(quantity: string): number {
  const fraction = parseQuantity(quantity);
  if (fraction === undefined) {
    throw new TypeError(`no quantity: ${quantity}`);
  }
  const { numerator, denominator } = fraction;
  return Number((numerator + denominator - 1n) / denominator);
}
