import type { Progress } from '../cluster/progress.ts';
import type { Comparison, Series } from './result.ts';

/** Something that can be measured several times over. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  readonly method: readonly string[];
  readonly series: readonly Series[];
  readonly comparisons: readonly Comparison[];
  readonly runs: number;
  /** Sets the stage. What it has begun when it fails, it takes away itself. */
  open(progress: Progress): Promise<BenchmarkStage>;
}

/** Where a benchmark is measured. */
export interface BenchmarkStage {
  readonly versions: Readonly<Record<string, string>>;
  /** Resolves when nothing of the stage works any more but what idles. */
  settle(): Promise<void>;
  /** One run; `index` counts from 0 and decides which of two alternatives comes first. */
  measure(index: number, progress: Progress): Promise<Readonly<Record<string, number>>>;
  /** Takes everything away. */
  close(): Promise<void>;
}
