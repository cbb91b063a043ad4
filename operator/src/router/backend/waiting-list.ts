import type { LendRequest } from './backend-pool.ts';

/** Somebody who waits for a connection. */
export interface Waiter<Lent> {
  readonly request: LendRequest;
  /** Connections of other keys are of no use to it. */
  readonly key: string;
  /** Monotonic time of its arrival. */
  readonly since: number;
  readonly resolve: (lent: Lent) => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait, first come first. */
export class WaitingList<Lent> {
  readonly #waiters: Waiter<Lent>[] = [];

  get length(): number {
    return this.#waiters.length;
  }

  get first(): Waiter<Lent> | undefined {
    return this.#waiters[0];
  }

  add(waiter: Waiter<Lent>): void {
    this.#waiters.push(waiter);
  }

  /** Takes a waiter out; false when it was served meanwhile. */
  remove(waiter: Waiter<Lent>): boolean {
    const place = this.#waiters.indexOf(waiter);
    if (place !== -1) {
      this.#waiters.splice(place, 1);
    }
    return place !== -1;
  }

  /** Takes out the first who can use a connection of this key. */
  take(key: string): Waiter<Lent> | undefined {
    const waiter = this.#waiters.find((each) => each.key === key);
    if (waiter !== undefined) {
      this.remove(waiter);
    }
    return waiter;
  }

  takeAll(): Waiter<Lent>[] {
    return this.#waiters.splice(0);
  }

  /** The waiters in their order of arrival, from the given place on. */
  from(place: number): readonly Waiter<Lent>[] {
    return this.#waiters.slice(place);
  }
}
