import type { Progress } from '../cluster/progress.ts';
import type { Benchmark } from './benchmark.ts';
import { describeCommit, describeMachine, loadAverage, untilQuiet } from './machine.ts';
import {
  type BenchmarkResult,
  type BenchmarkRun,
  continuableRuns,
  readResult,
  RESULTS_FOLDER,
  UNFINISHED_FOLDER,
  writeResult,
} from './result.ts';

/**
 * Measures what is still missing of a benchmark, keeping every run as soon as it is done, and writes the result
 * once all are there. `fresh`: forgets the runs of an earlier, interrupted call.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  progress: Progress,
  options: { readonly fresh: boolean },
): Promise<void> {
  const { name, title, method, series, comparisons } = benchmark;
  const stage = await progress.step(`${name}: set the stage`, () => benchmark.open(progress));
  const interruption = awaitInterruption();
  const measure = async (): Promise<void> => {
    const facts: Omit<BenchmarkResult, 'runs'> = {
      name,
      title,
      method,
      command: `npm run bench -- ${name}`,
      commit: await describeCommit(),
      machine: await describeMachine(),
      versions: { 'Node.js': process.versions.node, ...stage.versions },
      series,
      comparisons,
    };
    const before = options.fresh ? undefined : await readResult(UNFINISHED_FOLDER, name);
    const runs: BenchmarkRun[] = [...continuableRuns(before, facts)];
    while (runs.length < benchmark.runs) {
      const number = runs.length;
      runs.push(
        await progress.step(`${name}: run ${number + 1} of ${benchmark.runs}`, async (detail) => {
          await stage.settle();
          const busyBefore = await untilQuiet(detail);
          const at = new Date().toISOString();
          const values = await stage.measure(number, progress);
          return { at, busyBefore, loadAverage: loadAverage(), values };
        }),
      );
      progress.note(describeValues(runs.at(-1)));
      await writeResult(UNFINISHED_FOLDER, { ...facts, runs });
    }
    await writeResult(RESULTS_FOLDER, { ...facts, runs });
    await writeResult(UNFINISHED_FOLDER, { ...facts, runs: [] });
  };
  try {
    await Promise.race([measure(), interruption.promise]);
  } finally {
    interruption.forget();
    await progress.step(`${name}: clean up`, () => stage.close());
  }
}

/** Rejects when somebody wants this process to end: the stage must be taken away first. */
function awaitInterruption(): { readonly promise: Promise<never>; forget(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const stop = (signal: NodeJS.Signals): void => reject(new Error(`interrupted by ${signal}`));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return { promise, forget: () => void process.off('SIGINT', stop).off('SIGTERM', stop) };
}

function describeValues(run: BenchmarkRun | undefined): string {
  return Object.entries(run?.values ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
