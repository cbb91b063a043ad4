import type { Clock } from '../runtime/clock.ts';

/** A pause that anybody can end; asked to end while there is none, the next one ends at once. */
export class Waker {
  readonly #clock: Clock;
  #isWoken = false;
  #end: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the pause, or the next one. */
  wake(): void {
    this.#isWoken = true;
    this.#end();
  }

  /** Forgets earlier calls of `wake`: what they were about is being looked at. */
  begin(): void {
    this.#isWoken = false;
  }

  /** Resolves after `milliseconds`, when woken, or when the signal aborts. */
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#isWoken || signal.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.setTimer(milliseconds, end);
      signal.addEventListener('abort', end, { once: true });
      this.#end = end;
    });
    this.#end = () => {};
  }
}
