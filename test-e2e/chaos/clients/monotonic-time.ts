/** Milliseconds of the machine's monotonic clock, with fractions: the same in all its processes. */
export function monotonicTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
