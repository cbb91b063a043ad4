import { describe, expect, it } from '@jest/globals';
import { type BenchmarkResult, continuableRuns } from './result.ts';

const result: BenchmarkResult = {
  name: 'clone',
  title: 'Clones',
  method: [],
  command: 'npm run bench -- clone',
  commit: 'abc',
  machine: { processor: 'x', processors: 2, memoryGibibytes: 4, kernel: '6.1', system: 'Debian' },
  versions: { MariaDB: '11.8' },
  series: [],
  comparisons: [],
  runs: [{ at: '2026-01-01T00:00:00Z', loadAverage: 0, busyBefore: 0, values: { agents: 1 } }],
};
const { runs, ...next } = result;

describe('continuableRuns', () => {
  it('goes on with runs of the same', () => expect(continuableRuns(result, next)).toEqual(runs));

  it.each([
    ['there is nothing', undefined],
    ['the sources have changed', { ...result, commit: 'def' }],
    ['the server is another', { ...result, versions: { MariaDB: '10.11' } }],
    ['the machine is another', { ...result, machine: { ...result.machine, processors: 4 } }],
  ])('starts anew when %s', (_name, before) => expect(continuableRuns(before, next)).toEqual([]));
});
