import type { Clock } from '../../runtime/clock.ts';

/** Knows whether this process itself was held up: then what it heard late was not said late. */
export interface StallMonitor {
  /** Whether the event loop was held up just now, so that what is being handled may have waited. */
  isStalled(): boolean;
  /** Milliseconds of all stalls so far together, one that lasts included: no silence of others. */
  stalledMilliseconds(): number;
  /** Milliseconds of the longest stall since the last call. For metrics. */
  takeLongestStall(): number;
  /** Watches until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export interface StallMonitorOptions {
  readonly clock: Clock;
  /** How often to look. @default 25 */
  readonly intervalMilliseconds?: number;
  /** Being later than this is a stall. @default 100 */
  readonly thresholdMilliseconds?: number;
  /** For so long after a stall what is handled still counts as late: it is worked off. @default 50 */
  readonly settleMilliseconds?: number;
}

/**
 * Measures by a timer how late the event loop runs it. Timers run before input is handled, so the monitor knows
 * of a stall before anything that waited through it is looked at.
 */
export function createStallMonitor(options: StallMonitorOptions): StallMonitor {
  const { clock, intervalMilliseconds = 25, thresholdMilliseconds = 100, settleMilliseconds = 50 } = options;
  let lastLook = clock.monotonic();
  let stalledUntil = -Infinity;
  let total = 0;
  let longest = 0;

  const latenessAt = (now: number): number => now - lastLook - intervalMilliseconds;

  const look = (): void => {
    const now = clock.monotonic();
    const lateness = latenessAt(now);
    lastLook = now;
    if (lateness > thresholdMilliseconds) {
      stalledUntil = now + settleMilliseconds;
      total += lateness;
      longest = Math.max(longest, lateness);
    }
  };

  return {
    isStalled() {
      const now = clock.monotonic();
      return now < stalledUntil || latenessAt(now) > thresholdMilliseconds;
    },
    stalledMilliseconds() {
      const lateness = latenessAt(clock.monotonic());
      return lateness > thresholdMilliseconds ? total + lateness : total;
    },
    takeLongestStall() {
      const taken = longest;
      longest = 0;
      return taken;
    },
    async run(signal) {
      lastLook = clock.monotonic();
      while (!signal.aborted) {
        await clock.sleep(intervalMilliseconds, signal).catch(() => {});
        look();
      }
    },
  };
}
