/** Keys that are dates. */
import { bytesOfText, textOfBytes } from './byte-text.ts';
import { type CanonicalKey, type KeyLiteral, type KeyRefusal, refuseKey } from './key-literal.ts';
import type { DateRule } from './key-rule.ts';

type Value = Exclude<KeyLiteral, { kind: 'null' }>;

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}?)0*)?)?$/;

/** Longest date worth reading: with a fraction of nine digits. */
const MAX_TEXT_LENGTH = 29;

/**
 * Key of a value in a DATE or DATETIME column: `2026-01-31`, `2026-01-31 10:00:00`, `2026-01-31 10:00:00.5`. Such texts are
 * in the order of time.
 */
export function canonicalDate(literal: Value, rule: DateRule): CanonicalKey | KeyRefusal {
  if (literal.kind !== 'string' || literal.bytes.length > MAX_TEXT_LENGTH) {
    return refuseForm();
  }
  const [whole, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = ''] =
    DATE.exec(textOfBytes(literal.bytes)) ?? [];
  if (whole === undefined || !isDate(year, month, day) || hour > '23' || minute > '59' || second > '59') {
    return refuseForm();
  }
  const digits = fraction === '0' ? '' : fraction;
  const date = `${year}-${month}-${day}`;
  const time = `${hour}:${minute}:${second}`;
  const isMidnight = time === '00:00:00' && digits === '';
  if (digits.length > rule.digits || (rule.kind === 'date' && !isMidnight)) {
    return refuseKey(
      'NoStoredValue',
      'is more exact than the column',
      'Leave out what the column does not hold: the time of a DATE, further digits of a second',
    );
  }
  const text = rule.kind === 'date' ? date : `${date} ${time}${digits === '' ? '' : `.${digits}`}`;
  return { kind: 'text', bytes: bytesOfText(text), padded: false };
}

/** Whether the calendar has it; of days that it has not, the server makes another one, or zeros. */
function isDate(year: string, month: string, day: string): boolean {
  const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
  return year !== '0000' && !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day);
}

function refuseForm(): KeyRefusal {
  return refuseKey(
    'Malformed',
    'is no date of the calendar in the form 2026-01-31 or 2026-01-31 10:00:00',
    'Write a quoted date in that form',
  );
}
