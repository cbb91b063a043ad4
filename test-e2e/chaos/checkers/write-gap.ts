import type { ClientKind, Operation } from '../history/operation.ts';

/** A time in which a client got no write acknowledged. */
export interface WriteGap {
  readonly milliseconds: number;
  /** The last acknowledgement before it. */
  readonly from: number;
}

/**
 * The longest time between two acknowledged appends of one client that follow one another, among those that end after
 * `since`: what an application that writes all the time sees of a failure, its own reconnecting included. Undefined
 * when the client got no acknowledgement after `since`. The shortest that can be seen is the client's own pace.
 */
export function findWriteGap(
  operations: readonly Operation[],
  kind: ClientKind,
  since: number,
): WriteGap | undefined {
  const acknowledged = operations.filter(
    ({ kind: action, via, outcome }) => action === 'append' && via === kind && outcome === 'ok',
  );
  let longest: WriteGap | undefined;
  for (const own of Map.groupBy(acknowledged, ({ process }) => process).values()) {
    const ends = own.map(({ end }) => end).toSorted((a, b) => a - b);
    for (const [index, end] of ends.entries()) {
      const from = ends[index - 1];
      if (from === undefined || end < since) {
        continue;
      }
      if (longest === undefined || end - from > longest.milliseconds) {
        longest = { milliseconds: end - from, from };
      }
    }
  }
  return longest;
}
