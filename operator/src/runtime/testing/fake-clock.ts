import { setImmediate as immediately } from 'node:timers/promises';
import { abortReason } from '../abort.ts';
import type { Clock, Timer } from '../clock.ts';

interface PendingTimer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is advanced. */
export class FakeClock implements Clock {
  #elapsed = 0;
  #sequence = 0;
  readonly #origin: number;
  readonly #timers = new Set<PendingTimer>();

  /** `origin`: the wall-clock time at the start, in milliseconds since the epoch. */
  constructor(origin = Date.UTC(2026, 0, 1)) {
    this.#origin = origin;
  }

  now(): number {
    return this.#origin + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Number of timers and sleeps that have not ended. */
  get pending(): number {
    return this.#timers.size;
  }

  setTimer(milliseconds: number, callback: () => void): Timer {
    this.#sequence += 1;
    const timer = { at: this.#elapsed + Math.max(0, milliseconds), sequence: this.#sequence, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        timer.cancel();
        reject(abortReason(signal));
      };
      const timer = this.setTimer(milliseconds, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Moves time on, firing timers in order, each at its time, and letting what they set off run before the next.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await settle();
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#timers.delete(next);
      this.#elapsed = next.at;
      next.callback();
      await settle();
    }
    this.#elapsed = end;
  }

  #nextUntil(end: number): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers) {
      const isEarlier =
        next === undefined || timer.at < next.at || (timer.at === next.at && timer.sequence < next.sequence);
      if (timer.at <= end && isEarlier) {
        next = timer;
      }
    }
    return next;
  }
}

/** Lets promises that can settle without timers or I/O do so. */
export async function settle(): Promise<void> {
  await immediately();
  await immediately();
}
