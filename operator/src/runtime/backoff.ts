export interface BackoffOptions {
  /** First delay, in milliseconds. */
  readonly initialMilliseconds: number;
  /** No delay grows beyond this, jitter aside. */
  readonly longestMilliseconds: number;
  /** Each delay is so many times the one before. @default 2 */
  readonly factor?: number;
  /** Delays vary by this share to either side, so that many clients do not come back at once. @default 0.5 */
  readonly jitter?: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Growing, jittered delays between attempts. */
export interface Backoff {
  /** The next delay, in milliseconds. */
  next(): number;
  /** Starts over; to be called after a success. */
  reset(): void;
}

export function createBackoff(options: BackoffOptions): Backoff {
  const { initialMilliseconds, longestMilliseconds, factor = 2, jitter = 0.5, random } = options;
  let delay = initialMilliseconds;
  return {
    next() {
      const current = delay;
      delay = Math.min(delay * factor, longestMilliseconds);
      return current * (1 + jitter * (2 * random() - 1));
    },
    reset() {
      delay = initialMilliseconds;
    },
  };
}
