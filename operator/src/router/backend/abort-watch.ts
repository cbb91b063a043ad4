/**
 * Waiting for an AbortSignal at the price of an element of a list. A listener of one's own costs more than the rest of a short
 * request, and the requests of a session have one signal: each signal gets one listener, for as long as it lives.
 */

/** Is told when the signal aborts. */
export interface AbortWatcher {
  aborted(): void;
}

/** Those who watch one signal. */
export class AbortWatch {
  readonly #watchers: AbortWatcher[] = [];

  private constructor(signal: AbortSignal) {
    signal.addEventListener(
      'abort',
      () => {
        // Taken out one by one: what one of them takes away is not called any more.
        for (let next = this.#watchers.shift(); next !== undefined; next = this.#watchers.shift()) {
          next.aborted();
        }
      },
      { once: true },
    );
  }

  /** That of a signal, which must not be aborted already. */
  static of(signal: AbortSignal): AbortWatch {
    let watch = watches.get(signal);
    if (watch === undefined) {
      watch = new AbortWatch(signal);
      watches.set(signal, watch);
    }
    return watch;
  }

  /** Has the watcher told once, unless it is removed before. */
  add(watcher: AbortWatcher): void {
    this.#watchers.push(watcher);
  }

  /** Harmless where it is not there. */
  remove(watcher: AbortWatcher): void {
    // Requests seldom overlap, and then the last one ends first more often than not.
    const place = this.#watchers.lastIndexOf(watcher);
    if (place === -1) {
      return;
    }
    if (place === this.#watchers.length - 1) {
      this.#watchers.pop();
    } else {
      this.#watchers.splice(place, 1);
    }
  }
}

const watches = new WeakMap<AbortSignal, AbortWatch>();
