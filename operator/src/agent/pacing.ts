import { createBackoff, type Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';

/** Holds up what is done again and again, whether or not it succeeds. */
export interface Pacing {
  /** Milliseconds until `name` may be done again, which is at most `longest` after it was done; 0 when it may be now. */
  delay(name: string, longest?: number): number;
  /** Notes that `name` was done just now. */
  done(name: string): void;
}

/** Delays start here. */
const FIRST_MILLISECONDS = 100;
/** And grow no further than this: the longest a member is down after what kept it down has gone. */
const LONGEST_MILLISECONDS = 15_000;
/**
 * Shorter for some. A server that starts is asked often whether it answers; a primary that was closed opens soon; and what the
 * map says of databases changes with every step of a move, and is waited for.
 */
const LONGEST_MILLISECONDS_OF: ReadonlyMap<string, number> = new Map([
  ['connect', 400],
  ['openWrites', 1000],
  ['ensureDatabases', 1000],
]);
/** What was not done for so long beyond its delay starts over. */
const FORGET_MILLISECONDS = 30_000;

/** Each name has delays of its own; the first time is never held up. */
export function createPacing(clock: Clock, random: () => number): Pacing {
  const entries = new Map<string, { readonly backoff: Backoff; doneAt: number; notBefore: number }>();
  return {
    delay(name, longest = Infinity) {
      const entry = entries.get(name);
      return entry === undefined
        ? 0
        : Math.max(0, Math.min(entry.notBefore, entry.doneAt + longest) - clock.monotonic());
    },
    done(name) {
      const now = clock.monotonic();
      const known = entries.get(name);
      const entry = known ?? {
        backoff: createBackoff({
          initialMilliseconds: FIRST_MILLISECONDS,
          longestMilliseconds: LONGEST_MILLISECONDS_OF.get(name) ?? LONGEST_MILLISECONDS,
          random,
        }),
        doneAt: now,
        notBefore: now,
      };
      if (now - entry.notBefore > FORGET_MILLISECONDS) {
        entry.backoff.reset();
      }
      entry.doneAt = now;
      entry.notBefore = now + entry.backoff.next();
      entries.set(name, entry);
    },
  };
}
