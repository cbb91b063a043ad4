import { describe, expect, it } from '@jest/globals';
import { Registry } from '@prometheus-io/client';
import { createRouterMetrics } from './router-metrics.ts';

/** What one worker tells, as it is sent to the process that answers for all. */
async function figuresOfWorker(connections: number, revision: number) {
  const registry = new Registry();
  createRouterMetrics(registry, {
    connections: () => connections,
    held: () => new Map([['NoPrimary', 2]]),
    moves: () => 3,
    revision: () => revision,
    pools: () => [{ pod: 'shop-shard-0-0', idle: 1, lent: 2, opening: 0, waiting: 0 }],
  });
  return registry.getMetricsAsJSON();
}

describe('the metrics of several workers', () => {
  it('add up what each has of its own, and not what they read from the same map', async () => {
    const workers = [await figuresOfWorker(5, 41), await figuresOfWorker(7, 42)];
    const page = await Registry.aggregate(workers).metrics();
    expect(page).toContain('\nshardwright_router_client_connections 12\n');
    expect(page).toContain('\nshardwright_router_held_statements{cause="NoPrimary"} 4\n');
    expect(page).toContain('shardwright_router_server_connections{pod="shop-shard-0-0",state="lent"} 4\n');
    expect(page).toContain('\nshardwright_router_map_revision 42\n');
    expect(page).toContain('\nshardwright_router_moving_databases 3\n');
  });
});

describe('the durations of statements', () => {
  it.each([0, 3, 256, 300])('are all on the page: %d', async (count) => {
    const registry = new Registry();
    const metrics = createRouterMetrics(registry, {
      connections: () => 0,
      held: () => new Map(),
      moves: () => 0,
      revision: () => 0,
      pools: () => [],
    });
    for (let each = 0; each < count; each += 1) {
      metrics.finished(0.002, '');
    }
    const page = await registry.metrics();
    expect(page).toContain(`\nshardwright_router_statement_duration_seconds_count ${count}\n`);
    expect(page).toContain(`shardwright_router_statement_duration_seconds_bucket{le="0.001"} 0\n`);
    expect(page).toContain(`shardwright_router_statement_duration_seconds_bucket{le="0.0025"} ${count}\n`);
    expect(await registry.metrics()).toBe(page);
  });
});
