import { expect, it } from '@jest/globals';
import { databaseOfMove, moveIdOf } from './planned-move.ts';

it('names the database of each unit', () => {
  const pair = { keyspace: 'app', from: 0, to: 1 };
  expect(databaseOfMove({ ...pair, unit: 'Slot', slot: 42 })).toBe('app_s0042');
  expect(databaseOfMove({ ...pair, unit: 'Unsharded' })).toBe('app$single');
  expect(databaseOfMove({ ...pair, unit: 'Reference' })).toBe('app$shared');
});

it('names moves by their rebalance, and never longer than a label', () => {
  const uid = '0f8fad5b-d9cb-469f-a165-70867728950e';
  expect(moveIdOf({ name: 'shop-to-3', uid }, 12)).toBe('shop-to-3-0f8fad5b-12');
  expect(moveIdOf({ name: 'x'.repeat(46), uid }, 999_999).length).toBeLessThanOrEqual(63);
});
