import { describe, expect, it } from '@jest/globals';
import { describeDistribution } from './percentiles.ts';
import { renderReliabilityPage } from './reliability-page.ts';
import type { RouterResult, RunResult } from './result.ts';

const run = (rest: Partial<RunResult> = {}): RunResult => ({
  format: 1,
  at: '2030-01-02T03:04:05.678Z',
  fault: 'server-killed',
  seed: 7,
  index: 0,
  gaps: { shardMap: 100.4, primaryService: 900 },
  promotions: 1,
  phases: { detect: 5, promote: 40 },
  note: null,
  leaderLost: false,
  acknowledged: { appends: 1000, transfers: 20, registerWrites: 30 },
  indeterminate: 2,
  staleReads: { count: 0, lastAfterMilliseconds: 0 },
  misledReads: 0,
  registers: { operations: 60, secondVerdict: 'agreed' },
  convergedSeconds: 1.5,
  violations: [],
  surroundings: {
    commit: 'abc',
    mariadb: '11.8.6',
    kubernetes: 'v1.34.4',
    node: 'v24',
    kernel: '6.1',
    processors: 2,
    processor: 'Some',
    memoryGibibytes: 24,
    provider: 'bare',
    kubeProxy: 'iptables',
  },
  ...rest,
});
const router: RouterResult = {
  answers: {
    statements: 1000,
    answersLost: 1,
    heldTooLong: 2,
    transactions: 30,
    toldToRetry: 5,
    givenUp: 0,
    connectionsLost: 6,
    connectFailures: 7,
  },
  routersLost: 0,
  eventual: { count: 40, oldestMilliseconds: 321.4 },
};
const faults = [{ name: 'server-killed', description: 'SIGKILL', expects: 'promotion' }] as const;
const page = (...results: RunResult[]): string => renderReliabilityPage(results, faults);

describe('renderReliabilityPage', () => {
  it('has percentiles of both kinds of client', () => {
    const gaps = [100, 200, 300, 400].map((gap, index) =>
      run({ index, gaps: { shardMap: gap, primaryService: gap * 2 } }),
    );
    expect(page(...gaps)).toContain(
      '| `server-killed` | 4 | 200 | 400 | 400 | 400 | 800 | 800 | - | - | - | - |',
    );
  });

  it('has the gap through the router of runs that had routers, and kept them', () => {
    const runs = [
      run(),
      run({ gaps: { shardMap: 100, primaryService: 900, router: 150 }, router }),
      run({ gaps: { shardMap: 100, primaryService: 900, router: 250 }, router }),
      run({
        gaps: { shardMap: 100, primaryService: 900, router: 7000 },
        router: { ...router, routersLost: 1 },
      }),
    ];
    const text = page(...runs);
    expect(text).toContain(
      '| `server-killed` | 4 | 100 | 100 | 100 | 900 | 900 | 900 | 2 | 150 | 250 | 250 |',
    );
    expect(text).toContain('| `server-killed` | 1 | 7000 | 7000 | 7000 | 6 |');
  });

  it('keeps runs apart in which clients of one kind were alone', () => {
    const text = page(
      run(),
      run({ gaps: { shardMap: 50 } }),
      run({ gaps: { shardMap: 70 } }),
      run({ gaps: { router: 80 }, router }),
    );
    expect(text).toContain('| `server-killed` | 1 | 100 | 100 | 100 | 900 | 900 | 900 | - | - | - | - |');
    expect(text).toContain('| `server-killed` | 2 | 50 | 70 | 70 | - | - | - | - | 1 | 80 | 80 | 80 |');
    expect(page(run())).not.toContain('one kind at a time');
  });

  it('tells what was answered through the router', () => {
    const text = page(run({ router }), run({ router }));
    expect(text).toContain('| `server-killed` | 2 | 2000 | 2 | 4 | 60 | 10 | 321 |');
    expect(text).toContain('| 2000 / 2 / 4 |');
  });

  it('keeps runs apart that lost the leader', () => {
    const text = page(run(), run({ leaderLost: true, gaps: { shardMap: 15_000, primaryService: 15_100 } }));
    expect(text).toContain('| `server-killed` | 1 | 100 |');
    expect(text).toContain('| `server-killed`, leading operator lost | 1 | 15000 |');
  });

  it('says that writes did not come back', () => {
    expect(page(run(), run({ gaps: { shardMap: null, primaryService: 10 } }))).toContain('| no end (1) |');
  });

  it('has every broken promise, with the version it was found in', () => {
    const violations = [{ rule: 'acknowledgedWritePresent', message: '1 acknowledged | appends' }] as const;
    const text = page(run({ violations }));
    expect(text).toContain(
      '| 2030-01-02 03:04 | `server-killed` | 7/0 | abc | acknowledgedWritePresent | 1 acknowledged \\| appends |',
    );
    expect(text).toContain('| Runs that lost an acknowledged write | 1 |');
    expect(page(run())).toContain('None in the runs recorded.');
  });

  it('tells machine, versions and seeds', () => {
    expect(page(run(), run({ seed: 9 }))).toContain(
      '| 2 processors (Some), 24 GiB, Linux 6.1 | MariaDB 11.8.6, Kubernetes v1.34.4 (bare), Node.js v24 | iptables | 2030-01-02 | 2 | 7, 9 |',
    );
  });

  it('keeps figures of versions that were mended apart', () => {
    const early = run({ at: '2030-01-01T00:00:00.000Z', gaps: { shardMap: 9000, primaryService: 9100 } });
    const text = renderReliabilityPage([early, run()], faults, [
      { until: '2030-01-01T12:00:00.000Z', mended: 'names were looked up' },
    ]);
    expect(text).toContain('| Runs | 2 |');
    const [now = '', before = ''] = text.split('## Gaps before 2030-01-01 12:00');
    expect(now).toContain('| `server-killed` | 1 | 100 |');
    expect(now).not.toContain('9000');
    expect(before).toContain('Mended since: names were looked up');
    expect(before).toContain('| `server-killed` | 1 | 9000 |');
  });

  it('is a page without results, too', () => {
    expect(page()).toContain('No run has been recorded yet.');
  });
});

describe('describeDistribution', () => {
  it('names figures that were measured', () => {
    expect(describeDistribution([5, 1, 3])).toEqual({ count: 3, p50: 3, p90: 5, max: 5 });
    expect(describeDistribution(Array.from({ length: 100 }, (_, index) => index + 1))).toEqual({
      count: 100,
      p50: 50,
      p90: 90,
      max: 100,
    });
    expect(describeDistribution([])).toBeUndefined();
  });
});
