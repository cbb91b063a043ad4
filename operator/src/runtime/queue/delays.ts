import type { Clock, Timer } from '../clock.ts';

/**
 * Keys that become due later, with one timer for the earliest. A key has one deadline: the earliest asked for.
 */
export class Delays {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  readonly #deadlines = new Map<string, number>();
  #timer: Timer | undefined;
  #timerDeadline = Infinity;

  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Number of keys waiting. */
  get size(): number {
    return this.#deadlines.size;
  }

  add(key: string, milliseconds: number): void {
    const deadline = this.#clock.monotonic() + milliseconds;
    const earlier = this.#deadlines.get(key);
    if (earlier === undefined || deadline < earlier) {
      this.#deadlines.set(key, deadline);
      this.#arm(deadline);
    }
  }

  /** The key will not become due. */
  remove(key: string): void {
    this.#deadlines.delete(key);
  }

  clear(): void {
    this.#deadlines.clear();
    this.#timer?.cancel();
    this.#timerDeadline = Infinity;
  }

  #arm(deadline: number): void {
    if (deadline >= this.#timerDeadline) {
      return;
    }
    this.#timer?.cancel();
    this.#timerDeadline = deadline;
    this.#timer = this.#clock.setTimer(deadline - this.#clock.monotonic(), () => this.#fire());
  }

  /** Timers may fire a little early, and late ones for several keys at once: the deadlines decide. */
  #fire(): void {
    this.#timerDeadline = Infinity;
    const now = this.#clock.monotonic();
    const due: [string, number][] = [];
    let next = Infinity;
    for (const [key, deadline] of this.#deadlines) {
      if (deadline <= now) {
        due.push([key, deadline]);
      } else {
        next = Math.min(next, deadline);
      }
    }
    if (next < Infinity) {
      this.#arm(next);
    }
    due.sort(([, first], [, second]) => first - second);
    for (const [key] of due) {
      this.#deadlines.delete(key);
      this.#onDue(key);
    }
  }
}
