/** Parameters of prepared statements: as keys, and as text of SQL. */
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import type { Dialect } from '../sql/dialect.ts';
import { COLUMN_TYPE } from '../../wire/column-type.ts';
import type { ValueType, WireDateTime, WireTime, WireValue } from '../../wire/wire-value.ts';

/** Types whose values are bytes, not characters. */
const BYTES: ReadonlySet<number> = new Set([
  COLUMN_TYPE.tinyBlob,
  COLUMN_TYPE.mediumBlob,
  COLUMN_TYPE.longBlob,
  COLUMN_TYPE.blob,
  COLUMN_TYPE.geometry,
  COLUMN_TYPE.bit,
]);

const DECIMALS: ReadonlySet<number> = new Set([COLUMN_TYPE.decimal, COLUMN_TYPE.newDecimal]);
const APPROXIMATE: ReadonlySet<number> = new Set([COLUMN_TYPE.float, COLUMN_TYPE.double]);

/** A parameter as a key. `charset` is character_set_client: characters come in it. */
export function parameterLiteral(type: ValueType, value: WireValue, charset: string): KeyLiteral {
  if (value === null) {
    return { kind: 'null' };
  }
  if (typeof value === 'number') {
    return APPROXIMATE.has(type.type) ? { kind: 'double', value } : { kind: 'number', text: String(value) };
  }
  if (typeof value === 'bigint') {
    return { kind: 'number', text: String(value) };
  }
  if (Buffer.isBuffer(value)) {
    if (BYTES.has(type.type)) {
      return { kind: 'bytes', bytes: value };
    }
    return DECIMALS.has(type.type)
      ? { kind: 'number', text: value.toString('latin1') }
      : {
          kind: 'string',
          bytes: charset === 'latin1' ? Buffer.from(value.toString('latin1'), 'utf8') : value,
        };
  }
  return { kind: 'string', bytes: Buffer.from(temporalText(type, value)) };
}

/** What decides how text is quoted. */
export type Quoting = Pick<Dialect, 'charset' | 'noBackslashEscapes'>;

/** A parameter as text of SQL that means the same. */
export function parameterSql(type: ValueType, value: WireValue, quoting: Quoting): string {
  if (value === null) {
    return 'NULL';
  }
  if (typeof value === 'number') {
    return APPROXIMATE.has(type.type) ? exponential(value) : String(value);
  }
  if (typeof value === 'bigint') {
    return String(value);
  }
  if (Buffer.isBuffer(value)) {
    if (DECIMALS.has(type.type)) {
      const text = value.toString('latin1');
      return /^[-+]?\d*\.?\d+$/.test(text) ? text : quoted(value, quoting);
    }
    return BYTES.has(type.type) ? `x'${value.toString('hex')}'` : quoted(value, quoting);
  }
  return `'${temporalText(type, value)}'`;
}

/** With an exponent the text is a double for the server, and not a decimal. */
function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential() : 'NULL';
}

/** Text as a literal for a session. */
export function quoteText(text: string, quoting: Quoting): string {
  return quoted(Buffer.from(text, quoting.charset === 'latin1' ? 'latin1' : 'utf8'), quoting);
}

/** As a literal of the client's own character set, or by its bytes where these are no text in it. */
function quoted(bytes: Buffer, { charset, noBackslashEscapes }: Quoting): string {
  const text = bytes.toString('utf8');
  const isText = charset === 'utf8mb4' ? Buffer.from(text).equals(bytes) : bytes.every((byte) => byte < 0x80);
  if (!isText) {
    return `_${charset} x'${bytes.toString('hex')}'`;
  }
  const doubled = text.replaceAll("'", "''");
  return `'${noBackslashEscapes ? doubled : doubled.replaceAll('\\', '\\\\')}'`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}

function fraction(microseconds: number): string {
  return microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0').replace(/0+$/, '')}`;
}

function temporalText({ type }: ValueType, value: WireDateTime | WireTime): string {
  if (value.kind === 'time') {
    const { negative, days, hours, minutes, seconds, microseconds } = value;
    return `${negative ? '-' : ''}${two(days * 24 + hours)}:${two(minutes)}:${two(seconds)}${fraction(microseconds)}`;
  }
  const date = `${String(value.year).padStart(4, '0')}-${two(value.month)}-${two(value.day)}`;
  return type === COLUMN_TYPE.date
    ? date
    : `${date} ${two(value.hour)}:${two(value.minute)}:${two(value.second)}${fraction(value.microsecond)}`;
}
