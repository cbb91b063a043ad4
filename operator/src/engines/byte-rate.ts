import type { Clock } from '../runtime/clock.ts';

/** Holds bytes up so that no more than a rate passes. */
export interface ByteRate {
  /** Waits until `bytes` may pass. Rejects with the signal's reason. */
  pass(bytes: number, signal: AbortSignal): Promise<void>;
  /** Lets everything pass from now on. */
  lift(): void;
}

/**
 * A limit of `bytesPerSecond`, undefined for none. Every piece pays for itself before the next may pass, and time
 * in which nothing came earns nothing: a burst after a pause is no faster than the rate.
 */
export function createByteRate(bytesPerSecond: number | undefined, clock: Clock): ByteRate {
  let limit = bytesPerSecond;
  let freeAt = clock.monotonic();
  return {
    async pass(bytes, signal) {
      if (limit === undefined) {
        return;
      }
      const now = clock.monotonic();
      const wait = freeAt - now;
      freeAt = Math.max(freeAt, now) + (bytes * 1000) / limit;
      if (wait > 0) {
        await clock.sleep(wait, signal);
      }
    },
    lift() {
      limit = undefined;
    },
  };
}
