import { describe, expect, it } from '@jest/globals';
import { shardedClusterStatusSchema } from '../../../api/v1alpha1/sharded-cluster-status.ts';
import type { PromotionReport, ShardReport } from '../../../core/instance-report.ts';
import { aShardStatus } from '../testing/builders.ts';
import { shardHistory } from './shard-history.ts';

const lastPromotion: PromotionReport = {
  epoch: 4,
  from: 'demo-shard-0-0',
  to: 'demo-shard-0-1',
  reason: 'ServerEnded',
  at: Date.UTC(2026, 0, 1),
  phases: { detect: 12.4, fence: -0.2 },
  mayBeMissing: null,
};

const report: ShardReport = {
  state: 'promoting',
  isUrgent: false,
  blocked: null,
  switchover: {
    request: 'any/1',
    outcome: 'Refused',
    message: 'x'.repeat(5000),
    at: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  },
  lastPromotion,
};

const written = {
  ...aShardStatus(0),
  state: 'healthy',
  lastSwitchover: { request: 'any/0', outcome: 'Completed', message: 'Done.', at: '2025-01-01T00:00:00Z' },
} as const;

describe('what a supervisor tells of a shard', () => {
  it('fits the status', () => {
    const history = shardHistory(report, undefined);
    expect(history).toMatchObject({
      state: 'promoting',
      lastFailover: {
        at: '2026-01-01T00:00:00Z',
        from: 'demo-shard-0-0',
        to: 'demo-shard-0-1',
        phaseMilliseconds: { detect: 12, fence: 0 },
      },
      lastSwitchover: { request: 'any/1', outcome: 'Refused', at: '2026-01-02T03:04:05Z' },
    });
    const status = { shards: [{ ...aShardStatus(0), ...history }] };
    expect(shardedClusterStatusSchema.safeParse(status).error).toBeUndefined();
  });

  it('leaves out what is not known', () => {
    const unknown = { ...report, lastPromotion: { ...lastPromotion, from: null } };
    expect(shardHistory(unknown, undefined).lastFailover).not.toHaveProperty('from');
    expect(shardHistory(undefined, undefined)).toEqual({});
  });

  it('leaves what another operator wrote', () => {
    expect(shardHistory(undefined, written)).toEqual({
      state: 'healthy',
      lastSwitchover: written.lastSwitchover,
    });
    const news = { ...report, switchover: null, lastPromotion: null };
    expect(shardHistory(news, written)).toEqual({
      state: 'promoting',
      lastSwitchover: written.lastSwitchover,
    });
  });
});
