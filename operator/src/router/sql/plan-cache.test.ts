import { describe, expect, it } from '@jest/globals';
import { PlanCache } from './plan-cache.ts';
import type { PlanEntry } from './plan-cache.ts';
import { PlanKey } from './plan-key.ts';
import { scanStatement } from './scanner.ts';
import { DEFAULT_DIALECT, parse } from './testing/parse.ts';
import { TokenList } from './token-list.ts';

function keyOf(text: string): PlanKey {
  const tokens = new TokenList(1000);
  const key = new PlanKey();
  scanStatement(tokens, Buffer.from(text), 0, DEFAULT_DIALECT);
  key.build(tokens, Buffer.from(text), DEFAULT_DIALECT);
  return key;
}

function entryOf(digest: string): PlanEntry<string> {
  return { digest, shape: parse('SELECT 1').shape, plan: 'plan' };
}

describe('PlanCache', () => {
  it('never holds more than its limit, and keeps what is asked for', () => {
    const cache = new PlanCache<string>({ entries: 10, keyBytes: 100 });
    const often = entryOf('often');
    cache.add(keyOf('SELECT often'), often);
    for (let index = 0; index < 100; index++) {
      cache.add(keyOf(`SELECT a${String(index)}`), entryOf(String(index)));
      expect(cache.find(keyOf('SELECT often'))).toBe(often);
      expect(cache.statistics().entries).toBeLessThanOrEqual(10);
    }
    expect(cache.find(keyOf('SELECT a0'))).toBeNull();
    expect(cache.find(keyOf('SELECT a99'))?.digest).toBe('99');
  });

  it('keeps no entry with a long key', () => {
    const cache = new PlanCache<string>({ entries: 10, keyBytes: 10 });
    cache.add(keyOf('SELECT abcdefghijkl'), entryOf('long'));
    expect(cache.find(keyOf('SELECT abcdefghijkl'))).toBeNull();
  });

  it('tells keys with the same hash apart', () => {
    const cache = new PlanCache<string>({ entries: 10, keyBytes: 100 });
    const [one, other] = [keyOf('SELECT a'), keyOf('SELECT b')];
    other.hash = one.hash;
    cache.add(one, entryOf('a'));
    expect(cache.find(other)).toBeNull();
    cache.add(other, entryOf('b'));
    expect(cache.find(other)?.digest).toBe('b');
    expect(cache.find(one)).toBeNull();
  });

  it('forgets plans and keeps shapes', () => {
    const cache = new PlanCache<string>({ entries: 4, keyBytes: 100 });
    for (const name of ['a', 'b', 'c']) cache.add(keyOf(`SELECT ${name}`), entryOf(name));
    cache.clearPlans();
    for (const name of ['a', 'b', 'c'])
      expect(cache.find(keyOf(`SELECT ${name}`))).toMatchObject({ digest: name, plan: null });
  });
});
