import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentProgress } from '../cluster/progress.ts';
import type { Benchmark } from './benchmark.ts';
import { readResult } from './result.ts';
import { runBenchmark, type Surroundings } from './run-benchmark.ts';

let folder: string;
let surroundings: Surroundings;
let commit: string;
let measured: number[];
let closed: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shardwright-bench-'));
  commit = 'abc';
  measured = [];
  closed = 0;
  surroundings = {
    resultsFolder: join(folder, 'results'),
    unfinishedFolder: join(folder, 'unfinished'),
    describeCommit: async () => commit,
    describeMachine: async () => ({
      processor: 'x',
      processors: 2,
      memoryGibibytes: 4,
      kernel: '6.1',
      system: 'Debian',
    }),
    untilQuiet: async () => 0.1,
  };
});
afterEach(() => rm(folder, { recursive: true }));

/** Three runs, of which number `failing` fails. */
function benchmark(failing?: number): Benchmark {
  return {
    name: 'example',
    title: 'Example',
    method: [],
    series: [{ name: 'index', label: 'index', unit: '' }],
    comparisons: [],
    runs: 3,
    open: async () => ({
      versions: { MariaDB: '11.8' },
      settle: async () => {},
      async measure(index) {
        if (index === failing) {
          throw new Error('the power has gone');
        }
        measured.push(index);
        return { index };
      },
      close: async () => void (closed += 1),
    }),
  };
}

const run = (failing?: number, fresh = false): Promise<void> =>
  runBenchmark(benchmark(failing), silentProgress, { fresh, surroundings });
const result = () => readResult(surroundings.resultsFolder, 'example');

describe('runBenchmark', () => {
  it('leaves every run, and what they are worth', async () => {
    await run();
    expect(await result()).toMatchObject({
      name: 'example',
      command: 'npm run bench -- example',
      commit: 'abc',
      versions: { MariaDB: '11.8' },
      runs: [0, 1, 2].map((index) => ({ busyBefore: 0.1, values: { index } })),
    });
    expect(closed).toBe(1);
  });

  it('goes on after an interruption with the runs that are missing', async () => {
    await expect(run(2)).rejects.toThrow('the power has gone');
    expect(await result()).toBeUndefined();
    expect(closed).toBe(1);
    await run();
    expect(measured).toEqual([0, 1, 2]);
    expect((await result())?.runs.map(({ values }) => values['index'])).toEqual([0, 1, 2]);
  });

  it('says what went wrong, also when the clean-up fails after that', async () => {
    const broken: Benchmark = {
      ...benchmark(0),
      open: async (progress) => ({
        ...(await benchmark(0).open(progress)),
        close: async () => {
          throw new Error('it is stuck');
        },
      }),
    };
    const failure: unknown = await runBenchmark(broken, silentProgress, { fresh: false, surroundings }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      message: expect.stringContaining('the power has gone'),
      errors: [{ message: 'the power has gone' }, { message: 'it is stuck' }],
    });
  });

  it.each([
    ['when the sources have changed', async () => void (commit = 'def'), false],
    ['when asked to', async () => {}, true],
    ['when all of it was done', () => run(), false],
  ])('starts anew %s', async (_name, change, fresh) => {
    await expect(run(2)).rejects.toThrow('the power has gone');
    await change();
    measured = [];
    await run(undefined, fresh);
    expect(measured).toEqual([0, 1, 2]);
  });
});
