import { describe, expect, it } from '@jest/globals';
import { dataClaimName, shardOfDataClaim, shardOfStatefulSet } from './member-names.ts';

describe('names of members', () => {
  it.each<[string, number | undefined]>([
    ['demo-shard-0', 0],
    ['demo-shard-12', 12],
    ['demo-shard-01', undefined],
    ['demo-shard-', undefined],
    ['demo-shard-0-0', undefined],
    ['demo-shard-x', undefined],
    ['other-shard-0', undefined],
    ['demo-shard-0-shard-0', undefined],
    ['xdemo-shard-0', undefined],
  ])('StatefulSet %s', (name, shard) => {
    expect(shardOfStatefulSet('demo', name)).toBe(shard);
  });

  it.each<[string, number | undefined]>([
    [dataClaimName('demo-shard-3-2'), 3],
    ['data-demo-shard-3', undefined],
    ['data-demo-shard-3-02', undefined],
    ['data-demo-shard-3-2-1', undefined],
    ['data-demo-shard-0-shard-0-0', undefined],
    ['data-other-shard-3-2', undefined],
    ['backup-demo-shard-3-2', undefined],
    ['backup', undefined],
  ])('claim %s', (name, shard) => {
    expect(shardOfDataClaim('demo', name)).toBe(shard);
  });
});
