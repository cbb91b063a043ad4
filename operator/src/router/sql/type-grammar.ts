import type { Reader } from './reader.ts';
import { SYMBOL } from './token-cursor.ts';

const units: ReadonlySet<string> = new Set([
  'MICROSECOND',
  'SECOND',
  'MINUTE',
  'HOUR',
  'DAY',
  'WEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'SECOND_MICROSECOND',
  'MINUTE_MICROSECOND',
  'MINUTE_SECOND',
  'HOUR_MICROSECOND',
  'HOUR_SECOND',
  'HOUR_MINUTE',
  'DAY_MICROSECOND',
  'DAY_SECOND',
  'DAY_MINUTE',
  'DAY_HOUR',
  'YEAR_MONTH',
  'SQL_TSI_SECOND',
  'SQL_TSI_MINUTE',
  'SQL_TSI_HOUR',
  'SQL_TSI_DAY',
  'SQL_TSI_WEEK',
  'SQL_TSI_MONTH',
  'SQL_TSI_QUARTER',
  'SQL_TSI_YEAR',
]);

/** Passes over a unit of time; false when there is none. */
export function readIntervalUnit(reader: Reader): boolean {
  return reader.cursor.acceptOneOf(units) !== null;
}

/** Passes over a type, as in CAST: words, and numbers in parentheses. It ends before `)` or a comma. */
export function readType(reader: Reader): void {
  const { cursor } = reader;
  if (cursor.at(')') || cursor.at(',')) cursor.fail('a type expected');
  while (!cursor.at(')') && !cursor.at(',')) {
    if (cursor.accept('(')) {
      reader.list(() => cursor.literal());
      cursor.expect(')');
    } else if (!/^[A-Z`]/.test(cursor.peek()) || cursor.at('SELECT')) {
      cursor.fail('a type expected');
    } else {
      cursor.position++;
    }
  }
}

/** Passes over a name of a character set or collation, which can be BINARY or a string, too. */
export function readCharsetName(reader: Reader): void {
  const { cursor } = reader;
  if (!cursor.accept('BINARY') && !cursor.accept('DEFAULT') && !cursor.accept(SYMBOL.literal)) cursor.name();
}
