/** Merging groups of which each slot has a part. */
import type { CallNode, Expression } from '../sql/expression.ts';
import type { Edit } from '../sql/rewrite.ts';
import { aggregatesIn } from '../routing/expression-walk.ts';
import { constantOf } from '../routing/key-constraint.ts';
import { comparedValue } from './compared-values.ts';
import { expressionText } from './expression-text.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue, GroupMerge, GroupValue, RowColumn } from './merge-plan.ts';
import { planHaving } from './plan-having.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { groupedExpression, isSame, orderedExpression, visibleColumn } from './select-items.ts';

const GROUP_BY_KEY =
  'Group by the key column as well, so that each group lies within a slot; or give the key';

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
  /** Texts of what rows have to be grouped by besides. */
  readonly #further: string[] = [];

  constructor(select: ScatterScope, hidden: HiddenColumns) {
    this.#select = select;
    this.#hidden = hidden;
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
      return named === null ? [] : [{ index: this.#orderedValue(named.expression), descending }];
    });
    const having =
      scope.having === null
        ? null
        : planHaving(this.#select, scope.having, (operand) => this.#valueOf(operand));
    // Grouped by more than the statement says, slots without rows answer nothing, not even the constant.
    const hasFallback = this.#values.some(({ kind }) => kind === 'fallback');
    if (hasFallback && this.#further.length > 0 && scope.groupBy.length === 0) {
      throw new CannotMerge(
        'A constant in place of an aggregate, beside an aggregate of distinct values, over several slots',
        'Use two statements, or give the key',
      );
    }
    return {
      rows: { kind: 'group', by: this.#by, values: this.#values, visible, having, order },
      edits: this.#edits(),
    };
  }

  #edits(): readonly Edit[] {
    const { scope, query } = this.#select;
    const edits: Edit[] = [];
    if (scope.having !== null) {
      edits.push({ tokens: scope.having.tokens, text: 'TRUE' });
    }
    if (query.orderTokens !== null) {
      edits.push({ tokens: query.orderTokens, text: '' });
    }
    if (this.#further.length > 0) {
      const first = scope.groupBy[0]?.expression.tokens.first;
      const texts = this.#further.join(', ');
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
    return this.#groups.some((group) => isSame(this.#select, group, expression));
  }

  #addValue(expression: Expression, visible: RowColumn | null): number {
    this.#values.push(this.#makeValue(expression, visible));
    return this.#expressions.push(expression) - 1;
  }

  #makeValue(expression: Expression, visible: RowColumn | null): GroupValue {
    const [aggregate] = aggregatesIn(expression);
    if (aggregate === undefined) {
      if (expression.kind === 'star' || (visible === null && !this.#isGroup(expression))) {
        throw new CannotMerge('* is selected together with groups of several slots', 'Write the columns out');
      }
      return { kind: 'any', column: visible ?? this.#text(expression), compared: null };
    }
    if (isFallback(expression, aggregate)) {
      return this.#makeFallback(expression, aggregate, visible);
    }
    if (aggregate !== expression || expression.kind !== 'call') {
      throw new CannotMerge(
        `An expression around ${aggregate.name}() over several slots`,
        `Select ${aggregate.name}() alone and calculate in the application; or group by the key column`,
      );
    }
    if (expression.ordered) {
      throw new CannotMerge(
        `${expression.name}() with ORDER BY, SEPARATOR or LIMIT over several slots`,
        GROUP_BY_KEY,
      );
    }
    return this.#makeAggregate(expression, visible ?? this.#text(expression));
  }

  /** COALESCE(SUM(x), 0): the aggregate is merged by itself; where it is NULL, each slot has the constant. */
  #makeFallback(expression: Expression, aggregate: Expression, visible: RowColumn | null): GroupValue {
    const value = this.#makeValue(aggregate, null);
    return { kind: 'fallback', result: visible ?? this.#text(expression), value };
  }

  #makeAggregate(call: Expression & CallNode, result: RowColumn): GroupValue {
    const [argument] = call.arguments;
    if (argument === undefined) {
      throw new CannotMerge(`${call.name}() without an argument`, GROUP_BY_KEY);
    }
    // The least and the greatest are the same with and without DISTINCT.
    const isDistinct = call.distinct && call.name !== 'MIN' && call.name !== 'MAX';
    if (isDistinct) {
      return this.#makeDistinct(call, result);
    }
    switch (call.name) {
      case 'COUNT':
        return { kind: 'count', column: result };
      case 'SUM':
        return { kind: 'sum', column: result };
      case 'AVG': {
        const text = expressionText(this.#select, argument);
        return {
          kind: 'average',
          result,
          sum: this.#hidden.add(`SUM(${text})`),
          count: this.#hidden.add(`COUNT(${text})`),
        };
      }
      case 'MIN':
      case 'MAX':
        return {
          kind: call.name === 'MIN' ? 'minimum' : 'maximum',
          compared: this.#extreme(call, argument, result),
        };
      case 'BIT_AND':
        return { kind: 'bitAnd', column: result };
      case 'BIT_OR':
        return { kind: 'bitOr', column: result };
      case 'BIT_XOR':
        return { kind: 'bitXor', column: result };
      default:
        throw new CannotMerge(
          `${call.name}() over several slots cannot be put together from parts`,
          GROUP_BY_KEY,
        );
    }
  }

  #makeDistinct(call: Expression & CallNode, result: RowColumn): GroupValue {
    const values = call.arguments.map((argument) => {
      const text = expressionText(this.#select, argument);
      if (!this.#further.includes(text)) {
        this.#further.push(text);
      }
      return comparedValue(this.#select, argument, null, this.#hidden);
    });
    const [compared] = values;
    switch (call.name) {
      case 'COUNT':
        return { kind: 'countDistinct', result, values };
      case 'SUM':
      case 'AVG':
        if (compared !== undefined && values.length === 1) {
          return { kind: call.name === 'SUM' ? 'sumDistinct' : 'averageDistinct', result, compared };
        }
        throw new CannotMerge(`${call.name}(DISTINCT …) of several values`, GROUP_BY_KEY);
      default:
        throw new CannotMerge(`${call.name}(DISTINCT …) over several slots`, GROUP_BY_KEY);
    }
  }

  /** How the least or greatest values of the slots compare. */
  #extreme(call: Expression & CallNode, argument: Expression, result: RowColumn): ComparedValue {
    // The argument says how; what is compared is the aggregate.
    const asked: string[] = [];
    const probe = { add: (text: string): RowColumn => ({ from: 'hidden', index: asked.push(text) - 1 }) };
    const how = comparedValue(this.#select, argument, result, probe);
    if (how.value !== result) {
      throw new CannotMerge(
        `${call.name}() of ENUM, SET, BIT, FLOAT or TIMESTAMP over several slots`,
        'Convert the argument to CHAR, DOUBLE or DATETIME with CAST; or group by the key column',
      );
    }
    const text = `${call.name}(${expressionText(this.#select, argument)})`;
    return how.weight === null
      ? how
      : {
          value: result,
          weight: {
            text: this.#hidden.add(`WEIGHT_STRING(${text})`),
            space:
              how.weight.space === null
                ? null
                : this.#hidden.add(`WEIGHT_STRING(CONCAT(LEFT(${text}, 0), ' '))`),
          },
        };
  }

  #text(expression: Expression): RowColumn {
    return this.#hidden.add(expressionText(this.#select, expression));
  }
}

const FALLBACKS: ReadonlySet<string> = new Set(['COALESCE', 'IFNULL', 'NVL']);

/** Whether an expression is an aggregate, or a constant where that is NULL. */
function isFallback(expression: Expression, aggregate: Expression): boolean {
  if (expression.kind !== 'call' || expression.schema !== null || !FALLBACKS.has(expression.name)) {
    return false;
  }
  const [first, second, third] = expression.arguments;
  return first === aggregate && second !== undefined && third === undefined && constantOf(second) !== null;
}
