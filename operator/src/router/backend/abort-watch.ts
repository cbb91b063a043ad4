/**
 * Waiting for an AbortSignal at the price of a set's entry. A listener of one's own costs more than the rest of a short
 * request, and the requests of a session have one signal: each signal gets one listener, for as long as it lives.
 */
type Handler = () => void;

const watched = new WeakMap<AbortSignal, Set<Handler>>();

/**
 * Calls `handler` when the signal aborts, unless the returned function was called before. The signal must not be aborted
 * already.
 */
export function watchAbort(signal: AbortSignal, handler: Handler): () => void {
  let handlers = watched.get(signal);
  if (handlers === undefined) {
    const added = new Set<Handler>();
    handlers = added;
    watched.set(signal, added);
    signal.addEventListener(
      'abort',
      () => {
        // A set's iteration leaves out what is taken away meanwhile.
        for (const each of added) {
          each();
        }
      },
      { once: true },
    );
  }
  const present = handlers;
  present.add(handler);
  return () => present.delete(handler);
}
