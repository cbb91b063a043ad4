import { describe, expect, it } from '@jest/globals';
import type { BenchmarkResult, BenchmarkRun } from '../test-e2e/bench/result.ts';
import { generateBenchmarks, renderBenchmarks } from './generate-benchmarks.ts';

const run = (ours: number, theirs: number): BenchmarkRun => ({
  at: '2026-01-02T03:04:05.000Z',
  loadAverage: 1.25,
  busyBefore: 0.05,
  values: { ours, theirs },
});

const result: BenchmarkResult = {
  name: 'clone',
  title: 'Clones',
  method: ['How it is done.'],
  command: 'npm run bench -- clone',
  commit: 'abc1234',
  machine: { processor: 'Example', processors: 2, memoryGibibytes: 24, kernel: '6.1', system: 'Debian 12' },
  versions: { MariaDB: '11.8.6' },
  series: [
    { name: 'ours', label: 'by agents', unit: 'MB/s' },
    { name: 'theirs', label: 'by hand', unit: 'MB/s' },
  ],
  comparisons: [{ label: 'agents against hand', of: 'ours', against: 'theirs', atLeast: 0.9 }],
  runs: [run(95, 100), run(190, 200), run(300, 250)],
};

describe('renderBenchmarks', () => {
  const page = renderBenchmarks([result]);

  it.each([
    ['the verdict', '| Clones: agents against hand | 0.95 | ≥ 0.9 | reached |'],
    ['median and extremes', '| by agents | MB/s | 3 | 190 | 95 | 300 | 53.9 % |'],
    ['the ratio of pairs', '| **agents against hand** | ratio | 3 | **0.95** | 0.95 | 1.2 |'],
    ['the command', 'Command: `npm run bench -- clone`, at commit abc1234, 2026-01-02'],
    ['the machine', 'Machine: Example, 2 processors, 24 GiB, Debian 12, Linux 6.1'],
    ['the versions', 'Versions: MariaDB 11.8.6'],
    [
      'what else ran',
      '5 % of its processors were busy before a run (at most 5 %); load average after a run 1.25',
    ],
    ['the method', 'How it is done.'],
  ])('shows %s', (_what, text) => expect(page).toContain(text));

  it('says when an aim is missed', () => {
    const slow = { ...result, runs: [run(80, 100)] };
    expect(renderBenchmarks([slow])).toContain('| 0.8 | ≥ 0.9 | missed |');
  });

  it.each([
    [1, 'reached'],
    [0.9, 'missed'],
  ])('says whether a ratio of 0.95 is at most %s', (atMost, verdict) => {
    const bounded = { ...result, comparisons: [{ label: 'time', of: 'ours', against: 'theirs', atMost }] };
    expect(renderBenchmarks([bounded])).toContain(`| Clones: time | 0.95 | ≤ ${atMost} | ${verdict} |`);
  });

  it.each([
    [200, 'reached'],
    [150, 'missed'],
  ])('says whether a median of 190 MB/s is at most %s', (atMost, verdict) => {
    const series = result.series.map((each) => (each.name === 'ours' ? { ...each, atMost } : each));
    expect(renderBenchmarks([{ ...result, series }])).toContain(
      `| Clones: by agents | 190 MB/s | ≤ ${atMost} MB/s | ${verdict} |`,
    );
  });

  it('shows a comparison without an aim with its benchmark only', () => {
    const shown = { ...result, comparisons: [{ label: 'size', of: 'ours', against: 'theirs' }] };
    expect(renderBenchmarks([shown])).toContain('| **size** | ratio |');
    expect(renderBenchmarks([shown])).not.toContain('Clones: size');
  });

  it('refuses a run that lacks a value', () => {
    const partial = { ...result, runs: [{ ...run(1, 1), values: { ours: 1 } }] };
    expect(() => renderBenchmarks([partial])).toThrow('run 1 of the benchmark clone has no theirs');
  });
});

describe('generateBenchmarks', () => {
  it('renders what is committed', () => {
    expect([...generateBenchmarks().keys()]).toEqual(['docs/benchmarks.md']);
  });
});
