/** Holding a copy or a comparison up: by rates, and for as long as somebody says so. */
import type { Clock } from '../../../runtime/clock.ts';
import type { TransferPause, TransferThrottle } from '../../slot-transfer.ts';

/** How often a pause, and a limit that changed, is looked at. */
const LOOK_MILLISECONDS = 250;

/** Makes work wait for its turn. */
export class Pacing {
  readonly #throttle: TransferThrottle;
  readonly #clock: Clock;
  readonly #onPause: (pause: TransferPause | null) => void;
  /** What passed last, and when: it is paid for at the limits of the moment. */
  #last: { readonly rows: number; readonly bytes: number; readonly at: number };
  #isPaused = false;

  /** `onPause` is told when a pause begins, when its reason changes, and with null when it ends. */
  constructor(throttle: TransferThrottle, clock: Clock, onPause: (pause: TransferPause | null) => void) {
    this.#throttle = throttle;
    this.#clock = clock;
    this.#onPause = onPause;
    this.#last = { rows: 0, bytes: 0, at: clock.monotonic() };
  }

  /**
   * Waits until work of so many rows and bytes may be done. It pays for itself before the next may pass, and time in
   * which nothing was done earns a quarter of a second at most.
   */
  async pass(rows: number, bytes: number, signal: AbortSignal): Promise<void> {
    await this.#awaitPermission(signal);
    for (;;) {
      const wait = this.#freeAt() - this.#clock.monotonic();
      if (wait <= 0) {
        break;
      }
      await this.#clock.sleep(Math.min(wait, LOOK_MILLISECONDS), signal);
    }
    // Waiting lasts a little longer than it should: work begins when it might have, not when it did.
    const at = Math.max(this.#freeAt(), this.#clock.monotonic() - LOOK_MILLISECONDS);
    this.#last = { rows, bytes, at };
  }

  #freeAt(): number {
    const { rowsPerSecond = Infinity, bytesPerSecond = Infinity } = this.#throttle.limits();
    const { rows, bytes, at } = this.#last;
    return at + Math.max(rows / rowsPerSecond, bytes / bytesPerSecond) * 1000;
  }

  async #awaitPermission(signal: AbortSignal): Promise<void> {
    let reason: string | undefined;
    for (;;) {
      const pause = this.#throttle.shouldPause();
      if (pause === null) {
        break;
      }
      if (pause.reason !== reason) {
        reason = pause.reason;
        this.#isPaused = true;
        this.#onPause(pause);
      }
      await this.#clock.sleep(LOOK_MILLISECONDS, signal);
    }
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#onPause(null);
    }
  }
}
