import type { Progress } from '../cluster/progress.ts';
import type { Benchmark } from './benchmark.ts';
import {
  describeCommit,
  describeMachine,
  loadAverage,
  type MachineDescription,
  untilQuiet,
} from './machine.ts';
import {
  type BenchmarkResult,
  type BenchmarkRun,
  continuableRuns,
  readResult,
  RESULTS_FOLDER,
  UNFINISHED_FOLDER,
  writeResult,
} from './result.ts';

/** Where it is measured, and where the figures go. */
export interface Surroundings {
  readonly resultsFolder: string;
  readonly unfinishedFolder: string;
  describeCommit(): Promise<string>;
  describeMachine(): Promise<MachineDescription>;
  /** See `untilQuiet` in machine.ts. */
  untilQuiet(note: (text: string) => void): Promise<number>;
}

const REAL: Surroundings = {
  resultsFolder: RESULTS_FOLDER,
  unfinishedFolder: UNFINISHED_FOLDER,
  describeCommit,
  describeMachine,
  untilQuiet,
};

/**
 * Measures what is still missing of a benchmark, keeping every run as soon as it is done, and writes the result
 * once all are there. `fresh`: forgets the runs of an earlier, interrupted call.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  progress: Progress,
  options: { readonly fresh: boolean; readonly surroundings?: Surroundings },
): Promise<void> {
  const { fresh, surroundings = REAL } = options;
  const { name, title, method, series, comparisons } = benchmark;
  const stage = await progress.step(`${name}: set the stage`, () => benchmark.open(progress));
  const interruption = awaitInterruption();
  const measure = async (): Promise<void> => {
    const facts: Omit<BenchmarkResult, 'runs'> = {
      name,
      title,
      method,
      command: `npm run bench -- ${name}`,
      commit: await surroundings.describeCommit(),
      machine: await surroundings.describeMachine(),
      versions: { 'Node.js': process.versions.node, ...stage.versions },
      series,
      comparisons,
    };
    const before = fresh ? undefined : await readResult(surroundings.unfinishedFolder, name);
    const runs: BenchmarkRun[] = [...continuableRuns(before, facts)];
    while (runs.length < benchmark.runs) {
      const number = runs.length;
      runs.push(
        await progress.step(`${name}: run ${number + 1} of ${benchmark.runs}`, async (detail) => {
          await stage.settle();
          const busyBefore = await surroundings.untilQuiet(detail);
          const at = new Date().toISOString();
          const values = await stage.measure(number, progress);
          return { at, busyBefore, loadAverage: loadAverage(), values };
        }),
      );
      progress.note(describeValues(runs.at(-1)));
      await writeResult(surroundings.unfinishedFolder, { ...facts, runs });
    }
    await writeResult(surroundings.resultsFolder, { ...facts, runs });
    await writeResult(surroundings.unfinishedFolder, { ...facts, runs: [] });
  };
  const cleanUp = (): Promise<void> => progress.step(`${name}: clean up`, () => stage.close());
  try {
    await Promise.race([measure(), interruption.promise]);
  } catch (error) {
    await cleanUp().catch((failure: unknown) => {
      const message = `${name} failed, and so did the clean-up: ${String(error)}`;
      throw new AggregateError([error, failure], message, { cause: error });
    });
    throw error;
  } finally {
    interruption.forget();
  }
  await cleanUp();
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
