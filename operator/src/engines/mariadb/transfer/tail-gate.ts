/** Stopping a tail between two transactions of its source, and letting it go on up to a given one. */
import { orAbort } from '../../../runtime/abort.ts';
import { EngineError } from '../../engine-error.ts';
import { compareGtidLists, formatGtidList, type Gtid, type GtidList } from '../gtid.ts';

/** Whoever holds a tail waits for it to be at rest, with this applied if anything. */
interface Waiting {
  readonly wanted: GtidList | undefined;
  resolve(): void;
  reject(error: Error): void;
}

/** Admits nothing: no list of a source is without a domain. */
const NOTHING: GtidList = new Map();

/**
 * Between a tail and who holds it. The tail asks before every transaction, and tells when everything that it has begun is
 * applied (`rest`) and when it goes on (`unrest`).
 */
export class TailGate {
  /** Up to where transactions may begin; undefined while nobody holds the tail. */
  #limit: GtidList | undefined;
  #applied: GtidList | undefined;
  #failure: Error | undefined;
  #waiting: Waiting | undefined;
  #changed = Promise.withResolvers<void>();
  /** Resolves when nobody holds the tail any more. */
  #free: Promise<void> = Promise.resolve();

  /** For the tail: whether a transaction may begin. */
  admits({ domain, sequence }: Gtid): boolean {
    const limit = this.#limit;
    return limit === undefined || (limit.get(domain)?.sequence ?? -1n) >= sequence;
  }

  /** For the tail: everything that was begun is applied, and nothing more is until `unrest`. */
  rest(applied: GtidList): void {
    this.#applied = applied;
    const { wanted } = this.#waiting ?? {};
    if (wanted === undefined || covers(applied, wanted)) {
      this.#answer((waiting) => waiting.resolve());
    }
  }

  /** For the tail: it goes on. */
  unrest(): void {
    this.#applied = undefined;
  }

  /** For the tail, which is at rest: resolves when the transaction may begin. */
  async admission(gtid: Gtid, signal: AbortSignal): Promise<void> {
    while (!this.admits(gtid)) {
      if (this.#waiting?.wanted !== undefined) {
        this.#answer((waiting) =>
          waiting.reject(
            new EngineError('Refused', 'the tail cannot stop at that position: it is none of its source'),
          ),
        );
      }
      await orAbort(this.#changed.promise, signal);
    }
  }

  /** For the tail: it has ended. */
  fail(error: Error): void {
    this.#failure = error;
    this.#answer((waiting) => waiting.reject(error));
  }

  /** Resolves when the tail is held; what it gives lets it go again. One hold at a time: a second waits. */
  async hold(signal: AbortSignal): Promise<() => void> {
    const before = this.#free;
    const { promise, resolve: free } = Promise.withResolvers<void>();
    this.#free = before.then(() => promise);
    try {
      await orAbort(before, signal);
    } catch (error) {
      free();
      throw error;
    }
    const release = (): void => {
      this.#setLimit(undefined);
      free();
    };
    this.#setLimit(NOTHING);
    try {
      await this.#atRest(undefined, signal);
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  /** For who holds the tail: lets it go on up to exactly `position`. EngineError `Refused` when it is past that. */
  async advance(position: GtidList, signal: AbortSignal): Promise<void> {
    const applied = this.#applied;
    if (applied !== undefined && !covers(position, applied)) {
      throw new EngineError(
        'Refused',
        `the tail is at ${formatGtidList(applied)}, which is past ${formatGtidList(position)}`,
      );
    }
    this.#setLimit(position);
    try {
      await this.#atRest(position, signal);
    } finally {
      this.#setLimit(NOTHING);
    }
  }

  #setLimit(limit: GtidList | undefined): void {
    this.#limit = limit;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #atRest(wanted: GtidList | undefined, signal: AbortSignal): Promise<void> {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
    if (this.#applied !== undefined && (wanted === undefined || covers(this.#applied, wanted))) {
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting = { wanted, resolve, reject };
    try {
      await orAbort(promise, signal);
    } finally {
      this.#waiting = undefined;
    }
  }

  #answer(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      how(waiting);
    }
  }
}

function covers(held: GtidList, needed: GtidList): boolean {
  const order = compareGtidLists(held, needed);
  return order === 'equal' || order === 'ahead';
}
