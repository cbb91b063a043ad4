import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { generateMetrics } from './generate-metrics.ts';

const [page = ''] = generateMetrics().values();

/** Where metrics are made; the generator has to know of each. */
const KNOWN = [
  'operator/src/agent/metrics.ts',
  'operator/src/movers/mover-metrics.ts',
  'operator/src/router/metrics/backend-metrics.ts',
  'operator/src/router/metrics/router-metrics.ts',
  'operator/src/runtime/metrics/prometheus.ts',
  'operator/src/supervisor/supervisor-metrics.ts',
];

describe('the page of metrics', () => {
  it('is made from every file that makes metrics', () => {
    const makers = globSync('operator/src/**/*.ts').filter(
      (path) =>
        !path.endsWith('.test.ts') &&
        /new (Counter|Gauge|Histogram|Summary)[(<]/.test(readFileSync(path, 'utf8')),
    );
    expect(makers.toSorted()).toEqual(KNOWN);
  });

  it('has every name that stands in them', () => {
    const names = KNOWN.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/name: '([a-z_]+)'/g)].map(([, name = '']) => name),
    );
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it.each([
    '| `shardwright_replication_lag_seconds` | gauge |  |',
    '| `shardwright_failovers_total` | counter | `reason` |',
    '| `shardwright_router_client_connections` | gauge |  |',
    '| `controller_runtime_reconcile_total` | counter | `controller`, `result` |',
  ])('has the row %s', (row) => {
    expect(page).toContain(row);
  });

  it('says of each what it tells', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.filter((row) => !/ \| [A-Z0-9].{8,} \|$/.test(row))).toEqual([]);
  });
});
