import type { Clock } from '../clock.ts';

/** Decides how long a key waits before it is tried again. */
export interface RateLimiter {
  /** The delay for one more attempt, in milliseconds; counts as a failure of the key. */
  next(key: string): number;
  /** How often `next` was called for the key since it was last forgotten. */
  failures(key: string): number;
  /** Starts over for the key, after a success; frees what was kept for it. */
  forget(key: string): void;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Delay after the first failure of a key; doubles with each further one. @default 5 */
  readonly initialMilliseconds?: number;
  /** @default 1000000 */
  readonly longestMilliseconds?: number;
  /** Retries a second over all keys together, once the burst is used up. @default 10 */
  readonly perSecond?: number;
  /** Retries that may come at once. @default 100 */
  readonly burst?: number;
}

/** Retries lose up to this share of regularity, so that keys which failed together come back apart. */
const JITTER = 0.1;

/**
 * The longer of a delay that grows exponentially per key and of the wait for a token from a bucket shared by all
 * keys; the defaults are those of client-go's `DefaultControllerRateLimiter`.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { clock, random, initialMilliseconds = 5, longestMilliseconds = 1_000_000 } = options;
  const failures = new Map<string, number>();
  const bucket = createTokenBucket(clock, options.perSecond ?? 10, options.burst ?? 100);
  return {
    next(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      const exponential = Math.min(initialMilliseconds * 2 ** count, longestMilliseconds);
      return Math.max(exponential * (1 + JITTER * random()), bucket.reserve());
    },
    failures: (key) => failures.get(key) ?? 0,
    forget(key) {
      failures.delete(key);
    },
  };
}

/** A bucket of tokens that fills at a steady rate. */
export interface TokenBucket {
  /** Takes a token, on credit if need be; returns how long to wait until it is earned, in milliseconds. */
  reserve(): number;
  /** Takes a token if there is one. */
  take(): boolean;
}

export function createTokenBucket(clock: Clock, perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let filledAt = clock.monotonic();
  const fill = (): void => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
  };
  return {
    reserve() {
      fill();
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
    take() {
      fill();
      if (tokens < 1) {
        return false;
      }
      tokens -= 1;
      return true;
    },
  };
}
