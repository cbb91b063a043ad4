import type { Clock, Timer } from '../runtime/clock.ts';

/** Notices that something takes too long. */
export interface Patience {
  /** From now on something is waited for; called again, it is waited for anew. */
  begin(): void;
  /** Nothing is waited for. */
  end(): void;
}

/**
 * Calls `onExpired` once something was waited for `milliseconds` without a break. Costs next to nothing when begun and
 * ended for every piece of a stream: the timer is set once in `milliseconds`, however often that is.
 */
export function createPatience(clock: Clock, milliseconds: number, onExpired: () => void): Patience {
  let since: number | null = null;
  let timer: Timer | null = null;
  const watch = (delay: number): void => {
    timer = clock.setTimer(delay, () => {
      timer = null;
      if (since === null) {
        return;
      }
      const left = since + milliseconds - clock.monotonic();
      if (left > 0) {
        watch(left);
      } else {
        since = null;
        onExpired();
      }
    });
  };
  return {
    begin() {
      since = clock.monotonic();
      if (timer === null) {
        watch(milliseconds);
      }
    },
    end() {
      since = null;
    },
  };
}
