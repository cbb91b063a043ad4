import { describe, expect, it } from '@jest/globals';
import { type InsertedRows, rememberedInsertId, toldInsertId } from './insert-id.ts';

const ROWS: InsertedRows = {
  kind: 'insert',
  generatedIds: null,
  told: [0n],
  setsId: false,
  countedByServer: false,
};
const IDS = { first: 100n, count: 3 };

describe('the id that an INSERT tells, and the one that LAST_INSERT_ID() is then', () => {
  it.each<[string, Partial<InsertedRows>, bigint, bigint | undefined]>([
    [
      'generated ids: the first, whatever row the server tells of',
      { generatedIds: IDS, told: [102n] },
      100n,
      100n,
    ],
    ['generated ids in several slots', { generatedIds: IDS, told: [0n, 101n] }, 100n, 100n],
    ['a row that was there before, and was updated', { generatedIds: IDS, told: [7n] }, 7n, undefined],
    ['one that the statement asks for', { generatedIds: IDS, told: [7n], setsId: true }, 7n, 7n],
    ['a row that IGNORE has left out', { generatedIds: IDS, told: [0n] }, 0n, undefined],
    ['an id that the statement names', { told: [7n] }, 7n, undefined],
    ['an id that the server has counted', { told: [7n], countedByServer: true }, 7n, 7n],
    ['LOAD DATA, of which servers tell none', { kind: 'loadData', generatedIds: IDS }, 100n, 100n],
    ['an UPDATE', { kind: 'update' }, 0n, undefined],
    ['an UPDATE that counts', { kind: 'update', told: [7n], setsId: true }, 7n, 7n],
    ['a DELETE', { kind: 'delete' }, 0n, undefined],
  ])('%s', (_what, rows, told, remembered) => {
    expect(toldInsertId({ ...ROWS, ...rows })).toBe(told);
    expect(rememberedInsertId({ ...ROWS, ...rows })).toBe(remembered);
  });
});
