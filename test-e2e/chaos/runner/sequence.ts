import { seededRandom } from '../../sharded-cluster/random.ts';

/** One run of a sequence. */
export interface PlannedRun {
  readonly index: number;
  readonly fault: string;
}

/** How often a fault is to be run. */
export interface FaultCount {
  readonly fault: string;
  readonly runs: number;
}

/**
 * The runs of a sequence: of each fault as many as asked, shuffled (Fisher and Yates) as the seed decides, so that
 * faults follow one another in every order. Those of a higher rank come later: they need other databases, which take a minute
 * to make. The same seed, faults and numbers give the same sequence.
 */
export function planSequence(
  counts: readonly FaultCount[],
  seed: number,
  rankOf: (fault: string) => number = () => 0,
): PlannedRun[] {
  const all = counts.flatMap(({ fault, runs }) => Array.from({ length: runs }, () => fault));
  const random = seededRandom(seed);
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [all[last], all[other]];
    if (a !== undefined && b !== undefined) {
      all[last] = b;
      all[other] = a;
    }
  }
  return all.toSorted((a, b) => rankOf(a) - rankOf(b)).map((fault, index) => ({ index, fault }));
}

/** What one run draws from: decided by the sequence's seed and the run's place in it. */
export function runRandom(seed: number, index: number): () => number {
  return seededRandom(seed * 10_000 + index + 1);
}

/** The runs of a sequence that no result tells of yet. */
export function withoutDone(
  plan: readonly PlannedRun[],
  seed: number,
  results: readonly { readonly seed: number; readonly index: number; readonly fault: string }[],
): PlannedRun[] {
  return plan.filter(
    ({ index, fault }) =>
      !results.some((done) => done.seed === seed && done.index === index && done.fault === fault),
  );
}
