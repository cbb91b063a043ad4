import type { Scope } from '../sql/query-shape.ts';
import { CannotMerge, NeedsRows, type ScatterSelect } from './scatter-select.ts';
import { isWithinSlots } from './within-slots.ts';

/** Refuses what no merge can put right. @throws CannotMerge */
export function refuseScope(select: ScatterSelect, scopeIndex: number, scope: Scope): void {
  const { rollup, windows } = scope;
  if (rollup) {
    throw new NeedsRows('WITH ROLLUP over several slots', 'Sum up in the application, or give the key');
  }
  if (!windows.every((partition) => isWithinSlots(select, scopeIndex, partition))) {
    throw new CannotMerge(
      'A window function over rows of several slots',
      'Have the key column in PARTITION BY, so that each partition lies within a slot; or give the key',
    );
  }
  const grouping = scope.groupBy.map(({ expression }) => expression);
  const isGrouped = scope.aggregates || grouping.length > 0;
  if (windows.length > 0 && isGrouped && !isWithinSlots(select, scopeIndex, grouping)) {
    throw new CannotMerge(
      'A window function over groups of several slots',
      'Group by the key column as well, so that each group lies within a slot; or give the key',
    );
  }
}
