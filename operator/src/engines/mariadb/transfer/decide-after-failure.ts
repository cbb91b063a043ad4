/** What a tail does after a run of it has failed. Pure. */
import { EngineError } from '../../engine-error.ts';
import { PacketTooLarge, RowsRefused } from './replay-session.ts';
import { StoppedWithin } from './tail-run.ts';
import { errnoOf } from './wire-session.ts';

/** How a run works. */
export interface RunManner {
  /** Rows of different statements stay apart at first, so that what is refused is known by its database. */
  readonly apart: boolean;
  readonly largePackets: boolean;
  /** Runs in a row that failed and advanced nothing. */
  readonly failures: number;
}

/** `again`: without the databases named, after a time. `end`: the failure is the tail's. */
export type AfterFailure =
  | {
      readonly kind: 'again';
      readonly manner: RunManner;
      readonly stopped: ReadonlySet<string>;
      readonly delayMilliseconds: number;
    }
  | { readonly kind: 'end' };

/** Somebody else's lock, which is gone soon: 1205 waited too long, 1213 deadlock, 1020 changed meanwhile. */
const PASSING_ERRORS = new Set([1020, 1205, 1213]);
/** Attempts at what should pass by itself. */
const MOST_FAILURES = 5;
/** After the first failure; doubled with each. */
const DELAY_MILLISECONDS = 20;

const NOBODY: ReadonlySet<string> = new Set();

/** Decides; `hasAdvanced`: some database came further in that run. */
export function decideAfterFailure(error: unknown, manner: RunManner, hasAdvanced: boolean): AfterFailure {
  const failures = hasAdvanced ? 1 : manner.failures + 1;
  const again = (changes: Partial<RunManner>, stopped = NOBODY): AfterFailure =>
    failures > MOST_FAILURES
      ? { kind: 'end' }
      : {
          kind: 'again',
          manner: { ...manner, apart: false, failures, ...changes },
          stopped,
          delayMilliseconds: DELAY_MILLISECONDS * 2 ** (failures - 1),
        };
  if (error instanceof StoppedWithin) {
    return again({});
  }
  if (error instanceof PacketTooLarge) {
    return manner.largePackets ? { kind: 'end' } : again({ largePackets: true });
  }
  if (error instanceof RowsRefused) {
    if (PASSING_ERRORS.has(errnoOf(error.cause) ?? 0)) {
      return again({});
    }
    // The same rows again, each statement by itself: then it is known whose they are, and the others go on.
    return manner.apart ? again({ failures: 0 }, error.databases) : again({ apart: true });
  }
  if (error instanceof EngineError && error.code === 'Busy') {
    return again({});
  }
  return { kind: 'end' };
}
