import { COLUMN_TYPE } from '../../wire/column-type.ts';

/** `decimals` of a DOUBLE without a fixed number of them: NOT_FIXED_DEC of the server is 31, and some expressions give more. */
const NOT_FIXED = 31;
/** Powers of ten from which the server writes an exponent: DBL_DIG, and five zeros after the point (my_gcvt in strings/dtoa.c). */
const LARGE_EXPONENT = 15;
const SMALL_EXPONENT = -5;

/** A DOUBLE as the server writes it: shortest digits, `1e20` and `1e-7` without plus sign; or with so many decimals. */
export function writeDouble(value: number, decimals: number): string {
  if (decimals < NOT_FIXED) {
    return value.toFixed(decimals);
  }
  if (value === 0) {
    return Object.is(value, -0) ? '-0' : '0';
  }
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= LARGE_EXPONENT || exponent < SMALL_EXPONENT) {
    return `${mantissa}e${exponent}`;
  }
  const text = String(value);
  return text.includes('e')
    ? value.toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - exponent))
    : text;
}

/** Whether values of a type are approximate numbers. */
export function isApproximate(type: number): boolean {
  return type === COLUMN_TYPE.double || type === COLUMN_TYPE.float;
}
