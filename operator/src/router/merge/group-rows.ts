/** Groups while their parts arrive, and as rows of the result. */
import { decodeTextRow, encodeTextRow } from '../../wire/text-row.ts';
import type { CompareRows, Comparators, Fields } from './comparators.ts';
import { compareExactTexts } from './exact-number.ts';
import { comparedValues, evaluateCondition } from './group-condition.ts';
import { valueStates } from './group-values.ts';
import type { MergeBudget } from './merge-budget.ts';
import { MergeError } from './merge-error.ts';
import type { GroupMerge, GroupValue, RowColumn } from './merge-plan.ts';
import type { StreamedRow } from './row-streams.ts';
import type { ValueState } from './value-state.ts';
import { valueTypeOf } from './value-types.ts';

/** One group: the states of its values. */
export type Group = readonly ValueState[];

/** Makes groups of a plan. What they keep is counted against the budget. */
export class GroupRows {
  readonly #plan: GroupMerge;
  readonly #budget: MergeBudget;
  readonly #makeStates: readonly (() => ValueState)[];
  readonly #comparisons: readonly ((left: Group, right: Group) => number)[];
  /** What makes a row's group. */
  readonly keyOf: (fields: Fields) => string;

  /** @throws MergeError for values that cannot be put together, or compared by HAVING */
  constructor(plan: GroupMerge, comparators: Comparators, budget: MergeBudget) {
    checkCondition(plan, comparators);
    this.#plan = plan;
    this.#budget = budget;
    this.#makeStates = plan.values.map((value) => valueStates(value, comparators));
    this.#comparisons = plan.order.map(({ index, descending }) => {
      const compare = compareGroups(plan, index, comparators);
      return (left, right) => compare(left, right) * (descending ? -1 : 1);
    });
    this.keyOf = comparators.keys(plan.by);
  }

  /** A group without rows. @throws MergeError beyond the budget */
  begin(key: string): Group {
    this.#budget.keepBytes(key.length * 2);
    return this.#makeStates.map((make) => make());
  }

  /** Takes one slot's part of a group. @throws MergeError beyond the budget */
  add(group: Group, { payload, fields }: StreamedRow): void {
    // One copy serves all values of the group that keep the row: what was read is a part of a larger buffer.
    let kept: Fields | null = null;
    const keep = (): Fields => {
      if (kept === null) {
        this.#budget.keepBytes(payload.length);
        kept = decodeTextRow(Buffer.from(payload), fields.length);
      }
      return kept;
    };
    for (const state of group) {
      state.add(fields, keep, (bytes) => this.#budget.keepBytes(bytes * 2));
    }
  }

  /** Whether HAVING lets a whole group through. */
  passes(group: Group): boolean {
    const { having } = this.#plan;
    return having === null || evaluateCondition(having, (index) => textOf(group[index])) === true;
  }

  /** Compares whole groups by ORDER BY. */
  compare(left: Group, right: Group): number {
    for (const by of this.#comparisons) {
      const difference = by(left, right);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  }

  /** The row of a whole group; where more is calculated from it, with all its values. */
  payload(group: Group): Buffer {
    const { calculation, visible } = this.#plan;
    return encodeTextRow((calculation === null ? group.slice(0, visible) : group).map(fieldOf));
  }
}

function fieldOf(state: ValueState): Buffer | null {
  const text = state.text();
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

function textOf(state: ValueState | undefined): string | null {
  const text = state?.text() ?? null;
  return text === null || typeof text === 'string' ? text : text.toString('latin1');
}

/** Compares groups by one value. */
function compareGroups(
  plan: GroupMerge,
  index: number,
  comparators: Comparators,
): (left: Group, right: Group) => number {
  const value = plan.values[index];
  const compared =
    value?.kind === 'any' || value?.kind === 'minimum' || value?.kind === 'maximum' ? value.compared : null;
  if (compared !== null) {
    const compareRows: CompareRows = comparators.value(compared);
    return (left, right) => {
      const one = left[index]?.row() ?? null;
      const other = right[index]?.row() ?? null;
      return one === null || other === null
        ? Number(one !== null) - Number(other !== null)
        : compareRows(one, other);
    };
  }
  return (left, right) => {
    const one = textOf(left[index]);
    const other = textOf(right[index]);
    if (one === null || other === null) {
      return Number(one !== null) - Number(other !== null);
    }
    return /e/.test(one + other)
      ? Number(one) - Number(other)
      : compareExactTexts(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1'));
  };
}

function checkCondition({ having, values }: GroupMerge, comparators: Comparators): void {
  for (const index of having === null ? [] : comparedValues(having)) {
    const column = columnOf(values[index]);
    const definition = column === null ? null : comparators.definitionOf(column);
    const type = definition === null ? 'exact' : valueTypeOf(definition);
    if (type !== 'exact' && type !== 'approximate') {
      throw new MergeError(
        'Unsupported',
        `HAVING over groups of several slots compares ${definition?.name ?? 'a value'}, which is no number: move the condition to WHERE, or give the key`,
      );
    }
  }
}

/** The column that a value is taken from unchanged; null for numbers that are calculated. */
function columnOf(value: GroupValue | undefined): RowColumn | null {
  switch (value?.kind) {
    case 'any':
      return value.column;
    case 'minimum':
    case 'maximum':
      return value.compared.value;
    case 'fallback':
      return value.result;
    default:
      return null;
  }
}
