/** Merging groups of which each slot has a part. */
import type { Expression } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';
import { comparedValue } from './compared-values.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue, GroupMerge, GroupValue, RowColumn } from './merge-plan.ts';
import { GROUP_BY_KEY, GroupValues } from './plan-group-values.ts';
import { planHaving } from './plan-having.ts';
import { planSortedGroups } from './plan-sorted-groups.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { groupedExpression, isSame, orderedExpression, visibleColumn } from './select-items.ts';

/** The merge of groups, and what is changed beside the select list. */
export interface PlannedGroups {
  readonly rows: GroupMerge;
  readonly edits: readonly Edit[];
}

/** Plans the merge of groups. */
export function planGroups(select: ScatterScope, hidden: HiddenColumns): PlannedGroups {
  return new GroupPlanner(select, hidden).plan();
}

class GroupPlanner {
  readonly #select: ScatterScope;
  readonly #hidden: HiddenColumns;
  readonly #by: ComparedValue[] = [];
  readonly #groups: Expression[] = [];
  readonly #values: GroupValue[] = [];
  readonly #expressions: Expression[] = [];
  readonly #makers: GroupValues;

  constructor(select: ScatterScope, hidden: HiddenColumns) {
    this.#select = select;
    this.#hidden = hidden;
    this.#makers = new GroupValues(select, hidden, (expression) => this.#groupOf(expression) !== null);
  }

  plan(): PlannedGroups {
    const { scope, query } = this.#select;
    if (scope.distinct) {
      throw new CannotMerge('DISTINCT together with groups of several slots', GROUP_BY_KEY);
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
      this.#addValue(expression, visibleColumn(this.#select, index));
    }
    const visible = this.#values.length;
    const order = query.orderBy.flatMap(({ expression, descending }) => {
      const named = orderedExpression(this.#select, expression);
      return named === null
        ? []
        : [
            {
              index: this.#orderedValue(named.expression),
              group: this.#groupOf(named.expression),
              descending,
            },
          ];
    });
    const having =
      scope.having === null
        ? null
        : planHaving(this.#select, scope.having, (operand) => this.#valueOf(operand));
    // Grouped by more than the statement says, slots without rows answer nothing, not even the constant.
    const hasFallback = this.#values.some(({ kind }) => kind === 'fallback');
    if (hasFallback && this.#makers.further.length > 0 && scope.groupBy.length === 0) {
      throw new CannotMerge(
        'A constant in place of an aggregate, beside an aggregate of distinct values, over several slots',
        'Use two statements, or give the key',
      );
    }
    const sort = this.#hasTexts() ? null : planSortedGroups(this.#by, order, visible);
    return {
      rows: {
        kind: 'group',
        by: this.#by,
        values: this.#values,
        visible,
        having,
        order: order.map(({ index, descending }) => ({ index, descending })),
        sorted: sort?.sorted ?? null,
      },
      edits: this.#edits(sort?.text ?? ''),
    };
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

  /** Index of the value that an operand of HAVING means; null where it is none. */
  #valueOf(expression: Expression): number | null {
    const isAlias = expression.kind === 'column' && expression.column.table === null;
    const aliased = isAlias
      ? this.#select.scope.items.findIndex(({ alias }) => alias?.toLowerCase() === expression.column.name)
      : -1;
    if (aliased >= 0) {
      return aliased;
    }
    const known = this.#expressions.findIndex((value) => isSame(this.#select, value, expression));
    if (known >= 0) {
      return known;
    }
    const isAggregate = expression.kind === 'call' && expression.aggregate && !expression.window;
    return isAggregate || this.#isGroup(expression) ? this.#addValue(expression, null) : null;
  }

  #orderedValue(expression: Expression): number {
    const index = this.#valueOf(expression);
    if (index === null) {
      throw new CannotMerge(
        'Groups of several slots are sorted by what is neither a group, an aggregate nor selected',
        GROUP_BY_KEY,
      );
    }
    const value = this.#values[index];
    if (value?.kind === 'fallback' && (value.value.kind === 'minimum' || value.value.kind === 'maximum')) {
      throw new CannotMerge(
        'Groups of several slots are sorted by a constant in place of MIN() or MAX()',
        GROUP_BY_KEY,
      );
    }
    if (value?.kind === 'any' && value.compared === null) {
      const visible = value.column.from === 'visible' ? value.column : null;
      this.#values[index] = {
        ...value,
        compared: comparedValue(this.#select, expression, visible, this.#hidden),
      };
    }
    return index;
  }

  #isGroup(expression: Expression): boolean {
    return this.#groupOf(expression) !== null;
  }

  #addValue(expression: Expression, visible: RowColumn | null): number {
    this.#values.push(this.#makers.make(expression, visible));
    return this.#expressions.push(expression) - 1;
  }
}
