import { describe, expect, it } from '@jest/globals';
import type { PromotionReport } from '../core/instance-report.ts';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { createSupervisorMetrics } from './supervisor-metrics.ts';

const REPORT: PromotionReport = {
  epoch: 4,
  from: 'demo-shard-0-0',
  to: 'demo-shard-0-1',
  reason: 'ServerEnded',
  at: 0,
  mayBeMissing: null,
  phases: { detect: 7, decide: 5, fence: 20, publish: 5, drain: 30, promote: 40 },
};

describe('the metrics of supervisors', () => {
  it('have every part of a promotion, in seconds, and why it came about', async () => {
    const { registry } = createPrometheusMetrics();
    const metrics = createSupervisorMetrics(registry);
    metrics.promoted(REPORT);
    metrics.promoted({ ...REPORT, phases: { ...REPORT.phases, drain: 970 } });
    const page = await registry.metrics();
    expect(page).toContain('\nshardwright_failovers_total{reason="ServerEnded"} 2\n');
    expect(page).toContain('\nshardwright_failovers_with_possible_loss_total 0\n');
    for (const [phase, seconds] of Object.entries({
      detect: 0.014,
      decide: 0.01,
      fence: 0.04,
      publish: 0.01,
      drain: 1,
      promote: 0.08,
    })) {
      expect(page).toContain(`\nshardwright_failover_phase_seconds_count{phase="${phase}"} 2\n`);
      const [, sum] =
        new RegExp(`\\nshardwright_failover_phase_seconds_sum\\{phase="${phase}"\\} (\\S+)\\n`, 'u').exec(
          page,
        ) ?? [];
      expect(Number(sum)).toBeCloseTo(seconds, 6);
    }
  });

  it('count a promotion after which something may be missing', async () => {
    const { registry } = createPrometheusMetrics();
    createSupervisorMetrics(registry).promoted({ ...REPORT, mayBeMissing: 'writes' });
    expect(await registry.metrics()).toContain('\nshardwright_failovers_with_possible_loss_total 1\n');
  });

  it('tell of a shard that wants a promotion until it wants none, and of looks that were thrown away', async () => {
    const { registry } = createPrometheusMetrics();
    const metrics = createSupervisorMetrics(registry);
    const cluster = { namespace: 'shop', name: 'demo' };
    const blocked = 'shardwright_failover_blocked{namespace="shop",cluster="demo",shard="1"}';
    metrics.blocked(cluster, 1, true);
    metrics.stalledLook();
    const page = await registry.metrics();
    expect(page).toContain(`\n${blocked} 1\n`);
    expect(page).toContain('\nshardwright_supervisor_stalled_looks_total 1\n');
    metrics.blocked(cluster, 1, false);
    expect(await registry.metrics()).toContain(`\n${blocked} 0\n`);
  });
});
