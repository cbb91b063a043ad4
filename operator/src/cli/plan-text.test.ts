import { describe, expect, it } from '@jest/globals';
import { renderPlan } from './plan-text.ts';

const PLAN: Parameters<typeof renderPlan>[0] = {
  shardsBefore: 2,
  shardsAfter: 3,
  keyspaces: [],
  moves: [{ keyspace: 'app', unit: 'Slot', slots: '0-3', from: 0, to: 2, count: 4 }],
  moveCount: 4,
  shareMoved: 0.5,
  warnings: [],
};

describe('a plan for a terminal', () => {
  it('says nothing of weights where all shards count the same', () => {
    expect(renderPlan(PLAN).join('\n')).not.toContain('weights');
  });

  it('says which shards count for more', () => {
    const lines = renderPlan({ ...PLAN, weights: [{ shard: 2, weight: 3 }] });
    expect(lines).toContain('weights shard 2: 3; all others: 1');
  });
});
