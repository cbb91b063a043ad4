import { describe, expect, it } from '@jest/globals';
import type { ShardedClusterStatus } from '../../../api/v1alpha1/index.ts';
import { aCondition, aShardStatus } from '../testing/builders.ts';
import { decideStatusWrite, figuresInterval } from './status-write.ts';

function status(lagSeconds: number | null, healthy = true): ShardedClusterStatus {
  const shard = aShardStatus(0, healthy ? [] : ['demo-shard-0-1']);
  return {
    conditions: [aCondition('Ready', 'True', 'AllShardsReady')],
    summary: { shards: '1/1', primaries: '1/1', lag: `${lagSeconds}s` },
    shards: [
      {
        ...shard,
        maxLagSeconds: lagSeconds,
        instances: (shard.instances ?? []).map((instance) => ({ ...instance, lagSeconds })),
      },
    ],
  };
}

function cloning(bytes: number): ShardedClusterStatus {
  const { shards = [], ...rest } = status(null);
  const clone = { source: 'demo-shard-0-0', bytes, estimatedBytes: 4000, bytesPerSecond: 100 };
  return {
    ...rest,
    shards: shards.map((shard) => ({
      ...shard,
      instances: (shard.instances ?? []).map((instance) => ({ ...instance, clone })),
    })),
  };
}

describe('decideStatusWrite', () => {
  it('writes the first status', () => {
    expect(decideStatusWrite(undefined, status(0), undefined)).toEqual({ kind: 'write' });
  });

  it('writes nothing when nothing differs', () => {
    expect(decideStatusWrite(status(1), status(1), 1)).toEqual({ kind: 'nothing' });
  });

  it('writes a verdict at once', () => {
    expect(decideStatusWrite(status(1), status(1, false), 1)).toEqual({ kind: 'write' });
  });

  it('writes figures once a minute', () => {
    expect(decideStatusWrite(status(1), status(2), 20_000)).toEqual({ kind: 'later', milliseconds: 40_000 });
    expect(decideStatusWrite(status(1), status(null), 60_000)).toEqual({ kind: 'write' });
    expect(decideStatusWrite(status(1), status(2), undefined)).toEqual({ kind: 'write' });
  });

  it('writes figures within five seconds that were not known of an instance that serves', () => {
    const before = status(null);
    expect(decideStatusWrite(before, status(1), 2000)).toEqual({ kind: 'later', milliseconds: 3000 });
    expect(decideStatusWrite(before, status(1), 5000)).toEqual({ kind: 'write' });
    expect(figuresInterval(before)).toBe(5000);
    expect(figuresInterval(status(1))).toBe(60_000);
  });

  it('writes figures every five seconds while an instance is cloned', () => {
    const before = cloning(1000);
    expect(decideStatusWrite(before, cloning(2000), 2000)).toEqual({ kind: 'later', milliseconds: 3000 });
    expect(decideStatusWrite(before, cloning(2000), 5000)).toEqual({ kind: 'write' });
    expect(decideStatusWrite(before, before, 5000)).toEqual({ kind: 'nothing' });
  });
});
