/** Merging groups, whichever way their parts come. */
import type { ColumnDefinition } from '../../wire/column-definition.ts';
import type { MergeBudget } from './merge-budget.ts';
import { mergeGroups } from './merge-groups.ts';
import type { Arrangement, RowSource } from './merge-input.ts';
import type { GroupMerge, MergePlan } from './merge-plan.ts';
import { canMergeSorted, mergeSortedGroups, type SortedGroupsOptions } from './merge-sorted-groups.ts';
import { RowCursor } from './row-cursor.ts';
import { concatenateRows } from './row-streams.ts';

/** Cursors over all sources; rows are counted against the budget. */
export function cursorsOf(
  sources: readonly RowSource[],
  columns: readonly ColumnDefinition[],
  budget: MergeBudget,
): readonly RowCursor[] {
  return sources.map((source) => new RowCursor(source, columns.length, (count) => budget.countRows(count)));
}

/** Payloads of the groups, merged in the way that their arrangement allows. @throws MergeError beyond the budget */
export function mergedGroups(
  plan: MergePlan,
  rows: GroupMerge,
  cursors: readonly RowCursor[],
  arrangement: Arrangement,
  options: SortedGroupsOptions,
): AsyncIterable<Buffer> {
  const { comparators, budget, signal } = options;
  // Of groups that are still to be sorted out, the first are not known.
  const isWhole = rows.calculation === null || rows.calculation.having === null;
  const window = isWhole ? plan : { ...plan, limit: null };
  return arrangement === 'bySlot' && canMergeSorted(rows, comparators)
    ? mergeSortedGroups(window, rows, rows.sorted, cursors, options)
    : mergeGroups(rows, concatenateRows(cursors, signal), comparators, budget);
}
