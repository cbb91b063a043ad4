/**
 * Holding statements while a shard has nobody to run them: for a bounded time, and a bounded number of them, so that a
 * promotion is a pause and not an error, and a shard that is gone costs neither memory nor patience.
 */
import { abortableWait } from '../../runtime/abort.ts';
import type { Clock } from '../../runtime/clock.ts';

/** How long and how many. */
export interface HoldLimits {
  /** Longest time that one statement is held. @default 10000 */
  readonly milliseconds: number;
  /** Most statements held at once by this process. @default 1000 */
  readonly statements: number;
  /** A held statement looks again after this time, without news of the map: a server may be back under the same name. */
  readonly retryMilliseconds: number;
}

export const DEFAULT_HOLD_LIMITS: HoldLimits = {
  milliseconds: 10_000,
  statements: 1000,
  retryMilliseconds: 50,
};

/** Why a statement is held no longer. */
export type HoldEnd = 'TooLong' | 'TooMany';

/** Nobody could run the statement in time. Nothing of it was sent. */
export class HoldError extends Error {
  override readonly name = 'HoldError';
  readonly code: HoldEnd;
  readonly shard: number;

  constructor(code: HoldEnd, shard: number, limits: HoldLimits, cause: unknown) {
    super(
      code === 'TooLong'
        ? `shard ${shard} has had no usable primary for ${limits.milliseconds / 1000} s`
        : `shard ${shard} has no usable primary, and ${limits.statements} statements wait already`,
      { cause },
    );
    this.code = code;
    this.shard = shard;
  }
}

/** One statement that is held, from its first wait to its end. */
export interface HeldStatement {
  /**
   * Resolves when it is worth another attempt. Rejects with {@link HoldError} when the time is up, and with the signal's
   * reason. `cause` is why the statement could not be run.
   */
  wait(cause: unknown, signal: AbortSignal): Promise<void>;
  /** To be called once the statement runs, or is given up. */
  end(): void;
}

export interface StatementHoldOptions {
  readonly limits: HoldLimits;
  readonly clock: Clock;
  /** Calls back at each change of the map. */
  readonly onMapChange: (handler: () => void) => () => void;
}

/** The statements held by this process. */
export class StatementHold {
  readonly #options: StatementHoldOptions;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(options: StatementHoldOptions) {
    this.#options = options;
    options.onMapChange(() => this.#wakeAll());
  }

  /** Statements held now. */
  get held(): number {
    return this.#held;
  }

  /** Begins to hold a statement for `shard`. Nothing is counted until its first wait. */
  begin(shard: number): HeldStatement {
    const { limits, clock } = this.#options;
    let deadline: number | undefined;
    return {
      wait: async (cause, signal) => {
        if (deadline === undefined) {
          if (this.#held >= limits.statements) {
            throw new HoldError('TooMany', shard, limits, cause);
          }
          this.#held += 1;
          deadline = clock.monotonic() + limits.milliseconds;
        }
        const left = deadline - clock.monotonic();
        if (left <= 0) {
          throw new HoldError('TooLong', shard, limits, cause);
        }
        await this.#news(Math.min(left, limits.retryMilliseconds), signal);
      },
      end: () => {
        if (deadline !== undefined) {
          deadline = undefined;
          this.#held -= 1;
        }
      },
    };
  }

  async #news(milliseconds: number, signal: AbortSignal): Promise<void> {
    const wait = abortableWait<void>(signal);
    const wake = (): void => wait.resolve();
    const timer = this.#options.clock.setTimer(milliseconds, wake);
    this.#waiting.add(wake);
    try {
      await wait.promise;
    } finally {
      this.#waiting.delete(wake);
      timer.cancel();
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) {
      wake();
    }
  }
}
