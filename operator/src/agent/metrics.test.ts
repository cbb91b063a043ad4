import { describe, expect, it } from '@jest/globals';
import { createPrometheusMetrics } from '../runtime/metrics/prometheus.ts';
import { createAgentMetrics } from './metrics.ts';
import { replicaState } from './testing/agent-states.ts';
import { aReport } from './moves/testing/move-reports.ts';
import { aFollowing, aMember } from './testing/observations.ts';
import { unknown } from '../engines/measure.ts';

describe('createAgentMetrics', () => {
  it('exports what is known, and nothing for what is not', async () => {
    const { registry } = createPrometheusMetrics();
    const metrics = createAgentMetrics(registry);
    const following = aFollowing();
    metrics.observe(replicaState({ member: aMember({ role: { kind: 'replica', following } }) }), {
      usedBytes: 5,
      totalBytes: 10,
    });
    const page = await registry.metrics();
    expect(page).toContain('\nshardwright_replication_lag_seconds 0.3\n');
    expect(page).toContain('\nshardwright_member_role{role="replica"} 1\n');
    expect(page).toContain('\nshardwright_volume_used_bytes 5\n');
    expect(page).toContain('\nshardwright_epoch 3\n');

    const lost = aFollowing({ lagMilliseconds: unknown('it does not receive') });
    metrics.observe(
      replicaState({
        member: aMember({ role: { kind: 'replica', following: lost } }),
        problems: [{ reason: 'ReceivingFailed', message: 'x' }],
      }),
      null,
    );
    const next = await registry.metrics();
    expect(next).not.toMatch(/\nshardwright_replication_lag_seconds /);
    expect(next).toContain('\nshardwright_problem{reason="ReceivingFailed"} 1\n');
  });

  it('exports the moves there are, and none that has ended', async () => {
    const { registry } = createPrometheusMetrics();
    const metrics = createAgentMetrics(registry);
    const moves = [aReport({ lagMilliseconds: 250, held: { reason: 'Paused', message: 'by somebody' } })];
    metrics.observe(replicaState({ moves, load: { processorShare: 0.5, processors: 2 } }), null);
    const page = await registry.metrics();
    expect(page).toContain('\nshardwright_move_copied_rows{move="grow-1"} 40\n');
    expect(page).toContain('\nshardwright_move_lag_seconds{move="grow-1"} 0.25\n');
    expect(page).toContain('\nshardwright_move_stage{move="grow-1",role="receiving",stage="Following"} 1\n');
    expect(page).toContain('\nshardwright_move_held{move="grow-1",reason="Paused"} 1\n');
    expect(page).toContain('\nshardwright_server_processor_share 0.5\n');
    metrics.observe(replicaState(), null);
    expect(await registry.metrics()).not.toContain('grow-1');
  });
});
