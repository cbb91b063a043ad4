import type { Clock, Timer } from '../../runtime/clock.ts';

/** Finds out that a client has asked for nothing for some time. One timer that looks again is cheaper than one set for every command. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #idleFor: () => number;
  readonly #expired: () => void;
  #timer: Timer | null = null;

  /** `idleFor`: milliseconds since the last command; 0 while one runs. `expired` is called once, when that is `milliseconds`. */
  constructor(clock: Clock, milliseconds: number, idleFor: () => number, expired: () => void) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
    this.#idleFor = idleFor;
    this.#expired = expired;
    this.#lookIn(milliseconds);
  }

  /** Looks no more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #lookIn(milliseconds: number): void {
    this.#timer = this.#clock.setTimer(milliseconds, () => {
      const idle = this.#idleFor();
      if (idle >= this.#milliseconds) this.#expired();
      else this.#lookIn(this.#milliseconds - idle);
    });
  }
}
