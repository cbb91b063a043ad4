import { beforeEach, describe, expect, it } from '@jest/globals';
import { readMiddleKey } from './middle-key.ts';
import type { RowSession } from './row-session.ts';

const NEVER = new AbortController().signal;

describe('readMiddleKey', () => {
  /** Table, column, type, collation and estimated rows, the largest first. */
  let columns: readonly (readonly (string | null)[])[];
  /** Keys found, by offset. */
  let keys: ReadonlyMap<number, string>;
  let asked: string[];

  beforeEach(() => {
    columns = [
      ['sums', 'total', 'double', null, '500'],
      ['events', 'note', 'text', 'utf8mb4_bin', '90'],
      ['events', 'At', 'bigint(20)', null, '90'],
      ['items', 'at', 'bigint(20)', null, '10'],
    ];
    keys = new Map([[45, '700']]);
    asked = [];
  });

  const read = async () => {
    const session = {
      query: async (_: string, sql: string | Buffer) => {
        const text = String(sql);
        asked.push(text);
        if (text.includes('information_schema')) {
          return columns.map((row) => row.map((field) => (field === null ? null : Buffer.from(field))));
        }
        if (text.includes('COUNT(*)')) {
          return [[Buffer.from('8')]];
        }
        const key = keys.get(Number(/OFFSET (\d+)/.exec(text)?.[1]));
        return key === undefined ? [] : [[Buffer.from(key)]];
      },
    } as Pick<RowSession, 'query'> as RowSession;
    return readMiddleKey(session, { database: 'log_s0000', keyOf: () => 'at' }, NEVER);
  };

  it('takes the largest table that has the key, at half of its estimated rows', async () => {
    expect(await read()).toBe('700');
    expect(asked[1]).toContain('FROM `log_s0000`.`events`');
    expect(asked.every((sql) => sql.startsWith('SET STATEMENT max_statement_time = '))).toBe(true);
  });

  it('counts where there are fewer rows than estimated', async () => {
    keys = new Map([[4, '12']]);
    expect(await read()).toBe('12');
  });

  it('takes the next table where one has no two keys', async () => {
    keys = new Map([[5, '31']]);
    expect(await read()).toBe('31');
    expect(asked.at(-1)).toContain('`items`');
  });

  it.each([
    ['no table has two keys', () => (keys = new Map())],
    ['no table has the key', () => (columns = columns.filter(([, name]) => name?.toLowerCase() !== 'at'))],
    ['the key has no order', () => (columns = [['events', 'at', 'uuid', null, '90']])],
  ])('is NotMovable where %s', async (_, change) => {
    change();
    await expect(read()).rejects.toMatchObject({ code: 'NotMovable' });
  });
});
