import type { MapChange } from '../history/history.ts';
import type { Operation } from '../history/operation.ts';
import { isWrite } from '../history/operation.ts';
import type { Violation } from './violation.ts';
import { summarise } from './violation.ts';

/** An epoch, from the moment at which its primary is known to have taken a write. */
export interface EpochOpening {
  readonly epoch: number;
  readonly primary: string;
  /** End of the first write that the primary acknowledged in this epoch: it was open by then. */
  readonly openedBy: number;
}

/** When each epoch's primary was open at the latest. Epochs in which nobody wrote are left out. */
export function findEpochOpenings(
  operations: readonly Operation[],
  changes: readonly MapChange[],
): EpochOpening[] {
  const acknowledged = operations.filter((operation) => isWrite(operation) && operation.outcome === 'ok');
  const openings: EpochOpening[] = [];
  for (const { epoch, primary, at } of changes) {
    if (primary === null || openings.some((opening) => opening.epoch === epoch)) {
      continue;
    }
    // What a primary acknowledged before the map named it belongs to an earlier epoch of its own.
    const ends = acknowledged.flatMap((write) =>
      write.member === primary && write.start >= at ? [write.end] : [],
    );
    if (ends.length > 0) {
      openings.push({ epoch, primary, openedBy: ends.reduce((a, b) => Math.min(a, b)) });
    }
  }
  return openings;
}

/**
 * No write is acknowledged by the primary of an old epoch that was sent after the new epoch's primary was open.
 * Writes that were under way at that moment are not judged by this rule: their acknowledgement may be older.
 */
export function checkEpochOrder(
  operations: readonly Operation[],
  changes: readonly MapChange[],
): Violation[] {
  const openings = findEpochOpenings(operations, changes);
  const late: string[] = [];
  for (const write of operations) {
    if (!isWrite(write) || write.outcome !== 'ok' || write.member === null) {
      continue;
    }
    const current = openings.findLast(({ openedBy }) => openedBy < write.start);
    // A newer epoch may have been opened by this very write, or by one beside it.
    const newer = changes.some(
      ({ epoch, primary, at }) =>
        current !== undefined && epoch > current.epoch && primary === write.member && at <= write.end,
    );
    if (current !== undefined && current.primary !== write.member && !newer) {
      late.push(
        `${write.kind} on ${write.member} at ${write.start.toFixed(1)}, epoch ${current.epoch} was open`,
      );
    }
  }
  return summarise('epochOrder', 'writes were acknowledged under an epoch that was over', late);
}
