/**
 * A figure that may be unknown. Unknown is a state of its own with its reason, never zero and never the last
 * value: a lag of 0 sends reads to a server, an unknown lag must not.
 */
export type Measure<T = number> =
  { readonly kind: 'known'; readonly value: T } | { readonly kind: 'unknown'; readonly reason: string };

/** A measured value. */
export function known<T>(value: T): Measure<T> {
  return { kind: 'known', value };
}

/** A value nobody could measure, and why, in words for a status line. */
export function unknown(reason: string): Measure<never> {
  return { kind: 'unknown', reason };
}
