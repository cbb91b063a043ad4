import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunResult } from './result.ts';

/** Where results are kept, from the root of the checkout. */
export const RESULTS_FOLDER = 'docs/reliability';

/** The file for runs of this day, in UTC. */
export function resultsFileOf(checkout: string, day: Date): string {
  return join(checkout, RESULTS_FOLDER, `${day.toISOString().slice(0, 10)}.jsonl`);
}

/** Adds a line. */
export function appendResult(path: string, result: RunResult): void {
  mkdirSync(dirname(path), { recursive: true });
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

/** All results of all days, oldest first. */
export function readResults(checkout: string): RunResult[] {
  const folder = join(checkout, RESULTS_FOLDER);
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunResult);
}

/** Runs up to a moment that say nothing about this version any more, and what has been mended since. */
export interface Supersession {
  /** RFC 3339. */
  readonly until: string;
  readonly mended: string;
}

/** What `superseded.json` in the folder of results says; nothing without it. */
export function readSupersessions(checkout: string): Supersession[] {
  const path = join(checkout, RESULTS_FOLDER, 'superseded.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Supersession[]) : [];
}
