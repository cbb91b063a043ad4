/** Choices that a seed decides. */

/** A number from 0 up to, not including, 1. */
export type Random = () => number;

/** One of these, each as likely. @throws RangeError where there is none. */
export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) {
    throw new RangeError('nothing to pick from');
  }
  return value;
}

/** A whole number from 0 up to, not including, `below`. */
export function whole(random: Random, below: number): number {
  return Math.floor(random() * below);
}
