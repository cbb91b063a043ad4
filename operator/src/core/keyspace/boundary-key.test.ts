import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { boundaryKey, type IntervalEnd } from './boundary-key.ts';
import { compareDecimals } from './decimal-text.ts';
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

/** The key, with `!` behind it where it is the value itself; or the code of the refusal in parentheses. */
function boundary(literal: KeyLiteral, rule: KeyRule, end: IntervalEnd): string {
  const found = boundaryKey(literal, rule, end);
  if (found.kind === 'refused') {
    return `(${found.code})`;
  }
  const text = found.key.kind === 'number' ? found.key.text : Buffer.from(found.key.bytes).toString();
  return found.isValue ? `${text}!` : text;
}

describe('boundaryKey', () => {
  const long = ruleOf('bigint(20)');
  const unsigned = ruleOf('bigint(20) unsigned');
  const price = ruleOf('decimal(6,2)');
  const text = ruleOf('varchar(3)', 'utf8mb4_bin');
  const date = ruleOf('date');

  it.each([
    ['a whole number', number('300'), long, '300!', '300!'],
    ['the same with zeros', number('300.00'), long, '300!', '300!'],
    ['between two keys', number('299.5'), long, '300', '299'],
    ['between two negative keys', number('-299.5'), long, '-299', '-300'],
    ['around zero', number('-0.5'), long, '0', '-1'],
    ['with few decimals', number('.001'), long, '1', '0'],
    ['by an exponent', number('2.995e2'), long, '300', '299'],
    ['a double', double(299.5), long, '300', '299'],
    ['a negative double', double(-0.5), long, '0', '-1'],
    ['a quoted number', string('299.5'), long, '300', '299'],
    ['quoted, and 300 as a double', string('299.99999999999999999'), long, '300', '300'],
    ['below a column without sign', number('-1'), unsigned, '-1', '-1'],
    [
      'above all of the column',
      number('99999999999999999999'),
      long,
      '99999999999999999999',
      '99999999999999999999',
    ],
    ['a double that stands for several', double(2 ** 60), long, '(Ambiguous)', '(Ambiguous)'],
    ['a double above all', double(1e30), long, '(NoStoredValue)', '(NoStoredValue)'],
    ['no finite number', double(Infinity), long, '(NoStoredValue)', '(NoStoredValue)'],
    [
      'more digits than are compared',
      number(`0.${'1'.repeat(31)}`),
      long,
      '(NoStoredValue)',
      '(NoStoredValue)',
    ],
    ['words', string('abc'), long, '(WrongKind)', '(WrongKind)'],
    ['NULL', { kind: 'null' }, long, '(Null)', '(Null)'],
    ['a decimal of the column', number('1.50'), price, '1.5!', '1.5!'],
    ['more decimals than the column has', number('1.505'), price, '1.51', '1.5'],
    ['the same below zero', number('-1.505'), price, '-1.5', '-1.51'],
    ['hardly above zero', number('0.001'), price, '0.01', '0'],
    ['above all decimals of the column', number('12345.678'), price, '12345.68', '12345.67'],
    // As DOUBLE 0.1 is more than 0.1.
    [
      'a double with more decimals than the column has',
      double(0.005),
      price,
      '(NoStoredValue)',
      '(NoStoredValue)',
    ],
    ['a text', string('ab'), text, 'ab!', 'ab!'],
    ['a text that is too long', string('abcd'), text, '(NoStoredValue)', '(NoStoredValue)'],
    ['a time of a day', string('2026-01-31 10:00:00'), date, '(NoStoredValue)', '(NoStoredValue)'],
  ] as const)('ends an interval: %s', (_what, literal, rule, least, most) => {
    expect([boundary(literal, rule, 'least'), boundary(literal, rule, 'most')]).toEqual([least, most]);
  });

  it.each([0, 2])('leaves the same rows as the value, of columns with %s decimals', (scale) => {
    const rule = ruleOf(scale === 0 ? 'bigint(20)' : `decimal(12,${scale})`);
    const near = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(near, near, (value, row) => {
        const literal = String(value / 10 ** (scale + 1));
        const key = String(row / 10 ** scale);
        for (const end of ['least', 'most'] as const) {
          const found = boundaryKey(number(literal), rule, end);
          const bound = found.kind === 'boundary' && found.key.kind === 'number' ? found.key.text : '';
          const isWithin = (other: string): boolean =>
            end === 'least' ? compareDecimals(key, other) >= 0 : compareDecimals(key, other) <= 0;
          expect([literal, key, end, isWithin(bound)]).toEqual([literal, key, end, isWithin(literal)]);
        }
      }),
    );
  });
});
