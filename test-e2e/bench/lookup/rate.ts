import { summarise } from '../statistics.ts';

const WARM_UP_MILLISECONDS = 500;
const MEASURED_MILLISECONDS = 1000;
/** Timed together: few enough to be done before something else gets the processor. */
const SLICE = 256;

/**
 * How often a second `lookUp` answers, going round the indexes below `keys`, a multiple of 256: the median of many short
 * measurements, so that other work on the machine does not count.
 */
export function lookUpsPerSecond(lookUp: (index: number) => unknown, keys: number): number {
  timeSlices(WARM_UP_MILLISECONDS, lookUp, keys);
  const { median } = summarise(timeSlices(MEASURED_MILLISECONDS, lookUp, keys));
  return (SLICE / median) * 1000;
}

/** Milliseconds of each slice. */
function timeSlices(duration: number, lookUp: (index: number) => unknown, keys: number): readonly number[] {
  const slices: number[] = [];
  const end = performance.now() + duration;
  let first = 0;
  let nothing = 0;
  for (let started = performance.now(); started < end; started = performance.now()) {
    for (let index = first; index < first + SLICE; index += 1) {
      // Counted, so that no look-up can be left out as useless.
      nothing += lookUp(index) === undefined ? 1 : 0;
    }
    slices.push(performance.now() - started);
    first = (first + SLICE) % keys;
  }
  if (nothing > 0) {
    throw new Error(`${nothing} of ${slices.length * SLICE} look-ups found nothing`);
  }
  return slices;
}
