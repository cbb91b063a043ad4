import { Registry } from '@prometheus-io/client';
import { describe, expect, it } from '@jest/globals';
import { createBackendMetrics } from './backend-metrics.ts';

describe('createBackendMetrics', () => {
  it('counts what happens to server connections', async () => {
    const registry = new Registry();
    const metrics = createBackendMetrics(registry);
    metrics.opened('a', 0.002);
    metrics.refused('a', 'AccessDenied');
    metrics.lent('a', 'idle', 0);
    metrics.lent('a', 'waited', 0.3);
    metrics.notLent('a', 'PoolFull');
    metrics.reset('a');
    metrics.ended('a', 'ConnectionLost');
    const page = await registry.metrics();
    for (const line of [
      'shardwright_router_server_login_duration_seconds_count{pod="a"} 1',
      'shardwright_router_server_login_failures_total{pod="a",reason="AccessDenied"} 1',
      'shardwright_router_server_loans_total{pod="a",source="idle"} 1',
      'shardwright_router_server_loans_total{pod="a",source="waited"} 1',
      'shardwright_router_server_wait_duration_seconds_count{pod="a"} 1',
      'shardwright_router_server_loan_failures_total{pod="a",reason="PoolFull"} 1',
      'shardwright_router_server_resets_total{pod="a"} 1',
      'shardwright_router_server_connections_ended_total{pod="a",reason="ConnectionLost"} 1',
    ]) {
      expect(page).toContain(line);
    }
  });
});
