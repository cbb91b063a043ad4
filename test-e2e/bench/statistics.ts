/** The middle of several runs and how far they lie apart. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
  /** Distance of the quartiles, as a share of the median: half of the runs lie within it. */
  readonly spread: number;
}

/** Throws RangeError when there are no values. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = quantile(sorted, 0.5);
  return {
    runs: sorted.length,
    median: middle,
    minimum: quantile(sorted, 0),
    maximum: quantile(sorted, 1),
    spread: middle === 0 ? 0 : (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / middle,
  };
}

/**
 * How `of` compares with `against`, measured in pairs, one after the other: the ratio of each pair, so that
 * whatever slows a machine down for minutes slows both of a pair. Throws RangeError when the lengths differ.
 */
export function compare(of: readonly number[], against: readonly number[]): Summary {
  if (of.length !== against.length) {
    throw new RangeError(`${of.length} values and ${against.length} are no pairs`);
  }
  return summarise(of.map((value, index) => value / (against[index] ?? NaN)));
}

/**
 * The value below which that share of the sorted values lies, linear between neighbours.
 * Source: Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), definition 7.
 */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) {
    throw new RangeError('there are no values');
  }
  const position = (sorted.length - 1) * share;
  const lower = sorted[Math.floor(position)] ?? NaN;
  const upper = sorted[Math.ceil(position)] ?? NaN;
  return lower + (upper - lower) * (position - Math.floor(position));
}
