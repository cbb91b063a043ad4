/** Merging groups of which each slot has a part. */
import { decodeTextRow, encodeTextRow } from '../wire/text-row.ts';
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
type Group = readonly ValueState[];

/** Reads all rows, and gives the payloads of the groups in their order. */
export async function mergeGroups(
  plan: GroupMerge,
  rows: AsyncIterable<StreamedRow>,
  comparators: Comparators,
  budget: MergeBudget,
): Promise<readonly Buffer[]> {
  checkCondition(plan, comparators);
  const makeStates = plan.values.map((value) => valueStates(value, comparators));
  const keyOf = comparators.keys(plan.by);
  const groups = new Map<string, Group>();
  const newGroup = (key: string): Group => {
    budget.keepBytes(key.length * 2);
    const group = makeStates.map((make) => make());
    groups.set(key, group);
    return group;
  };
  for await (const row of rows) {
    const key = keyOf(row.fields);
    const group = groups.get(key) ?? newGroup(key);
    // One copy serves all values of the group that keep the row: what was read is a part of a larger buffer.
    let kept: Fields | null = null;
    const keep = (): Fields => {
      if (kept === null) {
        budget.keepBytes(row.payload.length);
        kept = decodeTextRow(Buffer.from(row.payload), row.fields.length);
      }
      return kept;
    };
    for (const state of group) {
      state.add(row.fields, keep, (bytes) => budget.keepBytes(bytes * 2));
    }
  }
  if (groups.size === 0 && plan.by.length === 0) {
    newGroup('');
  }
  const { having } = plan;
  const passed = [...groups.values()].filter(
    (group) => having === null || evaluateCondition(having, (index) => textOf(group[index])) === true,
  );
  const compare = plan.order.map(({ index, descending }) => {
    const compareValues = compareGroups(plan, index, comparators);
    return (left: Group, right: Group) => compareValues(left, right) * (descending ? -1 : 1);
  });
  passed.sort((left, right) => {
    for (const by of compare) {
      const difference = by(left, right);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  });
  return passed.map((group) => encodeTextRow(group.slice(0, plan.visible).map(fieldOf)));
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
