import type { Scope } from '../sql/query-shape.ts';
import { CannotMerge } from './scatter-select.ts';

/** Refuses what no merge can put right. @throws CannotMerge */
export function refuseScope({ options, rollup, windows }: Scope): void {
  if (options.includes('SQL_CALC_FOUND_ROWS')) {
    throw new CannotMerge('SQL_CALC_FOUND_ROWS over several slots', 'Use a second statement with COUNT(*)');
  }
  if (rollup) {
    throw new CannotMerge('WITH ROLLUP over several slots', 'Sum up in the application, or give the key');
  }
  if (windows) {
    throw new CannotMerge('A window function over rows of several slots', 'Give the key');
  }
}
