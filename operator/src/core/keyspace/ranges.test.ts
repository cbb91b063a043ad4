import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { beginsWith, compareTexts, readRanges, slotOfRange } from './ranges.ts';

const number = (text: string) => ({ kind: 'number', text }) as const;
const text = (value: string, padded = true) => ({ kind: 'text', bytes: Buffer.from(value), padded }) as const;

describe('slotOfRange', () => {
  const byNumber = readRanges([
    { slot: 4 },
    { slot: 1, from: '-5' },
    { slot: 0, from: '9.5' },
    { slot: 7, from: '100' },
  ]);

  it.each([
    ['-1000000000000000000000', 4],
    ['-5.1', 4],
    ['-5', 1],
    ['9', 1],
    ['9.5', 0],
    ['99', 0],
    ['100', 7],
    ['1000000000000000000000', 7],
  ])('finds the number %s in slot %i', (key, slot) => expect(slotOfRange(byNumber, number(key))).toBe(slot));

  const byText = readRanges([
    { slot: 0 },
    { slot: 2, from: 'Z' },
    { slot: 1, from: 'b' },
    { slot: 3, from: 'é' },
  ]);

  it('tells a key that an interval begins with', () => {
    const begun = (key: string): number[] =>
      [0, 1, 2, 3].filter((interval) => beginsWith(byNumber, interval, number(key)));
    expect(['-5', '9.5', '100', '99', '-6'].map(begun)).toEqual([[1], [2], [3], [], []]);
    expect([text('b'), text('b  '), text('b  ', false)].map((key) => beginsWith(byText, 2, key))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    ['', 0],
    ['Azz', 0],
    ['Z', 2],
    ['a', 2],
    ['b', 1],
    ['zzz', 1],
    ['é', 3],
    ['🐢', 3],
  ])('finds the text %s in slot %i', (key, slot) => expect(slotOfRange(byText, text(key))).toBe(slot));

  it('orders control characters as the collation of the column does', () => {
    expect(slotOfRange(byText, text('b\t', true))).toBe(2);
    expect(slotOfRange(byText, text('b\t', false))).toBe(1);
  });

  it('knows one interval without bounds', () => {
    const whole = readRanges([{ slot: 0 }]);
    expect([slotOfRange(whole, number('5')), slotOfRange(whole, text('x'))]).toEqual([0, 0]);
  });

  it('finds what a search from the beginning finds', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1 }), fc.integer(), (bounds, key) => {
        const sorted = bounds.toSorted((left, right) => left - right);
        const ranges = readRanges([
          { slot: 0 },
          ...sorted.map((bound, index) => ({ slot: index + 1, from: String(bound) })),
        ]);
        const expected = sorted.filter((bound) => bound <= key).length;
        expect(slotOfRange(ranges, number(String(key)))).toBe(expected);
      }),
    );
  });
});

describe('readRanges', () => {
  const between = (...froms: string[]) =>
    readRanges([{ slot: 0 }, ...froms.map((from, index) => ({ slot: index + 1, from }))]);

  it.each([
    ['numbers only', ['9', '10'], true, false],
    ['text only', ['10', '9'], false, true],
    ['both', ['1', '2'], true, true],
    ['words', ['a', 'b'], false, true],
    ['dates', ['2026-01-01', '2026-02-01'], false, true],
  ])('tells that bounds are %s', (_name, froms, areNumbers, areTexts) => {
    const { numbers, texts } = between(...froms);
    expect([numbers !== null, texts !== null]).toEqual([areNumbers, areTexts]);
  });

  it.each([
    ['nothing', []],
    ['a first one with a beginning', [{ slot: 0, from: '1' }]],
    ['a second one without', [{ slot: 0 }, { slot: 1 }]],
    ['a slot that is there twice', [{ slot: 0 }, { slot: 0, from: '1' }]],
    ['bounds that do not ascend', [{ slot: 0 }, { slot: 1, from: 'b' }, { slot: 2, from: 'a' }]],
    [
      'the same bound twice',
      [{ slot: 0 }, { slot: 1, from: '1' }, { slot: 2, from: '1.0' }, { slot: 3, from: '1' }],
    ],
    ['spaces at the end of a bound', [{ slot: 0 }, { slot: 1, from: 'a ' }]],
    ['a control character', [{ slot: 0 }, { slot: 1, from: 'a\u0001' }]],
  ])('refuses %s', (_name, bounds) =>
    expect(() => readRanges(bounds)).toThrow(expect.objectContaining({ code: 'InvalidRanges' })),
  );

  it('refuses a key of the other kind', () => {
    expect(() => slotOfRange(between('9', '10'), text('9'))).toThrow('not of the kind of the key');
    expect(() => slotOfRange(between('a'), number('9'))).toThrow('not of the kind of the key');
  });
});

describe('compareTexts', () => {
  it.each([
    ['a', 'a', 0, 0],
    ['a', 'b', -1, -1],
    ['a', 'ab', -1, -1],
    ['a', 'a ', 0, -1],
    ['a', 'a\t', 1, -1],
    ['', '\u0001', 1, -1],
    ['a', 'a  b', -1, -1],
  ])('compares "%s" with "%s"', (left, right, padded, exact) => {
    const sign = (isPadded: boolean) =>
      Math.sign(compareTexts(Buffer.from(left), Buffer.from(right), isPadded));
    expect([sign(true), sign(false)]).toEqual([padded, exact]);
  });
});
