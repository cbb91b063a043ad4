import type { MapChange } from '../history/history.ts';
import type { Operation, Read } from '../history/operation.ts';
import { findEpochOpenings } from './epochs.ts';
import { summarise, type Violation } from './violation.ts';

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
  const found = findStaleReads(operations, changes);
  return {
    count: found.length,
    lastAfterMilliseconds: Math.max(0, ...found.map(({ start, openedBy }) => start - openedBy)),
  };
}

/** How long such reads may be answered. */
export interface StaleReadBound {
  /** Within how many milliseconds a deposed primary has to have ended itself. */
  readonly fenceMilliseconds: number;
  /** When members that could not run, and so could not end themselves, were let go on; undefined where none was held. */
  readonly resumed: number | undefined;
}

/** Every such read began within the fence: after the newer epoch opened, or after the deposed primary could run again. */
export function checkStaleReads(
  operations: readonly Operation[],
  changes: readonly MapChange[],
  { fenceMilliseconds, resumed = -Infinity }: StaleReadBound,
): Violation[] {
  const late = findStaleReads(operations, changes)
    .map(({ start, openedBy }) => start - Math.max(openedBy, resumed))
    .filter((milliseconds) => milliseconds > fenceMilliseconds);
  return summarise(
    'staleReadsBounded',
    `reads that a deposed primary answered more than ${fenceMilliseconds} ms after its successor had opened, by milliseconds`,
    late.map(Math.round),
  );
}

interface StaleRead {
  readonly start: number;
  /** When the epoch was open that deposed whoever answered. */
  readonly openedBy: number;
}

function findStaleReads(operations: readonly Operation[], changes: readonly MapChange[]): StaleRead[] {
  const openings = findEpochOpenings(operations, changes);
  return operations.filter(isAnsweredRead).flatMap((operation) => {
    const current = openings.findLast(({ openedBy }) => openedBy < operation.start);
    const isNewer = changes.some(
      ({ epoch, primary, at }) =>
        current !== undefined && epoch > current.epoch && primary === operation.member && at <= operation.end,
    );
    // A run begins in an epoch, whose opening lies before it: only a later one can depose.
    return current !== undefined && current.primary !== operation.member && !isNewer
      ? [{ start: operation.start, openedBy: current.openedBy }]
      : [];
  });
}

function isAnsweredRead(operation: Operation): operation is Read {
  return (
    operation.kind === 'read' &&
    operation.outcome === 'ok' &&
    operation.member !== null &&
    operation.writable !== false
  );
}
