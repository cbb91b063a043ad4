/** Merging groups of slots that send them sorted by what makes a group: all parts of a group come together. */
import type { Comparators } from './comparators.ts';
import { type Group, GroupRows } from './group-rows.ts';
import type { MergeBudget } from './merge-budget.ts';
import type { GroupMerge, MergePlan, SortedGroups } from './merge-plan.ts';
import type { RowCursor } from './row-cursor.ts';
import { mergeSortedRows } from './row-streams.ts';

/** What the merge works with. */
export interface SortedGroupsOptions {
  readonly comparators: Comparators;
  readonly budget: MergeBudget;
  readonly signal: AbortSignal;
}

/**
 * Whether the groups of a plan can be merged so. Not by texts: a server sorts by the first bytes of a text alone (max_sort_length), so
 * that what it sends as sorted may not be so to the last byte, and one group could come out as two.
 */
export function canMergeSorted(
  plan: GroupMerge,
  comparators: Comparators,
): plan is GroupMerge & { readonly sorted: SortedGroups } {
  return plan.sorted !== null && plan.by.every((value) => comparators.typeOf(value) !== 'text');
}

/**
 * Gives the payloads of the groups in their order. One group at a time is kept; where ORDER BY asks for another order than they
 * come in, as many as LIMIT lets through, and at most as many again.
 * @throws MergeError beyond the budget
 */
export async function* mergeSortedGroups(
  { offset, limit }: Pick<MergePlan, 'offset' | 'limit'>,
  plan: GroupMerge,
  sorted: SortedGroups,
  cursors: readonly RowCursor[],
  { comparators, budget, signal }: SortedGroupsOptions,
): AsyncGenerator<Buffer> {
  const made = new GroupRows(plan, comparators, budget);
  const whole = wholeGroups(made, mergeSortedRows(cursors, comparators.order(sorted.by), signal), budget);
  if (sorted.inOrder) {
    for await (const { group, bytes } of whole) {
      yield made.payload(group);
      budget.releaseBytes(bytes);
    }
    return;
  }
  const first = new FirstGroups(made, limit === null ? Number.POSITIVE_INFINITY : offset + limit, budget);
  for await (const group of whole) {
    first.add(group);
  }
  for (const group of first.take()) {
    yield made.payload(group);
  }
}

/** A group that is complete, and what it keeps of the budget. */
interface WholeGroup {
  readonly group: Group;
  readonly bytes: number;
}

/** A group whose parts still arrive. */
interface PresentGroup {
  readonly key: string;
  readonly group: Group;
  /** Bytes of the budget that were kept when it began. */
  readonly before: number;
}

/** The groups that HAVING lets through, one after the other. */
async function* wholeGroups(
  made: GroupRows,
  rows: ReturnType<typeof mergeSortedRows>,
  budget: MergeBudget,
): AsyncGenerator<WholeGroup> {
  let present = null as PresentGroup | null;
  const end = (ended: PresentGroup | null): WholeGroup | null => {
    if (ended === null) {
      return null;
    }
    const whole = { group: ended.group, bytes: budget.bytes - ended.before };
    if (made.passes(whole.group)) {
      return whole;
    }
    budget.releaseBytes(whole.bytes);
    return null;
  };
  for await (const row of rows) {
    const key = made.keyOf(row.fields);
    if (present?.key !== key) {
      const whole = end(present);
      if (whole !== null) {
        yield whole;
      }
      const before = budget.bytes;
      present = { key, group: made.begin(key), before };
    }
    made.add(present.group, row);
  }
  const last = end(present);
  if (last !== null) {
    yield last;
  }
}

/** The first groups by ORDER BY, of those that it is given. */
class FirstGroups {
  readonly #made: GroupRows;
  readonly #count: number;
  readonly #budget: MergeBudget;
  #groups: WholeGroup[] = [];

  constructor(made: GroupRows, count: number, budget: MergeBudget) {
    this.#made = made;
    this.#count = count;
    this.#budget = budget;
  }

  add(group: WholeGroup): void {
    this.#groups.push(group);
    // Sorted once for as many as are thrown away.
    if (this.#groups.length >= 2 * Math.max(this.#count, 128)) {
      this.#cut();
    }
  }

  take(): readonly Group[] {
    this.#cut();
    return this.#groups.map(({ group }) => group);
  }

  #cut(): void {
    this.#groups.sort((left, right) => this.#made.compare(left.group, right.group));
    for (const { bytes } of this.#groups.splice(this.#count)) {
      this.#budget.releaseBytes(bytes);
    }
  }
}
