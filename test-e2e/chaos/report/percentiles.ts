/** Of many measurements, what a reader wants to know. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly max: number;
}

/** By the nearest-rank method: every figure is one that was measured. Undefined without measurements. */
export function describeDistribution(measurements: readonly number[]): Distribution | undefined {
  const ordered = measurements.toSorted((a, b) => a - b);
  const rank = (share: number): number => ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? NaN;
  return ordered.length === 0
    ? undefined
    : { count: ordered.length, p50: rank(0.5), p90: rank(0.9), max: rank(1) };
}
