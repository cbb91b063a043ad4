import { describe, expect, it } from '@jest/globals';
import { CatalogCache } from './catalog-cache.ts';
import type { CatalogQuery, CatalogRow } from './catalog-reader.ts';
import { KEYSPACES } from './testing/routing-stage.ts';

const APP = KEYSPACES.get('app');
const SIGNAL = new AbortController().signal;

function keyspace(): NonNullable<typeof APP> {
  if (APP === undefined) {
    throw new Error('the stage has no keyspace app');
  }
  return APP;
}

/** Rows of information_schema: table, type, column, data type, column type, collation, nullable, extra, expression, place in the key. */
const ROWS: Readonly<Record<CatalogQuery['kind'], readonly CatalogRow[]>> = {
  sharded: [
    ['orders', 'BASE TABLE', 'ID', 'bigint', 'bigint(20)', null, 'NO', 'auto_increment', null, '1'],
    ['orders', 'BASE TABLE', 'user_id', 'bigint', 'bigint(20)', null, 'NO', '', null, null],
    ['broken', 'BASE TABLE', 'user_id', 'double', 'double', null, 'NO', '', null, null],
    ['settings', 'BASE TABLE', 'name', 'int', 'int(11)', null, 'NO', '', null, null],
    ['sums', 'VIEW', 'user_id', 'bigint', 'bigint(20)', null, 'NO', '', null, null],
  ],
  reference: [
    ['countries', 'BASE TABLE', 'code', 'char', 'char(2)', 'utf8mb4_bin', 'NO', 'INVISIBLE', null, '1'],
  ],
  unsharded: [
    ['settings', 'BASE TABLE', 'name', 'int', 'int(11)', null, 'NO', 'STORED GENERATED', '1 + 1', null],
  ],
};

describe('the catalog', () => {
  it('has tables as they are in the database of their kind', async () => {
    const cache = new CatalogCache(({ kind }) => Promise.resolve(ROWS[kind]));
    await cache.load(keyspace(), SIGNAL);
    const { current } = cache;
    expect(current.table('app', 'orders')).toMatchObject({
      kind: 'sharded',
      isView: false,
      primaryKey: ['id'],
      key: { column: 'user_id', rule: { kind: 'integer' } },
      columns: [
        { name: 'id', autoIncrement: true },
        { name: 'user_id', autoIncrement: false },
      ],
    });
    expect(current.table('app', 'broken')).toMatchObject({
      key: { rule: { kind: 'refused', code: 'UnsupportedType' } },
    });
    expect(current.table('app', 'sums')).toMatchObject({ isView: true, key: null });
    expect(current.table('app', 'countries')).toMatchObject({
      kind: 'reference',
      columns: [{ invisible: true }],
    });
    // The one in the slots is of no kind that the keyspace knows.
    expect(current.table('app', 'settings')).toMatchObject({
      kind: 'unsharded',
      columns: [{ generated: true }],
    });
    expect(current.table('app', 'nothing')).toBeUndefined();
  });

  it('asks one slot, the reference tables and the unsharded ones', async () => {
    const places: CatalogQuery['place'][] = [];
    const cache = new CatalogCache(({ place }) => {
      places.push(place);
      return Promise.resolve([]);
    });
    await cache.load(keyspace(), SIGNAL);
    expect(places).toEqual([
      { kind: 'slot', keyspace: 'app', slot: 0 },
      { kind: 'shared', keyspace: 'app' },
      { kind: 'unsharded', keyspace: 'app' },
    ]);
  });

  it('is another object after each change, and forgets what was found to be wrong', async () => {
    const cache = new CatalogCache(({ kind }) => Promise.resolve(ROWS[kind]));
    const empty = cache.current;
    await cache.load(keyspace(), SIGNAL);
    const loaded = cache.current;
    expect(loaded).not.toBe(empty);
    expect(loaded.has('app')).toBe(true);
    cache.invalidate('app');
    expect(cache.current.has('app')).toBe(false);
    expect(loaded.has('app')).toBe(true);
  });

  it('is loaded once more for all who ask while it is being loaded', async () => {
    let loads = 0;
    const answers: (() => void)[] = [];
    const cache = new CatalogCache(async ({ kind }) => {
      if (kind === 'sharded') {
        loads += 1;
        await new Promise<void>((resolve) => answers.push(resolve));
      }
      return [];
    });
    const first = cache.load(keyspace(), SIGNAL);
    const others = [
      cache.load(keyspace(), SIGNAL),
      cache.load(keyspace(), SIGNAL),
      cache.load(keyspace(), SIGNAL),
    ];
    await waitFor(() => answers.length === 1);
    answers[0]?.();
    await first;
    await waitFor(() => answers.length === 2);
    answers[1]?.();
    await Promise.all(others);
    expect(loads).toBe(2);
  });

  it('is loaded for those who still wait when the first who asked has gone', async () => {
    const first = new AbortController();
    const cache = new CatalogCache((_query, signal) => {
      if (signal === first.signal) {
        first.abort(new Error('the client has gone'));
        return Promise.reject(first.signal.reason as Error);
      }
      return Promise.resolve([]);
    });
    const gone = cache.load(keyspace(), first.signal);
    const waiting = cache.load(keyspace(), SIGNAL);
    await expect(gone).rejects.toThrow('the client has gone');
    await waiting;
    expect(cache.current.has('app')).toBe(true);
  });

  it('rejects with the error of the query, and can be loaded again', async () => {
    let fails = true;
    const cache = new CatalogCache(() => (fails ? Promise.reject(new Error('gone')) : Promise.resolve([])));
    await expect(cache.load(keyspace(), SIGNAL)).rejects.toThrow('gone');
    fails = false;
    await cache.load(keyspace(), SIGNAL);
    expect(cache.current.has('app')).toBe(true);
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise(setImmediate);
  }
}
