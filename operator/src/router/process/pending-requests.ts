import type { Clock, Timer } from '../../runtime/clock.ts';

/** Requests to another process that wait for their answers. */
export class PendingRequests<Answer> {
  readonly #clock: Clock;
  readonly #milliseconds: number;
  readonly #pending = new Map<
    number,
    { readonly resolve: (answer: Answer) => void; readonly timer: Timer; readonly of: unknown }
  >();
  #last = 0;

  /** `milliseconds`: an answer that takes longer is given up. */
  constructor(clock: Clock, milliseconds: number) {
    this.#clock = clock;
    this.#milliseconds = milliseconds;
  }

  /** Sends a request under a number; resolves with its answer, or with `otherwise` when none comes in time. `of`: see `ended`. */
  async ask(send: (request: number) => void, otherwise: Answer, of?: unknown): Promise<Answer> {
    this.#last += 1;
    const request = this.#last;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const timer = this.#clock.setTimer(this.#milliseconds, () => {
      this.#pending.delete(request);
      resolve(otherwise);
    });
    this.#pending.set(request, { resolve, timer, of });
    send(request);
    return promise;
  }

  /** Nobody will answer those that were asked `of` this one: their answer is this. */
  ended(of: unknown, answer: Answer): void {
    for (const [request, waiting] of this.#pending) {
      if (waiting.of === of) {
        this.answer(request, answer);
      }
    }
  }

  /** An answer has come; one that is too late is left out. */
  answer(request: number, answer: Answer): void {
    const waiting = this.#pending.get(request);
    this.#pending.delete(request);
    waiting?.timer.cancel();
    waiting?.resolve(answer);
  }
}
