import { abortReason } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { QueueMetrics } from '../metrics/metrics.ts';
import { Delays } from './delays.ts';
import type { RateLimiter } from './rate-limiter.ts';

/**
 * Keys waiting to be worked on, first come, first served. A key is handed out to one worker at a time; asked for
 * while it is waiting it is not queued twice, asked for while it is in work it is queued again afterwards.
 */
export interface WorkQueue {
  /** Asks for work on the key now. A delay it was waiting for is void: the work now covers it. */
  add(key: string): void;
  /** Asks for work after the delay, in milliseconds; an earlier deadline of the key stays. */
  addAfter(key: string, milliseconds: number): void;
  /** Asks for another attempt after the delay the rate limiter sets, or `atLeast` milliseconds if that is longer. */
  addRateLimited(key: string, atLeast?: number): void;
  /** Ends the growth of the key's delays. */
  forget(key: string): void;
  /**
   * The next key; waits for one. `done` must follow. Resolves with `undefined` once the queue is shut down and
   * empty; rejects with the signal's reason, in which case no key was taken.
   */
  get(signal: AbortSignal): Promise<string | undefined>;
  /** Work on the key has ended. */
  done(key: string): void;
  /** Takes nothing more in; drops what is delayed; what is waiting is still handed out. */
  shutDown(): void;
  /** Number of keys waiting, without delayed ones and those in work. */
  depth(): number;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly rateLimiter: RateLimiter;
  readonly metrics: QueueMetrics;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyedQueue(options);
}

interface Waiter {
  hand(key: string | undefined): void;
}

class KeyedQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #rateLimiter: RateLimiter;
  readonly #metrics: QueueMetrics;
  readonly #delays: Delays;
  /** Keys ready to be handed out, in order, with the time they became so. */
  readonly #ready = new Map<string, number>();
  /** Keys handed out, with the time they were. */
  readonly #working = new Map<string, number>();
  /** Keys in work that were asked for again meanwhile. */
  readonly #again = new Set<string>();
  readonly #waiters = new Set<Waiter>();
  #shutDown = false;

  constructor({ clock, rateLimiter, metrics }: WorkQueueOptions) {
    this.#clock = clock;
    this.#rateLimiter = rateLimiter;
    this.#metrics = metrics;
    this.#delays = new Delays(clock, (key) => this.add(key));
    metrics.observeUnfinished(() => {
      const now = clock.monotonic();
      return [...this.#working.values()].map((since) => (now - since) / 1000);
    });
  }

  add(key: string): void {
    if (this.#shutDown) {
      return;
    }
    this.#delays.remove(key);
    if (this.#ready.has(key) || this.#again.has(key)) {
      return;
    }
    this.#metrics.added();
    if (this.#working.has(key)) {
      this.#again.add(key);
    } else {
      this.#makeReady(key);
    }
  }

  addAfter(key: string, milliseconds: number): void {
    if (milliseconds <= 0) {
      this.add(key);
    } else if (!this.#shutDown && !this.#ready.has(key) && !this.#again.has(key)) {
      this.#delays.add(key, milliseconds);
    }
  }

  addRateLimited(key: string, atLeast = 0): void {
    this.#metrics.retried();
    this.addAfter(key, Math.max(atLeast, this.#rateLimiter.next(key)));
  }

  forget(key: string): void {
    this.#rateLimiter.forget(key);
  }

  async get(signal: AbortSignal): Promise<string | undefined> {
    signal.throwIfAborted();
    const [first] = this.#ready.keys();
    if (first !== undefined) {
      this.#take(first);
      return first;
    }
    if (this.#shutDown) {
      return undefined;
    }
    return this.#wait(signal);
  }

  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) {
      throw new TypeError(`${key} is not in work`);
    }
    this.#working.delete(key);
    this.#metrics.worked((this.#clock.monotonic() - since) / 1000);
    if (this.#again.delete(key)) {
      this.#makeReady(key);
    }
  }

  shutDown(): void {
    this.#shutDown = true;
    this.#delays.clear();
    for (const waiter of this.#waiters) {
      waiter.hand(undefined);
    }
  }

  depth(): number {
    return this.#ready.size;
  }

  /** A waiter that is aborted leaves at once, in the abort event itself: a key handed to it later were lost. */
  #wait(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        hand: (key) => {
          leave();
          resolve(key);
        },
      };
      const onAbort = (): void => {
        leave();
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #makeReady(key: string): void {
    this.#ready.set(key, this.#clock.monotonic());
    const [waiter] = this.#waiters;
    if (waiter === undefined) {
      this.#metrics.depth(this.#ready.size);
    } else {
      this.#take(key);
      waiter.hand(key);
    }
  }

  #take(key: string): void {
    const now = this.#clock.monotonic();
    this.#metrics.waited((now - (this.#ready.get(key) ?? now)) / 1000);
    this.#ready.delete(key);
    this.#working.set(key, now);
    this.#metrics.depth(this.#ready.size);
  }
}
