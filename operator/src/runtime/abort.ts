/** Helpers for work that an AbortSignal can stop. */

/** A promise with its means of settling, cut short by a signal. */
export interface AbortableWait<T> {
  readonly promise: Promise<T>;
  /** Resolves the promise; harmless when it is settled. */
  resolve(value: T): void;
}

/**
 * A promise that `resolve` settles, or that rejects with the signal's reason. The listener is removed in
 * either case, so that a long-lived signal does not collect listeners.
 */
export function abortableWait<T>(signal: AbortSignal): AbortableWait<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = (): void => reject(abortReason(signal));
  if (signal.aborted) {
    onAbort();
  } else {
    signal.addEventListener('abort', onAbort, { once: true });
  }
  return {
    promise,
    resolve(value) {
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    },
  };
}

/** What `work` comes to, or the signal's reason as soon as it aborts: for work that may heed the signal late. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(signal));
    if (signal.aborted) {
      onAbort();
    } else {
      signal.addEventListener('abort', onAbort, { once: true });
    }
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** The error an aborted signal carries, made one where the reason is not an Error. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`);
}

/**
 * Runs `body` under a signal that aborts with `parent` and, once `body` has ended, for itself: whatever
 * `body` started and left running ends with it.
 */
export async function withScope<T>(
  parent: AbortSignal,
  body: (signal: AbortSignal, scope: AbortController) => Promise<T>,
): Promise<T> {
  const scope = new AbortController();
  const onAbort = (): void => scope.abort(parent.reason);
  if (parent.aborted) {
    onAbort();
  } else {
    parent.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await body(scope.signal, scope);
  } finally {
    parent.removeEventListener('abort', onAbort);
    scope.abort(new Error('scope has ended'));
  }
}
