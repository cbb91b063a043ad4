/** Merging groups of which each slot has a part. */
import type { Expression } from '../sql/expression.ts';
import { aggregatesIn } from '../routing/expression-walk.ts';
import type { SelectItem } from '../sql/query-shape.ts';
import type { Edit } from '../sql/rewrite.ts';
import { comparedValue } from './compared-values.ts';
import { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue, Condition, GroupMerge } from './merge-plan.ts';
import { CalculationPlanner } from './plan-calculation.ts';
import { GROUP_BY_KEY, GroupValues } from './plan-group-values.ts';
import { planHaving } from './plan-having.ts';
import { PlannedValues } from './planned-values.ts';
import { type GroupOrder, planSortedGroups } from './plan-sorted-groups.ts';
import { CannotMerge, NeedsCalculation, NeedsRows, type ScatterScope } from './scatter-select.ts';
import { groupedExpression, isSame, orderedExpression, visibleColumn } from './select-items.ts';

/** The merge of groups, and what is changed beside the select list. */
export interface PlannedGroups {
  readonly rows: GroupMerge;
  readonly hidden: HiddenColumns;
  readonly edits: readonly Edit[];
  /** What keeps slots from calculating of their parts what has to be calculated of the whole. */
  readonly spared: readonly Edit[];
}

/** Plans the merge of groups. Where that is not enough, a server calculates from them. @throws CannotMerge */
export function planGroups(select: ScatterScope): PlannedGroups {
  try {
    return new GroupPlanner(select, false).plan();
  } catch (error) {
    if (error instanceof NeedsCalculation) {
      return new GroupPlanner(select, true).plan();
    }
    throw error;
  }
}

class GroupPlanner {
  readonly #select: ScatterScope;
  readonly #hidden = new HiddenColumns();
  readonly #calculation: CalculationPlanner | null;
  /** Items of the select list that a server calculates. */
  readonly #calculated = new Map<number, string>();
  readonly #by: ComparedValue[] = [];
  readonly #groups: Expression[] = [];
  readonly #values: PlannedValues;
  readonly #makers: GroupValues;

  /** `calculates`: whether a server may calculate from the groups. */
  constructor(select: ScatterScope, calculates: boolean) {
    this.#select = select;
    const hidden = this.#hidden;
    const isGroup = (expression: Expression): boolean => this.#groupOf(expression) !== null;
    const makers = new GroupValues(select, hidden, isGroup);
    const isCalculated = (item: number): boolean => this.#calculated.has(item);
    const values = new PlannedValues({ select, hidden, makers, isGroup, isCalculated });
    this.#makers = makers;
    this.#values = values;
    this.#calculation = calculates
      ? new CalculationPlanner({ select, hidden, makers, isGroup, addValue: (value) => values.push(value) })
      : null;
  }

  plan(): PlannedGroups {
    const { scope } = this.#select;
    if (scope.distinct) {
      throw new NeedsRows('DISTINCT together with groups of several slots', GROUP_BY_KEY);
    }
    for (const { expression } of scope.groupBy) {
      const named = groupedExpression(this.#select, expression);
      if (named !== null) {
        const visible = named.item === null ? null : visibleColumn(this.#select, named.item);
        this.#groups.push(named.expression);
        this.#by.push(comparedValue(this.#select, named.expression, visible, this.#hidden));
      }
    }
    for (const [index, { expression }] of scope.items.entries()) {
      this.#addItem(index, expression);
    }
    const visible = this.#values.all.length;
    for (const item of this.#calculated.keys()) {
      this.#calculated.set(item, this.#writeItem(item));
    }
    const order = this.#planOrder();
    const having = this.#planHaving();
    // Grouped by more than the statement says, slots without rows answer nothing, not even the constant.
    const hasFallback = this.#values.all.some(({ kind }) => kind === 'fallback');
    if (hasFallback && this.#makers.further.length > 0 && scope.groupBy.length === 0) {
      throw new NeedsCalculation(
        'A constant in place of an aggregate, beside an aggregate of distinct values, over several slots',
      );
    }
    const sort = this.#hasTexts() ? null : planSortedGroups(this.#by, order.merged, visible);
    const calculation =
      this.#calculation === null
        ? null
        : {
            inputs: this.#calculation.inputs,
            items: [...this.#calculated].map(([item, text]) => ({ item, text })),
            having: having.text,
            order: order.text,
            answered: visible,
          };
    return {
      rows: {
        kind: 'group',
        by: this.#by,
        values: this.#values.all,
        visible,
        having: having.merged,
        order: order.merged.map(({ index, descending }) => ({ index, descending })),
        sorted: sort?.sorted ?? null,
        calculation,
      },
      hidden: this.#hidden,
      edits: this.#edits(sort?.text ?? ''),
      spared: [...this.#calculated.keys()].flatMap((item) => spareSlots(scope.items[item])),
    };
  }

  /** Values of the select list; a column that is calculated is NULL until then. */
  #addItem(index: number, expression: Expression): void {
    const visible = visibleColumn(this.#select, index);
    if (this.#calculation === null || visible === null) {
      this.#values.add(expression, visible);
      return;
    }
    const [aggregate] = aggregatesIn(expression);
    if (aggregate === undefined || aggregate === expression) {
      this.#values.add(expression, visible);
      return;
    }
    this.#calculated.set(index, '');
    this.#values.push({ kind: 'any', column: visible, compared: null });
  }

  #writeItem(item: number): string {
    const expression = this.#select.scope.items[item]?.expression;
    if (expression === undefined || this.#calculation === null) {
      throw new RangeError(`item ${item} is not calculated`);
    }
    return this.#calculation.write(expression);
  }

  /** By values that are merged; or as text where a server has to sort. */
  #planOrder(): {
    readonly merged: readonly (GroupOrder & { readonly index: number })[];
    readonly text: string | null;
  } {
    const elements = this.#select.query.orderBy.flatMap(({ expression, descending }) => {
      const named = orderedExpression(this.#select, expression);
      return named === null ? [] : [{ expression: named.expression, descending }];
    });
    const merged = elements.flatMap(({ expression, descending }) => {
      const index = this.#values.ordered(expression);
      return index === null ? [] : [{ index, group: this.#groupOf(expression), descending }];
    });
    if (merged.length === elements.length) {
      return { merged, text: null };
    }
    const calculation = this.#calculation;
    if (calculation === null) {
      throw new NeedsCalculation(
        'Groups of several slots are sorted by what is neither a group, an aggregate nor selected',
      );
    }
    const texts = elements.map(
      ({ expression, descending }) => `${calculation.write(expression)}${descending ? ' DESC' : ''}`,
    );
    return { merged: [], text: texts.join(', ') };
  }

  /** As comparisons of numbers that are merged; or as text where a server has to tell. */
  #planHaving(): { readonly merged: Condition | null; readonly text: string | null } {
    const { having } = this.#select.scope;
    if (having === null) {
      return { merged: null, text: null };
    }
    try {
      return {
        merged: planHaving(this.#select, having, (operand) => this.#values.numberOf(operand)),
        text: null,
      };
    } catch (error) {
      if (error instanceof NeedsCalculation && this.#calculation !== null) {
        return { merged: null, text: this.#calculation.write(having, true) };
      }
      throw error;
    }
  }

  /** Whether sorting by what makes groups would be of no use: there is nothing, or a text (see canMergeSorted). */
  #hasTexts(): boolean {
    return (
      this.#by.length === 0 ||
      this.#by.some(({ weight }, index) => weight !== null && this.#groups[index]?.kind === 'column')
    );
  }

  /** Which element of GROUP BY an expression is; null where it is none. */
  #groupOf(expression: Expression): number | null {
    const index = this.#groups.findIndex((group) => isSame(this.#select, group, expression));
    return index === -1 ? null : index;
  }

  /** `sort`: the ORDER BY for slots. */
  #edits(sort: string): readonly Edit[] {
    const { scope, query } = this.#select;
    const edits: Edit[] = [];
    if (scope.having !== null) {
      edits.push({ tokens: scope.having.tokens, text: 'TRUE' });
    }
    if (query.orderTokens !== null) {
      edits.push({ tokens: query.orderTokens, text: sort });
    } else if (sort !== '') {
      edits.push({ tokens: { first: scope.tokens.end, end: scope.tokens.end }, text: ` ${sort} ` });
    }
    if (this.#makers.further.length > 0) {
      const first = scope.groupBy[0]?.expression.tokens.first;
      const texts = this.#makers.further.join(', ');
      if (first !== undefined) {
        edits.push({ tokens: { first, end: first }, text: `${texts}, ` });
      } else if (scope.having === null) {
        edits.push({
          tokens: { first: scope.tokens.end, end: scope.tokens.end },
          text: ` GROUP BY ${texts} `,
        });
      } else {
        throw new CannotMerge(
          'HAVING without GROUP BY, together with DISTINCT in an aggregate, over several slots',
          GROUP_BY_KEY,
        );
      }
    }
    return edits;
  }
}

/** Has slots answer NULL in place of an item. */
function spareSlots(item: SelectItem | undefined): readonly Edit[] {
  if (item === undefined) {
    return [];
  }
  const { first, end } = item.expression.tokens;
  return [
    { tokens: { first, end: first }, text: 'IF(FALSE, ' },
    { tokens: { first: end, end }, text: ', NULL)' },
  ];
}
