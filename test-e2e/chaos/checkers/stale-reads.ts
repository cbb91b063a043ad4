import type { MapChange } from '../history/history.ts';
import type { Operation, Read } from '../history/operation.ts';
import { findEpochOpenings } from './epochs.ts';

/** Reads that a deposed primary answered although a newer epoch was open. */
export interface StaleReads {
  readonly count: number;
  /** From the opening of the newer epoch to the start of the last such read, in milliseconds; 0 without any. */
  readonly lastAfterMilliseconds: number;
}

/**
 * Counts reads of registers that were answered by a member other than the primary of the epoch that was open when they
 * were sent, and that took itself for one that takes writes: replicas may be behind. They are no loss, but an
 * application that held on to its connection saw the past.
 */
export function countStaleReads(operations: readonly Operation[], changes: readonly MapChange[]): StaleReads {
  const openings = findEpochOpenings(operations, changes);
  let count = 0;
  let lastAfterMilliseconds = 0;
  for (const operation of operations) {
    if (!isAnsweredRead(operation)) {
      continue;
    }
    const current = openings.findLast(({ openedBy }) => openedBy < operation.start);
    const isNewer = changes.some(
      ({ epoch, primary, at }) =>
        current !== undefined && epoch > current.epoch && primary === operation.member && at <= operation.end,
    );
    // A run begins in an epoch, whose opening lies before it: only a later one can depose.
    if (current !== undefined && current.primary !== operation.member && !isNewer) {
      count += 1;
      lastAfterMilliseconds = Math.max(lastAfterMilliseconds, operation.start - current.openedBy);
    }
  }
  return { count, lastAfterMilliseconds };
}

function isAnsweredRead(operation: Operation): operation is Read {
  return (
    operation.kind === 'read' &&
    operation.outcome === 'ok' &&
    operation.member !== null &&
    operation.writable !== false
  );
}
