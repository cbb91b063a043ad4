/** What a benchmark leaves behind: every run as it was measured. The page of all of them is made from these. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkoutFolder } from '../cluster/machine/folders.ts';
import type { MachineDescription } from './machine.ts';

/** Something that is measured in every run. */
export interface Series {
  /** Key in the values of a run. */
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  /** The median aimed at; none where there is only something to be seen. */
  readonly atMost?: number;
}

/** Two series that were measured in turn, and the ratio aimed at; none where there is only something to be seen. */
export interface Comparison {
  readonly label: string;
  readonly of: string;
  readonly against: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One run. */
export interface BenchmarkRun {
  /** When it began: ISO 8601, UTC. */
  readonly at: string;
  /** Of the last minute, the benchmark's own work included. */
  readonly loadAverage: number;
  /** Share of all processors that was busy just before, with nothing of the benchmark running but what idles. */
  readonly busyBefore: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A benchmark with all its runs. */
export interface BenchmarkResult {
  readonly name: string;
  readonly title: string;
  /** How it is measured, in paragraphs. */
  readonly method: readonly string[];
  readonly command: string;
  /** Of the checkout; with `+` when files of it were changed. */
  readonly commit: string;
  readonly machine: MachineDescription;
  readonly versions: Readonly<Record<string, string>>;
  readonly series: readonly Series[];
  readonly comparisons: readonly Comparison[];
  readonly runs: readonly BenchmarkRun[];
}

/** Committed with the sources. */
export const RESULTS_FOLDER = 'test-e2e/bench/results';

/** Where the runs of a benchmark that is not finished are. */
export const UNFINISHED_FOLDER = '.dev/bench';

/** A result, or as much of one as there is; undefined when there is none that can be read. */
export async function readResult(folder: string, name: string): Promise<BenchmarkResult | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(folder, name), 'utf8')) as BenchmarkResult;
  } catch {
    return undefined;
  }
}

/** Writes it whole or not at all. */
export async function writeResult(folder: string, result: BenchmarkResult): Promise<void> {
  const path = fileOf(folder, result.name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(result, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** Runs of `before` that may stand beside those to come: measured the same way, on the same machine and sources. */
export function continuableRuns(
  before: BenchmarkResult | undefined,
  next: Omit<BenchmarkResult, 'runs'>,
): readonly BenchmarkRun[] {
  if (before === undefined) {
    return [];
  }
  const { runs, ...rest } = before;
  return JSON.stringify(rest) === JSON.stringify(next) ? runs : [];
}

function fileOf(folder: string, name: string): string {
  return resolve(checkoutFolder, folder, `${name}.json`);
}
