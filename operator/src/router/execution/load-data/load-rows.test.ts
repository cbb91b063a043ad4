import { describe, expect, it } from '@jest/globals';
import { readKeyRule } from '../../../core/keyspace/key-rule.ts';
import type { FileLoad } from '../../routing/file-load.ts';
import type { KeyOf } from '../../routing/key-constraint.ts';
import { KEYSPACES, slot } from '../../routing/testing/routing-stage.ts';
import { ALL_COPIES, RowTargets, wantedFields } from './load-rows.ts';

const keyspace = KEYSPACES.get('app') as NonNullable<ReturnType<typeof KEYSPACES.get>>;

function keyOf(columnType: string, collation: string | null): KeyOf {
  const rule = readKeyRule({ columnType, collation });
  if (rule.kind === 'refused') {
    throw new Error('no key');
  }
  return { table: 'orders', column: 'user_id', rule };
}

const NUMBERS = keyOf('bigint(20)', null);
const TEXTS = keyOf('varchar(20)', 'utf8mb4_bin');

function load(changes: Partial<FileLoad> = {}): FileLoad {
  return {
    table: 'orders',
    target: { kind: 'slots', key: NUMBERS, field: 1, only: null },
    ids: null,
    format: {
      fieldTerminator: Buffer.from('\t'),
      enclosure: null,
      escape: null,
      linePrefix: Buffer.alloc(0),
      lineTerminator: Buffer.from('\n'),
      skippedLines: 0,
    },
    charset: 'utf8mb4',
    fields: 3,
    variables: [],
    ...changes,
  };
}

function targetOf(
  text: string | Buffer | null | undefined,
  changes: Partial<FileLoad> = {},
  id?: bigint,
): number {
  const value = typeof text === 'string' ? Buffer.from(text) : text;
  return new RowTargets(load(changes), keyspace).targetOf({ number: 9, values: [value] }, id);
}

describe('RowTargets', () => {
  it('finds the slot of the key as INSERT does', () => {
    expect(targetOf('5')).toBe(slot(5));
    expect(targetOf('-17')).toBe(slot(-17));
  });

  it('takes the generated id for the key', () => {
    const target = { kind: 'slots', key: NUMBERS, field: -1, only: null } as const;
    expect(targetOf(undefined, { target, ids: { kind: 'generated', isKey: true } }, 5n)).toBe(slot(5));
  });

  it('sends rows of a reference table to all copies', () => {
    expect(targetOf(null, { target: { kind: 'copies' } })).toBe(ALL_COPIES);
  });

  it.each([
    [undefined, {}, /^Row 9 of the file: the key user_id of table orders is missing/],
    [null, {}, /is NULL/],
    ['', {}, /Row 9/],
    ['5x', {}, /Row 9/],
    [
      'ä',
      { target: { kind: 'slots', key: TEXTS, field: 0, only: null }, charset: 'latin1' },
      /character set latin1/,
    ],
    [
      '😀',
      { target: { kind: 'slots', key: TEXTS, field: 0, only: null }, charset: 'utf8mb3' },
      /character set utf8mb3/,
    ],
    [Buffer.of(0xe4), { target: { kind: 'slots', key: TEXTS, field: 0, only: null } }, /UTF-8/],
    ['5', { target: { kind: 'slots', key: NUMBERS, field: 0, only: slot(5) + 1 } }, /of another slot/],
  ] as const)('refuses the key %p', (value, changes, message) => {
    expect(() => targetOf(value, changes)).toThrow(message);
  });

  it.each([
    [null, false],
    ['0', false],
    ['', false],
    ['abc', false],
    [undefined, true],
  ])('refuses a row that asks for an id: %p', (value, allowsZero) => {
    const ids = { kind: 'inFile', column: 'id', field: 0, allowsZero } as const;
    expect(() => targetOf(value, { target: { kind: 'copies' }, ids })).toThrow(/no value for id/);
  });

  it('lets 0 be an id where the session says so', () => {
    const ids = { kind: 'inFile', column: 'id', field: 0, allowsZero: true } as const;
    expect(targetOf('0', { target: { kind: 'copies' }, ids })).toBe(ALL_COPIES);
    expect(targetOf('12', { target: { kind: 'copies' }, ids: { ...ids, allowsZero: false } })).toBe(
      ALL_COPIES,
    );
  });

  it('asks for the fields it needs', () => {
    const ids = { kind: 'inFile', column: 'id', field: 0, allowsZero: false } as const;
    expect(wantedFields(load({ ids }))).toEqual([1, 0]);
    expect(
      wantedFields(load({ target: { kind: 'copies' }, ids: { kind: 'generated', isKey: false } })),
    ).toEqual([]);
  });
});
