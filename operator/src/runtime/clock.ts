import { setTimeout as delay } from 'node:timers/promises';

/** A timer that has been set and can be called off. */
export interface Timer {
  /** Calls the timer off. Harmless after it fired. */
  cancel(): void;
}

/** Time, as everything in this library sees it. Tests inject a clock they advance by hand. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. May jump; for timestamps only. */
  now(): number;
  /** Milliseconds since an arbitrary origin; never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when aborted before. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Calls `callback` once after `milliseconds`. */
  setTimer(milliseconds: number, callback: () => void): Timer;
}

/** Longest delay Node's timers take; longer ones would fire at once. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep the process alive on their own; its sleeps do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    try {
      await delay(clampDelay(milliseconds), undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
  setTimer(milliseconds, callback) {
    const handle = setTimeout(callback, clampDelay(milliseconds));
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

function clampDelay(milliseconds: number): number {
  return Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MILLISECONDS);
}
