import { setTimeout as delay } from 'node:timers/promises';

/** Something that is reached once, and whether it is now. */
export interface Phase {
  readonly name: string;
  isReached(): Promise<boolean>;
}

const POLL_MILLISECONDS = 150;

/**
 * Seconds after `started` at which each phase was first seen reached, looking at all of them every 150 ms. Throws
 * after `timeoutSeconds`, naming those that are missing. `now` gives milliseconds.
 */
export async function timePhases(
  phases: readonly Phase[],
  started: number,
  timeoutSeconds: number,
  now: () => number = () => performance.now(),
): Promise<Record<string, number>> {
  const reached: Record<string, number> = {};
  for (;;) {
    const missing = phases.filter(({ name }) => reached[name] === undefined);
    if (missing.length === 0) {
      return reached;
    }
    const seen = await Promise.all(missing.map((phase) => phase.isReached()));
    const seconds = (now() - started) / 1000;
    missing.forEach(({ name }, index) => {
      if (seen[index] === true) {
        reached[name] = Math.round(seconds * 100) / 100;
      }
    });
    if (seconds > timeoutSeconds && missing.some(({ name }) => reached[name] === undefined)) {
      const names = missing.map(({ name }) => name).filter((name) => reached[name] === undefined);
      throw new Error(`after ${timeoutSeconds} s: no ${names.join(', ')}`);
    }
    await delay(POLL_MILLISECONDS);
  }
}
