import { describe, expect, it } from '@jest/globals';
import { readSwitch, withConsistency, withShard, withTransactions, withWait } from './own-variables.ts';
import { NO_WISHES } from './session.ts';

describe('variables of the router', () => {
  it.each([
    ['strong', 'Strong', false],
    ['EVENTUAL', 'Eventual', false],
    ['eventual_fastest', 'Eventual', true],
    ['read-your-writes', 'ReadYourWrites', false],
    ['ReadYourWrites', 'ReadYourWrites', false],
  ])('consistency %s', (text, consistency, fastest) => {
    expect(withConsistency(NO_WISHES, text)).toMatchObject({ consistency, fastest });
  });

  it('take DEFAULT back, and refuse what is none', () => {
    const wishes = withConsistency(NO_WISHES, 'eventual_fastest') ?? NO_WISHES;
    expect(withConsistency(wishes, null)).toEqual(NO_WISHES);
    expect(withConsistency(wishes, 'maybe')).toBeUndefined();
    expect(withTransactions(wishes, 'both')).toBeUndefined();
    expect(withTransactions(wishes, 'Multi')?.transactions).toBe('Multi');
  });

  it('name a shard that is there', () => {
    expect(withShard(NO_WISHES, '1', new Set([0, 1]))?.shard).toBe(1);
    expect(withShard(NO_WISHES, '2', new Set([0, 1]))).toBeUndefined();
    expect(withShard({ ...NO_WISHES, shard: 1 }, null, new Set())?.shard).toBeNull();
  });

  it('switch', () => {
    expect(['1', 'on', 'TRUE', '0', 'Off', 'x'].map(readSwitch)).toEqual([
      true,
      true,
      true,
      false,
      false,
      undefined,
    ]);
  });

  it.each([
    ['50', 50],
    ['10000', 10_000],
    [null, 0],
    ['10001', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('wait %s', (text, milliseconds) => {
    expect(withWait(NO_WISHES, text)?.waitMilliseconds).toBe(milliseconds);
  });
});
