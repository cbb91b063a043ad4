import { describe, expect, it } from '@jest/globals';
import { type DescribedPlaces, describeRoute } from './describe-route.ts';
import { KEYSPACES, route, slot } from './testing/routing-stage.ts';

const PLACES: DescribedPlaces = {
  homeShardOf: () => 0,
  referenceShardsOf: () => [0, 2],
  serverOf: (place, { mode }) =>
    `${mode} ${place.kind} ${'slot' in place ? place.slot % 2 : 'shard' in place ? place.shard : ''}`,
  movesOf: (databases) => databases.filter((name) => name === MOVING).map((name) => `${name} moves`),
};
const MOVING = 'app_s0011';

function described(sql: string): Record<string, string> {
  const all = describeRoute(route(sql), KEYSPACES, PLACES);
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''));
}

describe('EXPLAIN SHARDWRIGHT', () => {
  it('tells slot, shard, database and server', () => {
    const number = slot(5);
    expect(described('EXPLAIN SHARDWRIGHT SELECT * FROM orders WHERE user_id = 5 FOR UPDATE')).toEqual({
      route: 'single',
      keyspace: 'app',
      slots: String(number),
      shards: String(number < 8 ? 0 : 1),
      database: `app_s000${number}`,
      server: `read slot ${number % 2}`,
      access: 'primary: FOR UPDATE locks rows',
      reason: 'by key orders.user_id',
    });
  });

  it.each([
    [
      'SELECT COUNT(*) FROM orders',
      {
        route: 'scatter',
        slots: '0-15',
        shards: '0,1',
        server: 'read slot 0, read slot 1',
        merge: 'aggregate',
        reason: 'no key is given',
      },
    ],
    ['SELECT note FROM orders GROUP BY note', { merge: 'groups by 1 columns' }],
    ['SELECT DISTINCT note FROM orders', { merge: 'distinct rows by 1 columns' }],
    ['SELECT note FROM orders ORDER BY id', { merge: 'merge by 1 sorted columns' }],
    ['SELECT note FROM orders', { merge: 'concatenate' }],
    ['DELETE FROM orders WHERE user_id IN (5, 6)', { route: 'split', access: 'primary: it writes' }],
    ['SELECT * FROM settings', { shards: '0', database: 'app$single', access: 'Eventual' }],
    ['SELECT * FROM countries', { shards: 'any', database: 'app$shared' }],
    ['SELECT 1', { shards: 'any' }],
    [
      'DELETE FROM countries',
      { route: 'reference write', shards: '0,2', server: 'write anywhere 0, write anywhere 2' },
    ],
    ['INSERT INTO users (email) VALUES (1)', { route: 'by generated id' }],
  ])('%s', (sql, expected) => {
    expect(described(`EXPLAIN SHARDWRIGHT ${sql}`)).toMatchObject(expected);
  });

  it('tells what of it moves', () => {
    expect(described('EXPLAIN SHARDWRIGHT SELECT COUNT(*) FROM orders')['moves']).toBe(`${MOVING} moves`);
    expect(described('ALTER TABLE orders ADD x INT')).toMatchObject({
      moves: `${MOVING} moves`,
      server: 'write anywhere 0, write anywhere 1',
      access: 'primary: it writes',
    });
    expect(described('EXPLAIN SHARDWRIGHT SELECT * FROM settings')['moves']).toBeUndefined();
  });

  it('tells why a statement is refused, and what to do', () => {
    expect(described('EXPLAIN SHARDWRIGHT SELECT * FROM orders, items')['reason']).toMatch(
      /^Rows of different slots would meet: of orders and items\. Compare each of orders\.user_id and items\.user_id/,
    );
  });
});
