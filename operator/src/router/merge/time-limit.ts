import type { Clock } from '../../runtime/clock.ts';
import type { MergeCaps } from './merge-input.ts';
import { MergeError } from './merge-error.ts';

/** The time that a merge may take. */
export interface TimeLimit {
  /** Aborts with the parent, and with a MergeError when the time is up. */
  readonly signal: AbortSignal;
  /** The merge has ended. */
  end(): void;
}

/** Begins to count the time of a merge. Throws the parent's reason where that has aborted. */
export function startTimeLimit({ milliseconds }: MergeCaps, clock: Clock, parent: AbortSignal): TimeLimit {
  const limit = new AbortController();
  const onAbort = (): void => limit.abort(parent.reason);
  parent.throwIfAborted();
  parent.addEventListener('abort', onAbort, { once: true });
  const timer = clock.setTimer(milliseconds, () =>
    limit.abort(
      new MergeError(
        'TooLong',
        `Reading several slots took longer than ${milliseconds / 1000} s: narrow the statement, or give the key`,
      ),
    ),
  );
  return {
    signal: limit.signal,
    end() {
      timer.cancel();
      parent.removeEventListener('abort', onAbort);
    },
  };
}
