/** Having slots sort their groups, so that they can be merged one at a time. */
import type { ComparedValue, MergeOrder, RowColumn, SortedGroups } from './merge-plan.ts';

/** An element of ORDER BY: which element of GROUP BY it is; null where it is none. */
export interface GroupOrder {
  readonly group: number | null;
  readonly descending: boolean;
}

/** The order, and the clause that asks a slot for it. */
export interface PlannedSort {
  readonly sorted: SortedGroups;
  readonly text: string;
}

/**
 * Plans the order of groups: that of the result where ORDER BY has nothing but what makes groups. `visible`: columns in front of
 * the added ones, by whose place in the row slots are asked, since names may be those of columns or of aliases.
 */
export function planSortedGroups(
  by: readonly ComparedValue[],
  order: readonly GroupOrder[],
  visible: number,
): PlannedSort {
  const inOrder = order.every(({ group }) => group !== null);
  const asked = inOrder ? order : [];
  const sorted: MergeOrder[] = [];
  const taken = new Set<number>();
  for (const { group, descending } of [
    ...asked,
    ...by.map((_value, group) => ({ group, descending: false })),
  ]) {
    const value = group === null ? undefined : by[group];
    if (group !== null && value !== undefined && !taken.has(group)) {
      taken.add(group);
      sorted.push({ ...value, descending });
    }
  }
  const texts = sorted.map(
    ({ value, descending }) => `${placeOf(value, visible)}${descending ? ' DESC' : ''}`,
  );
  return { sorted: { by: sorted, inOrder }, text: `ORDER BY ${texts.join(', ')}` };
}

function placeOf({ from, index }: RowColumn, visible: number): number {
  return 1 + (from === 'visible' ? index : visible + index);
}
