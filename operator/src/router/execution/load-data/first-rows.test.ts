import { describe, expect, it } from '@jest/globals';
import type { LoadTarget } from '../../routing/file-load.ts';
import type { Statement } from '../statement.ts';
import { FirstRows } from './first-rows.ts';

const TARGET: LoadTarget = {
  kind: 'slots',
  key: { table: 'users', column: 'id', rule: { kind: 'integer', least: '0', most: '9' } },
  field: 0,
  only: null,
};
const STATEMENT = { parsed: {}, parameters: null } as unknown as Statement;

const row = (number: number, key: string) => ({ number, values: [Buffer.from(key)] });

describe('the first rows of a file', () => {
  it('tell by key and number what brings the file to a slot', () => {
    const rows = new FirstRows('app', TARGET, STATEMENT);
    const first = row(1, '104');
    rows.add(4, first, undefined);
    first.values[0]?.fill('x');
    rows.add(4, row(2, '105'), undefined);
    rows.add(6, row(3, '7'), undefined);
    expect([rows.placeOf(4), rows.placeOf(6)].map((place) => [place.identity, place.describe()])).toEqual([
      ['app/4', "slot 4 of app (users.id = '104'), by row 1 of the file"],
      ['app/6', "slot 6 of app (users.id = '7'), by row 3 of the file"],
    ]);
    expect(rows.placeOf(5).describe()).toBe('slot 5 of app');
  });

  it('tell the id that was generated where that is the key', () => {
    const rows = new FirstRows('app', { ...TARGET, field: -1 }, STATEMENT);
    rows.add(2, row(1, 'a page'), 77n);
    expect(rows.placeOf(2).describe()).toBe("slot 2 of app (users.id = '77'), by row 1 of the file");
  });
});
