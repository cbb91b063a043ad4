import { describe, expect, it } from '@jest/globals';
import { canonicalKey } from './canonical-key.ts';
import { type KeyRule, readKeyRule } from './key-rule.ts';
import { checkKeyRule, keySlotSql, type KeyspaceLayout, slotOf } from './keyspace-layout.ts';
import { readRanges } from './ranges.ts';

function ruleOf(columnType: string, collation: string | null = null): KeyRule {
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error(rule.reason);
  }
  return rule;
}

const byNumber: KeyspaceLayout = {
  strategy: 'Range',
  ranges: readRanges([{ slot: 0 }, { slot: 2, from: '9' }, { slot: 1, from: '10' }]),
};
const byText: KeyspaceLayout = {
  strategy: 'Range',
  ranges: readRanges([{ slot: 0 }, { slot: 1, from: "é'" }]),
};

describe('slotOf', () => {
  const key = { kind: 'number', text: '123456789' } as const;

  // CRC-32 of these digits is its check value, 0xcbf43926; the hash 1604691278.
  it.each([
    ['ConsistentHash', 1, 0],
    ['ConsistentHash', 256, 95],
    ['ConsistentHash', 16_384, 6121],
    ['Hash', 1, 0],
    ['Hash', 256, 78],
    ['Hash', 16_384, 9550],
  ] as const)('by %s over %i slots', (strategy, slots, slot) =>
    expect(slotOf({ strategy, slots }, key)).toBe(slot),
  );

  it('by Range', () => expect(slotOf(byNumber, key)).toBe(1));

  it('never changes: rows that are stored would be lost', () => {
    const rule = ruleOf('varchar(36)', 'utf8mb4_general_ci');
    const slots = ['', 'a', 'Tenant-7', '0190a0b4-7f3e-7cc0-98c4-dc0c0c07398f'].map((text) => {
      const key = canonicalKey({ kind: 'string', bytes: Buffer.from(text) }, rule);
      return key.kind === 'refused' ? key : slotOf({ strategy: 'ConsistentHash', slots: 16_384 }, key);
    });
    expect(slots).toEqual([0, 15494, 4633, 7002]);
  });
});

describe('checkKeyRule', () => {
  const number = ruleOf('bigint(20)');
  const text = ruleOf('varchar(36)', 'utf8mb4_bin');

  it.each([
    ['numbers between numbers', byNumber, number],
    ['text between texts', byText, text],
    ['dates between texts', byText, ruleOf('date')],
    ['text between nothing', { strategy: 'Range', ranges: readRanges([{ slot: 0 }]) }, text],
    ['anything that is hashed', { strategy: 'Hash', slots: 8 }, ruleOf('uuid')],
  ] as const)('takes %s', (_name, layout, rule) => expect(checkKeyRule(layout, rule)).toBeUndefined());

  it.each([
    ['numbers between texts', byText, number],
    ['text between numbers', byNumber, text],
    ['dates between numbers', byNumber, ruleOf('datetime(6)')],
    ['text of a collation that has an order of its own', byText, ruleOf('char(8)', 'utf8mb4_general_ci')],
    ['text of one that only tells case apart', byText, ruleOf('char(8)', 'utf8mb4_uca1400_as_cs')],
    ['UUIDs', byText, ruleOf('uuid')],
    ['bytes', byText, ruleOf('binary(16)')],
  ])('refuses %s', (_name, layout, rule) =>
    expect(checkKeyRule(layout, rule)).toMatchObject({ kind: 'refused', code: 'NotOrdered' }),
  );
});

describe('keySlotSql', () => {
  const hashOf = (key: string) =>
    `(CRC32(${key}) * CRC32(${key}) MOD 4294967291 * CRC32(${key}) MOD 4294967291)`;
  const ring: KeyspaceLayout = { strategy: 'ConsistentHash', slots: 256 };

  it.each([
    [
      'an integer',
      ring,
      ruleOf('int(11)'),
      hashOf('CAST(`k` + 0 AS CHAR CHARACTER SET ascii)') + ' * 256 DIV 4294967296',
    ],
    [
      'a text',
      { strategy: 'Hash', slots: 8 } as const,
      ruleOf('varchar(9)', 'utf8mb4_general_ci'),
      hashOf('LOWER(RTRIM(CONVERT(`k` USING utf8mb4)) COLLATE utf8mb4_general_ci)') + ' MOD 8',
    ],
    [
      'an interval',
      byNumber,
      ruleOf('int(11)'),
      'CASE WHEN `k` >= 10 THEN 1 WHEN `k` >= 9 THEN 2 ELSE 0 END',
    ],
    [
      'an interval of texts',
      byText,
      ruleOf('date'),
      "CASE WHEN CONVERT(CAST(`k` AS CHAR CHARACTER SET ascii) USING utf8mb4) COLLATE utf8mb4_nopad_bin >= _utf8mb4 X'c3a927' THEN 1 ELSE 0 END",
    ],
    [
      'the only interval',
      { strategy: 'Range', ranges: readRanges([{ slot: 0 }]) } as const,
      ruleOf('date'),
      '0',
    ],
  ])('finds the slot of %s', (_name, layout, rule, sql) => expect(keySlotSql(layout, '`k`', rule)).toBe(sql));
});
