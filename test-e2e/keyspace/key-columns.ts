/** Columns of every type and collation that can be a key, and thousands of values to try on each. */
import { KEY_COLLATIONS } from '../../operator/src/core/keyspace/collations.ts';
import type { KeyLiteral } from '../../operator/src/core/keyspace/key-literal.ts';
import { pick, type Random, randomBytes, randomInteger, randomText } from './random-values.ts';

/** A column, and values for it. */
export interface KeyColumnCase {
  readonly name: string;
  /** As in CREATE TABLE. */
  readonly definition: string;
  /** Values that are tried whatever the seed. */
  readonly edges: readonly KeyLiteral[];
  /** A value at random, in several ways to write it. */
  readonly write: (random: Random) => readonly KeyLiteral[];
}

const number = (text: string): KeyLiteral => ({ kind: 'number', text });
const double = (value: number): KeyLiteral => ({ kind: 'double', value });
const string = (text: string): KeyLiteral => ({ kind: 'string', bytes: Buffer.from(text) });

/** Most characters of the columns of text. */
const TEXT_LENGTH = 12;

const DATES =
  '0001-01-01|1000-01-01|1969-12-31|2024-02-29|2025-02-29|9999-12-31|2026-00-00|2026-01-31 00:00:00|' +
  '2026-01-31T23:59:59|2026-01-31 23:59:59.999999|2026-01-31 00:00:00.000|2026-01-31 10:00:00.5|' +
  '2026-01-31 10:00:00.05|2026-01-31 10:00:00.50|2026-01-31 24:00:00';

/** All of them. */
export const KEY_COLUMNS: readonly KeyColumnCase[] = [
  ...['TINYINT', 'SMALLINT', 'MEDIUMINT', 'INT', 'BIGINT'].flatMap((type, index) => {
    const bits = [8n, 16n, 24n, 32n, 64n][index] ?? 64n;
    return [integers(type, bits, false), integers(`${type} UNSIGNED`, bits, true)];
  }),
  integers('INT(6) UNSIGNED ZEROFILL', 32n, true),
  decimals(10, 2, ''),
  decimals(10, 2, ' UNSIGNED'),
  decimals(18, 0, ''),
  decimals(5, 5, ''),
  decimals(38, 20, ''),
  decimals(65, 38, ''),
  ...KEY_COLLATIONS.flatMap((collation) => [texts('VARCHAR', collation), texts('CHAR', collation)]),
  bytes('VARBINARY'),
  bytes('BINARY'),
  uuids(),
  dates('DATE', 0),
  ...[0, 3, 6].map((digits) => dates(`DATETIME(${digits})`, digits)),
];

function integers(type: string, bits: bigint, isUnsigned: boolean): KeyColumnCase {
  const span = 2n ** bits;
  const least = isUnsigned ? 0n : -span / 2n;
  const edges = [0n, 1n, 9n, 10n, 2n ** 53n, 10n ** 15n]
    .flatMap((value) => [value - 1n, value, value + 1n])
    .concat(least - 1n, least, least + 1n, least + span - 2n, least + span - 1n, least + span);
  const forms = (value: bigint): KeyLiteral[] => [
    number(String(value)),
    number(`${value}.0`),
    number(`${value}e0`),
    string(String(value)),
    string(`${value}.00`),
    double(Number(value)),
  ];
  return {
    name: type,
    definition: type,
    edges: [
      ...edges.flatMap(forms),
      ...'007|-0|+5|.0|1.5|-1.5|1e2|25e-1'.split('|').map(number),
      ...'007|-0|+5|1.5'.split('|').map(string),
      double(-0),
    ],
    write: (random) => forms(least + randomInteger(random, span)),
  };
}

function decimals(precision: number, scale: number, suffix: string): KeyColumnCase {
  const forms = (digits: bigint): KeyLiteral[] => {
    const magnitude = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
    const whole = magnitude.slice(0, magnitude.length - scale);
    const fraction = magnitude.slice(magnitude.length - scale);
    const text = `${digits < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${fraction}`}`;
    const zeros = scale === 0 ? `${text}.000` : `${text}000`;
    return [number(text), number(zeros), string(text), string(zeros), double(Number(text))];
  };
  const most = 10n ** BigInt(precision);
  const one = 10n ** BigInt(scale);
  return {
    name: `DECIMAL(${precision},${scale})${suffix}`,
    definition: `DECIMAL(${precision},${scale})${suffix}`,
    edges: [
      ...[0n, 1n, -1n, one, -one, one / 10n, most - 1n, 1n - most, most].flatMap(forms),
      ...['.5', '-0', '-0.0', '1.', '+0.50', '00.10', '0.125', '1e1', '1e-1'].map(number),
      ...[0.1, 0.125, -0.5, 1e-7, 1 / 3, 2 ** 53].map(double),
    ],
    write: (random) => {
      // Short and long ones alike.
      const digits = randomInteger(random, 10n ** (1n + randomInteger(random, BigInt(precision))));
      const value = suffix === '' && random() < 0.5 ? -digits : digits;
      // Neighbours, too, which are one number to whoever compares floating-point numbers.
      return [...forms(value), ...forms(value + 1n)];
    },
  };
}

function texts(type: string, collation: string): KeyColumnCase {
  const characterSet = collation.slice(0, collation.indexOf('_'));
  const ascii = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));
  return {
    name: `${type} ${collation}`,
    definition: `${type}(${TEXT_LENGTH}) CHARACTER SET ${characterSet} COLLATE ${collation}`,
    edges: [
      '',
      ' ',
      ...ascii,
      ...ascii.map((character) => `a${character}b`),
      ...ascii.map((character) => `a${character}`),
      ...'a |A  | a|ae|AE|oe|ss|ij|ll|ch|dz|1/2|--|a-b|ab'.split('|'),
      ...'é|ß|ﬁ|İ|ı|ж|€|�|🐢|e\u0301|\u00a0|\u3000|\u0000a'.split('|'),
      ...['a', 'ж', '🐢'].flatMap((character) => [
        character.repeat(TEXT_LENGTH),
        `${character.repeat(TEXT_LENGTH)}  `,
        character.repeat(TEXT_LENGTH + 1),
      ]),
    ].map(string),
    write: (random) => {
      const text = randomText(random, TEXT_LENGTH);
      return [text, text.toUpperCase(), text.toLowerCase(), `${text} `, ` ${text}`].map(string);
    },
  };
}

function bytes(type: string): KeyColumnCase {
  const length = 6;
  return {
    name: type,
    definition: `${type}(${length})`,
    edges: [
      '',
      '00',
      '20',
      '6120',
      '616263646566',
      '414243444546',
      '61626364656667',
      'ffffffffffff',
      '000000000000',
    ].map((hex) => ({ kind: 'bytes', bytes: Buffer.from(hex, 'hex') })),
    write: (random) => {
      const value = randomBytes(random, type === 'BINARY' ? length : Math.floor(random() * (length + 1)));
      const isAscii = value.every((byte) => byte < 0x80);
      const literal: KeyLiteral = { kind: 'bytes', bytes: value };
      return isAscii ? [literal, { kind: 'string', bytes: value }] : [literal];
    },
  };
}

function uuidForms(hex: string): KeyLiteral[] {
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return [hex, parts.join('-'), parts.join('-').toUpperCase()].map(string);
}

function uuids(): KeyColumnCase {
  return {
    name: 'UUID',
    definition: 'UUID',
    edges: ['0'.repeat(32), 'f'.repeat(32), '0190a0b47f3e1cc098c4dc0c0c07398f'].flatMap(uuidForms),
    write: (random) => uuidForms(randomBytes(random, 16).toString('hex')),
  };
}

function dates(type: string, digits: number): KeyColumnCase {
  return {
    name: type,
    definition: type,
    edges: DATES.split('|').map(string),
    write: (random) => {
      const moment = new Date(Math.floor(random() * 250_000_000_000_000) - 60_000_000_000_000);
      const [date = '', time = ''] = moment.toISOString().slice(0, 19).split('T');
      const fraction = String(Math.floor(random() * 10 ** digits)).padStart(digits, '0');
      const exact = digits === 0 ? time : `${time}.${fraction}`;
      return pick(random, [
        [date, `${date} 00:00:00`],
        [`${date} ${exact}`, `${date}T${exact}`],
      ]).map(string);
    },
  };
}
