import { describe, expect, it } from '@jest/globals';
import type { KeyLiteral } from '../../core/keyspace/key-literal.ts';
import { describeKey } from './describe-key.ts';
import { listedKey, type RoutedKey } from './routed-key.ts';
import { parse, route, slot, type RoutingOptions } from './testing/routing-stage.ts';

/** The keys that a statement's route tells, by slot. */
function keysOf(sql: string, options: RoutingOptions = {}): Readonly<Record<number, string | null>> {
  const statement = parse(sql);
  const decided = route(sql, options);
  const parameters = options.parameters ?? [];
  const values = {
    literal: (index: number) => statement.literal(index),
    parameter: (index: number): KeyLiteral => parameters[index] ?? { kind: 'null' },
  };
  const text = (boundBy: RoutedKey | null | undefined): string | null =>
    boundBy === null || boundBy === undefined ? null : describeKey(boundBy, values);
  switch (decided.kind) {
    case 'single':
      return decided.place.kind === 'slot' ? { [decided.place.slot]: text(decided.boundBy) } : {};
    case 'split':
    case 'scatter':
      return Object.fromEntries(decided.parts.map((part) => [part.slot, text(part.boundBy)]));
    default:
      return {};
  }
}

describe('a route tells a key of each of its slots', () => {
  const [five, six] = [slot(5), slot(6)];

  it.each<[string, Record<number, string | null>]>([
    ['SELECT * FROM orders WHERE user_id = 5', { [five]: 'orders.user_id = 5' }],
    ["SELECT * FROM orders WHERE user_id = '5' AND user_id > 1", { [five]: "orders.user_id = '5'" }],
    [
      'UPDATE orders o JOIN items i ON i.user_id = o.user_id SET o.total = 1 WHERE i.user_id = 5',
      { [five]: 'items.user_id = 5' },
    ],
    [
      'DELETE FROM items WHERE user_id IN (5, 6)',
      { [five]: 'items.user_id = 5', [six]: 'items.user_id = 6' },
    ],
    [
      'SELECT id FROM orders WHERE user_id IN (6, 5)',
      { [five]: 'orders.user_id = 5', [six]: 'orders.user_id = 6' },
    ],
    ['INSERT INTO items (order_id, user_id) VALUES (1, 5)', { [five]: 'items.user_id = 5' }],
    [
      'INSERT INTO items (user_id) VALUES (5), (6)',
      { [five]: 'items.user_id = 5', [six]: 'items.user_id = 6' },
    ],
  ])('%s', (sql, keys) => {
    expect(keysOf(sql)).toEqual(keys);
  });

  it('by parameters, generated ids and shardwright_key', () => {
    expect(
      keysOf('SELECT * FROM orders WHERE user_id = ?', { parameters: [{ kind: 'double', value: 5 }] }),
    ).toEqual({ [five]: 'orders.user_id = 5' });
    expect(keysOf("INSERT INTO users (email) VALUES ('a')", { input: { firstGeneratedId: 5n } })).toEqual({
      [five]: 'users.id = 5',
    });
    const key = { kind: 'number', text: '5' } as const;
    expect(keysOf('SELECT COUNT(*) FROM orders', { session: { key } })).toEqual({
      [five]: 'shardwright_key = 5',
    });
  });

  it('and none where no key is given', () => {
    expect(new Set(Object.values(keysOf('SELECT COUNT(*) FROM orders')))).toEqual(new Set([null]));
  });
});

describe('describeKey', () => {
  const values = { literal: () => ({ kind: 'number', text: '1' }) as const, parameter: null };

  it.each<[KeyLiteral, string]>([
    [{ kind: 'string', bytes: Buffer.from('Zürich\n') }, "'Zürich?'"],
    [{ kind: 'string', bytes: Buffer.from('é'.repeat(99)) }, `'${'é'.repeat(60)}…'`],
    [{ kind: 'bytes', bytes: Buffer.from('AB') }, "x'4142'"],
    [{ kind: 'double', value: 2 }, '2'],
    [{ kind: 'null' }, 'NULL'],
  ])('writes %j', (value, text) => {
    expect(describeKey({ key: null, value }, values)).toBe(`shardwright_key = ${text}`);
  });
});

describe('listedKey', () => {
  const listed = {
    key: { table: 't', column: 'k', rule: { kind: 'integer', least: '0', most: '9' } },
    values: [{ kind: 'null' }, { kind: 'boolean', value: true }],
    slots: [null, 3],
  } as const;

  it('is the first of the slot', () => {
    expect(listedKey(listed, 3)?.value).toEqual({ kind: 'boolean', value: true });
    expect(listedKey(listed, 4)).toBeNull();
  });
});
