import { assertNever } from '../assert-never.ts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalKey } from './canonical-key.ts';
import type { KeyLiteral } from './key-literal.ts';
import { type KeyRule, readKeyRule } from './key-rule.ts';

function ruleOf(columnType: string, collation: string | null = null): KeyRule {
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error(rule.reason);
  }
  return rule;
}

const number = (text: string): KeyLiteral => ({ kind: 'number', text });
const double = (value: number): KeyLiteral => ({ kind: 'double', value });
const string = (text: string): KeyLiteral => ({ kind: 'string', bytes: Buffer.from(text) });
const bytes = (hex: string): KeyLiteral => ({ kind: 'bytes', bytes: Buffer.from(hex, 'hex') });
const NULL: KeyLiteral = { kind: 'null' };

/** The key as text, or the code of the refusal in parentheses. */
function keyOf(literal: KeyLiteral, rule: KeyRule): string {
  const key = canonicalKey(literal, rule);
  switch (key.kind) {
    case 'number':
      return key.text;
    case 'text':
      return Buffer.from(key.bytes).toString();
    case 'refused':
      return `(${key.code})`;
    default:
      return assertNever(key);
  }
}

describe('canonicalKey', () => {
  const int = ruleOf('int(11)');
  const unsigned = ruleOf('bigint(20) unsigned');
  const price = ruleOf('decimal(10,2)');
  const long = ruleOf('decimal(30,10)');
  const binary = ruleOf('varchar(5)', 'utf8mb4_bin');
  const exact = ruleOf('varchar(5)', 'utf8mb4_nopad_bin');
  const insensitive = ruleOf('varchar(5)', 'utf8mb4_general_ci');
  const sensitive = ruleOf('varchar(5)', 'utf8mb4_uca1400_as_cs');
  const latin = ruleOf('varchar(5)', 'latin1_bin');
  const narrow = ruleOf('char(5)', 'utf8mb3_bin');
  const date = ruleOf('date');
  const moment = ruleOf('datetime(3)');
  const uuid = ruleOf('uuid');

  it.each([
    // Numbers.
    ['1', number('1'), int, '1'],
    ["'1'", string('1'), int, '1'],
    ['1.0', number('1.0'), int, '1'],
    ["'1.00'", string('1.00'), int, '1'],
    ['a double 1', double(1), int, '1'],
    ['1e0', number('1e0'), int, '1'],
    ['-0', number('-0'), int, '0'],
    ['a double -0', double(-0), int, '0'],
    ['the least', number('-2147483648'), int, '-2147483648'],
    ['less than the least', number('-2147483649'), int, '(NoStoredValue)'],
    ['more than the most', number('2147483648'), int, '(NoStoredValue)'],
    ['1.5 of an integer', number('1.5'), int, '(NoStoredValue)'],
    ['a double 1.5 of an integer', double(1.5), int, '(NoStoredValue)'],
    ['an endless double', double(Infinity), int, '(NoStoredValue)'],
    ['a double that is none', double(NaN), int, '(NoStoredValue)'],
    ['an exponent beyond all', number('1e400'), unsigned, '(NoStoredValue)'],
    ['the most of 64 bits', number('18446744073709551615'), unsigned, '18446744073709551615'],
    ['one more', number('18446744073709551616'), unsigned, '(NoStoredValue)'],
    ['a negative one', number('-1'), unsigned, '(NoStoredValue)'],
    ['the last safe double', double(Number.MAX_SAFE_INTEGER), unsigned, '9007199254740991'],
    ['a double that is several', double(2 ** 53), unsigned, '(Ambiguous)'],
    ['words', string('one'), int, '(WrongKind)'],
    ['an empty text', string(''), int, '(WrongKind)'],
    ['a number behind a space', string(' 1'), int, '(WrongKind)'],
    ['a number with a unit', string('1kg'), int, '(WrongKind)'],
    ['an exponent in quotes', string('1e0'), int, '(WrongKind)'],
    ['characters like digits', string('１'), int, '(WrongKind)'],
    ['bytes', bytes('31'), int, '(WrongKind)'],
    ['a very long text', string('0'.repeat(1000)), int, '(WrongKind)'],
    ['NULL', NULL, int, '(Null)'],
    ['1.50', number('1.50'), price, '1.5'],
    ['1.005', number('1.005'), price, '(NoStoredValue)'],
    ['-0.00', number('-0.00'), price, '0'],
    ['as many digits as there are', number('99999999.99'), price, '99999999.99'],
    ['one digit more', number('100000000'), price, '(NoStoredValue)'],
    ['a double 0.1', double(0.1), price, '0.1'],
    ['a double 0.125', double(0.125), price, '(NoStoredValue)'],
    ['a negative unsigned one', number('-1'), ruleOf('decimal(10,2) unsigned'), '(NoStoredValue)'],
    ['a short double of many digits', double(12345.5), long, '12345.5'],
    ['a long double of many digits', double(1234567.5), long, '(Ambiguous)'],
    ['a tiny double', double(1e-7), long, '0.0000001'],
    // Text.
    ['a word', string('Ab'), binary, 'Ab'],
    ['spaces at its end', string('Ab  '), binary, 'Ab'],
    ['spaces that count', string('Ab  '), exact, 'Ab  '],
    ['more spaces than fit', string('Ab      '), binary, 'Ab'],
    ['more counting spaces than fit', string('Ab    '), exact, '(NoStoredValue)'],
    ['nothing', string(''), binary, ''],
    ['a control character', string('a\tb'), binary, 'a\tb'],
    ['other letters', string('жжжжж'), binary, 'жжжжж'],
    ['too many of them', string('жжжжжж'), binary, '(NoStoredValue)'],
    ['signs of four bytes', string('🐢'), binary, '🐢'],
    ['signs of four bytes, of utf8mb3', string('🐢'), narrow, '(Ambiguous)'],
    ['letters of three bytes', string('€'), narrow, '€'],
    ['no UTF-8', { kind: 'string', bytes: Buffer.from([0xc3]) } as const, binary, '(Malformed)'],
    [
      'half a character of UTF-16',
      { kind: 'string', bytes: Buffer.from([0xed, 0xa0, 0x80]) } as const,
      binary,
      '(Malformed)',
    ],
    ['a letter of latin1', string('é'), latin, '(Ambiguous)'],
    ['upper case that is as good', string('AbC-1'), insensitive, 'abc-1'],
    ['signs beside the letters', string('@[`{'), insensitive, '@[`{'],
    ['upper case that is another', string('AbC-1'), sensitive, 'AbC-1'],
    ['an accent', string('é'), insensitive, '(Ambiguous)'],
    ['an accent where accents count', string('é'), sensitive, '(Ambiguous)'],
    ['a control character that does not', string('a\tb'), insensitive, '(Ambiguous)'],
    ['a deleted character', string('a\u007f'), insensitive, '(Ambiguous)'],
    ['a number as text', number('1'), binary, '(WrongKind)'],
    ['a double as text', double(1), insensitive, '(WrongKind)'],
    ['bytes as text', bytes('41'), binary, '(WrongKind)'],
    // Bytes.
    ['bytes', bytes('4142'), ruleOf('varbinary(2)'), 'AB'],
    ['too many', bytes('414243'), ruleOf('varbinary(2)'), '(NoStoredValue)'],
    ['too few', bytes('41'), ruleOf('binary(2)'), '(NoStoredValue)'],
    ['a text as bytes', string('AB'), ruleOf('binary(2)'), 'AB'],
    ['a number as bytes', number('1'), ruleOf('varbinary(2)'), '(WrongKind)'],
    // UUID.
    ['a UUID', string('0190A0B4-7F3E-7CC0-98C4-DC0C0C07398F'), uuid, '0190a0b4-7f3e-7cc0-98c4-dc0c0c07398f'],
    [
      'one without hyphens',
      string('0190a0b47f3e7cc098c4dc0c0c07398f'),
      uuid,
      '0190a0b4-7f3e-7cc0-98c4-dc0c0c07398f',
    ],
    ['one too short', string('0190a0b4-7f3e-7cc0-98c4-dc0c0c07398'), uuid, '(Malformed)'],
    ['one in braces', string('{0190a0b4-7f3e-7cc0-98c4-dc0c0c07398f}'), uuid, '(Malformed)'],
    [
      'one of a version that its variant has not',
      string('0190a0b4-7f3e-8cc0-78c4-dc0c0c07398f'),
      uuid,
      '(Malformed)',
    ],
    ['one as bytes', bytes('0190a0b47f3e7cc098c4dc0c0c07398f'), uuid, '(Malformed)'],
    // Dates.
    ['a date', string('2026-01-31'), date, '2026-01-31'],
    ['its midnight', string('2026-01-31 00:00:00.000'), date, '2026-01-31'],
    ['its morning', string('2026-01-31 08:00:00'), date, '(NoStoredValue)'],
    ['a leap day', string('2024-02-29'), date, '2024-02-29'],
    ['a leap day too many', string('2026-02-29'), date, '(Malformed)'],
    ['no month', string('2026-00-10'), date, '(Malformed)'],
    ['no date', string('0000-00-00'), date, '(Malformed)'],
    ['a date in short', string('2026-1-31'), date, '(Malformed)'],
    ['a date as a number', number('20260131'), date, '(Malformed)'],
    ['midnight by its date', string('2026-01-31'), moment, '2026-01-31 00:00:00'],
    ['a moment', string('2026-01-31T10:00:00.500'), moment, '2026-01-31 10:00:00.5'],
    ['a moment with zeros', string('2026-01-31 10:00:00.000000'), moment, '2026-01-31 10:00:00'],
    ['a moment too exact', string('2026-01-31 10:00:00.0001'), moment, '(NoStoredValue)'],
    ['an hour too many', string('2026-01-31 24:00:00'), moment, '(Malformed)'],
    ['a time zone', string('2026-01-31 10:00:00+01:00'), moment, '(Malformed)'],
  ])('of %s', (_name, literal, rule, key) => expect(keyOf(literal, rule)).toBe(key));

  it('tells what to do, and no value', () => {
    const refusal = canonicalKey(string('sécret'), insensitive);
    expect(refusal).toMatchObject({ kind: 'refused', hint: expect.stringContaining('utf8mb4_bin') });
    expect(JSON.stringify(refusal)).not.toContain('cret');
  });

  it('is the same for all ways to write an integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const rule = ruleOf('bigint(20)');
        const forms = [number(`${value}`), number(`${value}.0`), string(`${value}`), double(value)];
        expect(new Set(forms.map((form) => keyOf(form, rule)))).toEqual(new Set([String(value)]));
      }),
    );
  });

  it('takes a double of a DECIMAL for the decimal it was written as', () => {
    fc.assert(
      fc.property(fc.integer({ min: -999_999_999_999, max: 999_999_999_999 }), (cents) => {
        const rule = ruleOf('decimal(15,2)');
        expect(keyOf(double(cents / 100), rule)).toBe(keyOf(number(String(cents / 100)), rule));
      }),
    );
  });
});
