import { describe, expect, it } from '@jest/globals';
import { readDatabaseSizes } from './read-size.ts';

/** Answers of a server with two databases, as so many rows were handled in the first. */
const measure = (userstat: string) =>
  readDatabaseSizes(
    async (what) =>
      what === 'measure databases'
        ? [
            { name: 'app_s0000', n_rows: '10', bytes: '16384' },
            { name: 'app_s0001', n_rows: '0', bytes: '32768' },
            { name: 'mysql', n_rows: '99', bytes: '99' },
          ]
        : [
            { name: null, handled: userstat },
            { name: 'app_s0000', handled: '700' },
          ],
    ['app_s0000', 'app_s0001'],
  );

describe('readDatabaseSizes', () => {
  it('tells sizes and rows handled of the databases asked for', async () => {
    expect(await measure('1')).toEqual([
      { database: 'app_s0000', rows: 10, bytes: 16384, rowsHandled: 700 },
      { database: 'app_s0001', rows: 0, bytes: 32768, rowsHandled: 0 },
    ]);
  });

  it('tells no rows handled where the server does not count them', async () => {
    expect((await measure('0')).map(({ rowsHandled }) => rowsHandled)).toEqual([null, null]);
  });
});
