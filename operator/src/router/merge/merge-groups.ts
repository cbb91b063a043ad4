/** Merging groups of which each slot has a part, whatever the order in which the parts come. */
import type { Comparators } from './comparators.ts';
import { type Group, GroupRows } from './group-rows.ts';
import type { MergeBudget } from './merge-budget.ts';
import type { GroupMerge } from './merge-plan.ts';
import type { StreamedRow } from './row-streams.ts';

/** Reads all rows, and gives the payloads of the groups in their order. @throws MergeError beyond the budget */
export async function* mergeGroups(
  plan: GroupMerge,
  rows: AsyncIterable<StreamedRow>,
  comparators: Comparators,
  budget: MergeBudget,
): AsyncGenerator<Buffer> {
  const made = new GroupRows(plan, comparators, budget);
  const groups = new Map<string, Group>();
  for await (const row of rows) {
    const key = made.keyOf(row.fields);
    let group = groups.get(key);
    if (group === undefined) {
      group = made.begin(key);
      groups.set(key, group);
    }
    made.add(group, row);
  }
  if (groups.size === 0 && plan.by.length === 0) {
    groups.set('', made.begin(''));
  }
  const passed = [...groups.values()].filter((group) => made.passes(group));
  passed.sort((left, right) => made.compare(left, right));
  for (const group of passed) {
    yield made.payload(group);
  }
}
