/** How long moves wait for what. Milliseconds. */

/**
 * A switch that has not come about by then is undone: clients wait meanwhile. The giving shard spends up to 300 ms of it on
 * sessions that have yet to leave.
 */
export const SWITCH_BUDGET_MILLISECONDS = 1000;

/** A copy further behind than this has too much to catch up with while clients wait. */
export const MOST_LAG_MILLISECONDS = 500;

/** Attempts to switch, after which a person is told what is in the way. */
export const PATIENT_ATTEMPTS = 5;

/** An agent that has not said a word of a move by then is missed. */
export const SILENCE_MILLISECONDS = 3000;

const FIRST_PAUSE_MILLISECONDS = 1000;
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/** Pause before an attempt: none before the first, then doubling from a second to a minute. */
export function pauseBefore(attempt: number): number {
  return attempt <= 1
    ? 0
    : Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 2), LONGEST_PAUSE_MILLISECONDS);
}
