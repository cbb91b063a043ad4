import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readKeyRule } from '../../../core/keyspace/key-rule.ts';
import { readRanges } from '../../../core/keyspace/ranges.ts';
import type { PartOfRows } from '../../slot-transfer.ts';
import { EVENT_TYPE, readTableMap } from './binlog-event.ts';
import { PartEvents } from './part-events.ts';
import { type PartKeys, partCondition, partKeysQuery, readPartKeys } from './part-keys.ts';
import { COLUMN_TYPE } from './row-format.ts';
import { logEvent, rowsEvent, tableMapEvent } from './testing/log-events.ts';

/** Three columns: a text, the key, a BLOB. */
const COLUMNS = Buffer.from([
  3,
  COLUMN_TYPE.varchar,
  COLUMN_TYPE.longlong,
  COLUMN_TYPE.blob,
  3,
  // A VARCHAR of at most 300 bytes, and a BLOB whose length takes two.
  44,
  1,
  2,
  0b111,
]);
const MAP = tableMapEvent(7, 'app_s0001', 'orders', COLUMNS);

function part(side: PartOfRows['side'], keyOf = () => 'id'): PartOfRows {
  return {
    layout: { strategy: 'Range', ranges: readRanges([{ slot: 4 }, { slot: 5, from: '100' }]) },
    slot: 5,
    side,
    keyOf,
  };
}

const KEYS: PartKeys = readPartKeys(
  [
    ['orders', 'text', '1', 'varchar(300)', 'latin1_bin'],
    ['orders', 'ID', '2', 'bigint(20)', null],
    ['orders', 'data', '3', 'blob', null],
  ],
  part('inside'),
);

function events(side: PartOfRows['side'], keys = KEYS): PartEvents {
  return new PartEvents({ database: 'app_s12345', rows: part(side) }, keys);
}

/** One image of a row with all columns; null: that it is NULL. */
function image(text: string | null, id: bigint | null, data: Buffer | null): Buffer {
  const nulls = (text === null ? 1 : 0) | (id === null ? 2 : 0) | (data === null ? 4 : 0);
  const parts: Buffer[] = [Buffer.of(nulls)];
  if (text !== null) {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(text.length);
    parts.push(length, Buffer.from(text, 'latin1'));
  }
  if (id !== null) {
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(id);
    parts.push(value);
  }
  if (data !== null) {
    const length = Buffer.alloc(2);
    length.writeUInt16LE(data.length);
    parts.push(length, data);
  }
  return Buffer.concat(parts);
}

function rows(images: readonly Buffer[], type: number = EVENT_TYPE.writeRows): Buffer {
  const bitmaps = type === EVENT_TYPE.updateRows ? [0b111, 0b111] : [0b111];
  return rowsEvent(7, true, Buffer.concat([Buffer.of(3, ...bitmaps), ...images]), type);
}

describe('PartEvents', () => {
  it('gives a table the name of its database here, and leaves the rest of its map', () => {
    const renamed = events('inside').map(MAP);
    expect(readTableMap(renamed)).toEqual({ schema: 'app_s12345', table: 'orders' });
    expect(renamed.readUInt32LE(9)).toBe(renamed.length);
    expect(renamed.length).toBe(MAP.length + 1);
    expect(renamed.subarray(-COLUMNS.length)).toEqual(COLUMNS);
    const back = new PartEvents({ database: 'app_s0001', rows: null }, new Map());
    expect(back.map(renamed)).toEqual(MAP);
    expect(back.rows(rows([image('a', 1n, null)]))).toEqual(rows([image('a', 1n, null)]));
  });

  it('takes each row into exactly one of two parts, by its key', () => {
    const row = fc.record({
      text: fc.option(fc.string({ maxLength: 40, unit: 'grapheme-ascii' })),
      id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      near: fc.option(fc.bigInt({ min: 90n, max: 110n })),
      data: fc.option(fc.uint8Array({ maxLength: 600 })),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (list) => {
        const keyed = list.map(({ text, id, near, data }) => {
          const key = near ?? id;
          return { key, bytes: image(text, key, data === null ? null : Buffer.from(data)) };
        });
        const event = rows(keyed.map(({ bytes }) => bytes));
        for (const side of ['inside', 'outside'] as const) {
          const own = keyed.filter(({ key }) => (key !== null && key >= 100n) === (side === 'inside'));
          const filter = events(side);
          filter.map(MAP);
          expect(filter.rows(event)).toEqual(own.length === 0 ? null : rows(own.map(({ bytes }) => bytes)));
        }
      }),
    );
  });

  it('takes both images of an update, and says so where they are of different parts', () => {
    const update = (...ids: readonly bigint[]): Buffer =>
      rows(
        ids.map((id) => image('t', id, null)),
        EVENT_TYPE.updateRows,
      );
    const filter = events('inside');
    filter.map(MAP);
    expect(filter.rows(update(1n, 2n, 100n, 300n))).toEqual(update(100n, 300n));
    expect(filter.rows(update(1n, 2n))).toBeNull();
    expect(filter.rows(update(99n, 100n))).toBe('KeyChanged');
    expect(filter.rows(update(100n, 99n))).toBe('KeyChanged');
  });

  it('refuses what it cannot read, rather than guess', () => {
    const filter = events('inside');
    const refused = (take: () => unknown): void =>
      expect(take).toThrow(expect.objectContaining({ code: 'NotMovable' }));
    refused(() => filter.rows(rows([image('t', 1n, null)])));
    filter.map(MAP);
    refused(() => filter.map(tableMapEvent(8, 'app_s0001', 'keyless', COLUMNS)));
    refused(() => filter.rows(rows([image('t', 1n, null)], EVENT_TYPE.compressedWriteRows)));
    const withoutKey = rowsEvent(7, true, Buffer.concat([Buffer.of(3, 0b101), Buffer.of(0, 0, 0, 0, 0)]));
    refused(() => filter.rows(withoutKey));
    const unknown = tableMapEvent(7, 'app_s0001', 'orders', Buffer.from([3, 200, 8, 252, 1, 2, 7]));
    filter.map(unknown);
    refused(() => filter.rows(rows([image('t', 1n, null)])));
    filter.map(MAP);
    expect(() =>
      filter.rows(logEvent(EVENT_TYPE.writeRows, rows([image('t', 1n, null)]).subarray(19, -3))),
    ).toThrow(/out of range/);
  });
});

describe('the keys of a part', () => {
  it('are found whatever the case of their names, and become a condition that every row is on one side of', () => {
    expect([...KEYS]).toEqual([
      [
        'orders',
        { column: 'ID', place: 1, rule: readKeyRule({ columnType: 'bigint(20)', collation: null }) },
      ],
    ]);
    const key = KEYS.get('orders');
    if (key === undefined) {
      throw new Error('there is no key');
    }
    const inside = partCondition(part('inside'), key);
    expect(inside).toBe('COALESCE(CASE WHEN `ID` >= 100 THEN 5 ELSE 4 END, -1) = 5');
    expect(partCondition(part('outside'), key)).toBe(`NOT (${inside})`);
    expect(partKeysQuery("it's")).toContain("'it''s'");
  });

  it('are refused where a table has none, or one that has no order', () => {
    const read = (type: string, collation: string | null, keyOf = (): string | null => 'id') =>
      readPartKeys([['t', 'id', '1', type, collation]], part('inside', keyOf as () => string));
    const refused = { code: 'NotMovable' };
    expect(() => read('bigint(20)', null, () => null)).toThrow(expect.objectContaining(refused));
    expect(() => read('bigint(20)', null, () => 'other')).toThrow(expect.objectContaining(refused));
    expect(() => read('varchar(20)', 'utf8mb4_general_ci')).toThrow(expect.objectContaining(refused));
    expect(() => read('uuid', null)).toThrow(expect.objectContaining(refused));
    expect(() => read('timestamp', null)).toThrow(expect.objectContaining(refused));
    expect(read('decimal(10,2)', null).size).toBe(1);
  });
});
