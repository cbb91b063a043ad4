import { describe, expect, it } from '@jest/globals';
import type { PreparedStatement } from './backend-connection.ts';
import { StatementAllowance } from './statement-allowance.ts';
import { StatementCache, type StatementKey } from './statement-cache.ts';

function keyOf(text: string): StatementKey {
  return { text, database: 'app_s0001', variables: '' };
}

function prepared(id: number): PreparedStatement {
  return { id, parameters: [], columns: [], warnings: 0 };
}

function cacheOf(capacity: number, texts: readonly string[]): StatementCache {
  const cache = new StatementCache(capacity, new StatementAllowance(0));
  texts.forEach((text, index) => cache.add(keyOf(text), prepared(index + 1)));
  return cache;
}

describe('StatementCache', () => {
  it('closes the oldest that was not used', () => {
    const cache = cacheOf(3, ['a', 'b', 'c']);
    cache.find(keyOf('a'));
    expect(cache.add(keyOf('d'), prepared(4))).toEqual([2]);
    expect(cache.find(keyOf('a'))?.id).toBe(1);
    expect(cache.find(keyOf('b'))).toBeUndefined();
  });

  it('passes a used one over once', () => {
    const cache = cacheOf(2, ['a', 'b']);
    cache.find(keyOf('a'));
    expect(cache.add(keyOf('c'), prepared(3))).toEqual([2]);
    expect([...cache.add(keyOf('d'), prepared(4)), ...cache.add(keyOf('e'), prepared(5))]).toContain(1);
  });

  it('closes the oldest where all are used, and never the one that comes in', () => {
    const cache = cacheOf(2, ['a', 'b']);
    cache.find(keyOf('a'));
    cache.find(keyOf('b'));
    expect(cache.add(keyOf('c'), prepared(3))).toEqual([1]);
  });

  it('closes none with a cursor, however full it is', () => {
    const cache = cacheOf(2, ['a', 'b']);
    cache.hold(1);
    cache.hold(2);
    expect(cache.add(keyOf('c'), prepared(3))).toEqual([]);
    cache.release(2);
    expect(cache.add(keyOf('d'), prepared(4)).toSorted((one, other) => one - other)).toEqual([2, 3]);
    expect(cache.find(keyOf('a'))?.id).toBe(1);
  });

  it('keeps what the allowance lets it keep beyond its own, and gives that back', () => {
    const allowance = new StatementAllowance(1);
    const cache = new StatementCache(1, allowance);
    cache.add(keyOf('a'), prepared(1));
    expect(cache.add(keyOf('b'), prepared(2))).toEqual([]);
    expect(cache.add(keyOf('c'), prepared(3))).toEqual([1]);
    cache.clear();
    expect(allowance.take()).toBe(true);
  });
});
