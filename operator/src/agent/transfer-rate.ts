import type { Clock } from '../runtime/clock.ts';

/** How fast bytes come. */
export interface TransferRate {
  add(bytes: number): void;
  /** All bytes so far. */
  bytes(): number;
  /** Mean over about the last five seconds; over all the time while that is shorter. */
  bytesPerSecond(): number;
}

const WINDOW_MILLISECONDS = 5000;
const SAMPLE_MILLISECONDS = 250;

/** Counts from now on. */
export function createTransferRate(clock: Clock): TransferRate {
  let total = 0;
  const samples = [{ at: clock.monotonic(), total: 0 }];
  return {
    add(bytes) {
      total += bytes;
      const now = clock.monotonic();
      const last = samples.at(-1);
      if (last === undefined || now - last.at >= SAMPLE_MILLISECONDS) {
        samples.push({ at: now, total });
        // The oldest sample that is older than the window stays: the mean is taken from there.
        while ((samples[1]?.at ?? Infinity) <= now - WINDOW_MILLISECONDS) {
          samples.shift();
        }
      }
    },
    bytes: () => total,
    bytesPerSecond() {
      const first = samples[0] ?? { at: 0, total: 0 };
      const milliseconds = clock.monotonic() - first.at;
      return milliseconds <= 0 ? 0 : ((total - first.total) * 1000) / milliseconds;
    },
  };
}
