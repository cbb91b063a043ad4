const WARM_UP_MILLISECONDS = 500;
const MEASURED_MILLISECONDS = 1000;

/** How often a second `lookUp` answers, going round the indexes below `keys`. */
export function lookUpsPerSecond(lookUp: (index: number) => unknown, keys: number): number {
  repeatFor(WARM_UP_MILLISECONDS, lookUp, keys);
  const { count, milliseconds } = repeatFor(MEASURED_MILLISECONDS, lookUp, keys);
  return (count / milliseconds) * 1000;
}

function repeatFor(
  duration: number,
  lookUp: (index: number) => unknown,
  keys: number,
): { readonly count: number; readonly milliseconds: number } {
  const started = performance.now();
  let count = 0;
  let nothing = 0;
  let milliseconds = 0;
  while (milliseconds < duration) {
    for (let index = 0; index < keys; index += 1) {
      // Counted, so that no look-up can be left out as useless.
      nothing += lookUp(index) === undefined ? 1 : 0;
    }
    count += keys;
    milliseconds = performance.now() - started;
  }
  if (nothing > 0) {
    throw new Error(`${nothing} of ${count} look-ups found nothing`);
  }
  return { count, milliseconds };
}
