/**
 * Holding statements while nobody may run them: a shard has no primary, or a database changes its shard. For a bounded time,
 * and a bounded number of them, so that either is a pause and not an error, and what is gone costs neither memory nor patience.
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

/**
 * What statements wait for.
 * - `NoPrimary`: a server of the shard that may run it.
 * - `Moving`: the end of a switch to another shard.
 * - `StaleRoute`: a newer map, or the new owner's rights; a server has refused the database.
 * - `Definition`: the end of a move during which tables must stay as they are.
 */
export const HOLD_CAUSES = ['NoPrimary', 'Moving', 'StaleRoute', 'Definition'] as const;

/** One of {@link HOLD_CAUSES}. */
export type HoldCause = (typeof HOLD_CAUSES)[number];

/** Why a statement waits now; it may be for another reason the next time. */
export interface HoldReason {
  readonly cause: HoldCause;
  /** A clause for people: `shard 3 has no usable primary`. */
  readonly message: string;
  /** What failed before, if anything did. */
  readonly error?: unknown;
  /** It looks again after this time, where that is sooner than others do. */
  readonly retryMilliseconds?: number;
  /**
   * What comes for all statements that have the same text here at once. The first of them looks again that soon, and the others when
   * it has found something, so that whoever is waited for is not asked by all.
   */
  readonly common?: string;
}

/** Why a statement is held no longer. */
export type HoldEnd = 'TooLong' | 'TooMany';

/** Nobody could run the statement in time. Nothing of it was sent. */
export class HoldError extends Error {
  override readonly name = 'HoldError';
  readonly code: HoldEnd;
  readonly reason: HoldReason;

  constructor(code: HoldEnd, reason: HoldReason, limits: HoldLimits) {
    super(
      code === 'TooLong'
        ? `${reason.message}; it has waited for ${limits.milliseconds / 1000} s`
        : `${reason.message}, and ${limits.statements} statements wait already`,
      { cause: reason.error },
    );
    this.code = code;
    this.reason = reason;
  }
}

/** One statement that is held, from its first wait to its end. */
export interface HeldStatement {
  /**
   * Resolves when it is worth another attempt. Rejects with {@link HoldError} when the time is up, which is counted over all
   * waits, and with the signal's reason.
   */
  wait(reason: HoldReason, signal: AbortSignal): Promise<void>;
  /** To be called once the statement runs, or is given up. */
  end(): void;
}

/** What is told of held statements. */
export interface HoldObserver {
  /** A statement waits, once more. */
  waits(cause: HoldCause): void;
  /** A statement that had waited does so no longer. `cause` is that of its first wait. */
  ended(cause: HoldCause, milliseconds: number): void;
}

export interface StatementHoldOptions {
  readonly limits: HoldLimits;
  readonly clock: Clock;
  /** Calls back at each change of the map. */
  readonly onMapChange: (handler: () => void) => () => void;
  readonly observer: HoldObserver;
}

/** The statements held by this process. */
export class StatementHold {
  readonly #options: StatementHoldOptions;
  readonly #waiting = new Set<() => void>();
  readonly #heldBy = new Map<HoldCause, number>();
  /** Who waits for the one that looks, by what they have in common. */
  readonly #followers = new Map<string, Set<() => void>>();

  constructor(options: StatementHoldOptions) {
    this.#options = options;
    options.onMapChange(() => wakeAll(this.#waiting));
  }

  /** Statements held now. */
  get held(): number {
    return [...this.#heldBy.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Statements held now, by the cause of their first wait. */
  get heldBy(): ReadonlyMap<HoldCause, number> {
    return this.#heldBy;
  }

  /** Begins to hold a statement. Nothing is counted until its first wait. */
  begin(): HeldStatement {
    const { limits, clock, observer } = this.#options;
    let first: { readonly cause: HoldCause; readonly since: number } | undefined;
    /** What this statement looks for in place of others. */
    let leads: string | undefined;
    const lead = (common: string | undefined): void => {
      if (leads !== common) {
        this.#release(leads);
        leads = common !== undefined && !this.#followers.has(common) ? common : undefined;
        if (leads !== undefined) {
          this.#followers.set(leads, new Set());
        }
      }
    };
    return {
      wait: async (reason, signal) => {
        if (first === undefined) {
          if (this.held >= limits.statements) {
            throw new HoldError('TooMany', reason, limits);
          }
          first = { cause: reason.cause, since: clock.monotonic() };
          this.#count(first.cause, 1);
        }
        const left = first.since + limits.milliseconds - clock.monotonic();
        if (left <= 0) {
          throw new HoldError('TooLong', reason, limits);
        }
        observer.waits(reason.cause);
        lead(reason.common);
        const { common } = reason;
        const others = common === undefined || common === leads ? undefined : this.#followers.get(common);
        const pause = others === undefined ? reason.retryMilliseconds : undefined;
        await this.#news(Math.min(left, pause ?? limits.retryMilliseconds), others ?? new Set(), signal);
      },
      end: () => {
        lead(undefined);
        if (first !== undefined) {
          const { cause, since } = first;
          first = undefined;
          this.#count(cause, -1);
          observer.ended(cause, clock.monotonic() - since);
        }
      },
    };
  }

  #count(cause: HoldCause, change: number): void {
    this.#heldBy.set(cause, (this.#heldBy.get(cause) ?? 0) + change);
  }

  async #news(milliseconds: number, others: Set<() => void>, signal: AbortSignal): Promise<void> {
    const wait = abortableWait<void>(signal);
    const wake = (): void => wait.resolve();
    const timer = this.#options.clock.setTimer(milliseconds, wake);
    this.#waiting.add(wake);
    others.add(wake);
    try {
      await wait.promise;
    } finally {
      this.#waiting.delete(wake);
      others.delete(wake);
      timer.cancel();
    }
  }

  /** The one that looked has found something, or looks no longer. */
  #release(common: string | undefined): void {
    if (common !== undefined) {
      const followers = this.#followers.get(common) ?? [];
      this.#followers.delete(common);
      wakeAll(followers);
    }
  }
}

function wakeAll(waiting: Iterable<() => void>): void {
  for (const wake of waiting) {
    wake();
  }
}
