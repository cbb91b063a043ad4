import type { Expression } from '../sql/expression.ts';
import { comparedValue } from './compared-values.ts';
import { isNumeric } from './described-column.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { GroupValue, RowColumn } from './merge-plan.ts';
import type { GroupValues } from './plan-group-values.ts';
import type { ScatterScope } from './scatter-select.ts';
import { isSame } from './select-items.ts';

/** What values are planned with. */
export interface PlannedValuesOptions {
  readonly select: ScatterScope;
  readonly hidden: HiddenColumns;
  readonly makers: GroupValues;
  /** Whether an expression is an element of GROUP BY. */
  readonly isGroup: (expression: Expression) => boolean;
  /** Whether an item of the select list is not there before a server has calculated it. */
  readonly isCalculated: (item: number) => boolean;
}

/** The values of groups while they are planned: those of the select list first, then what HAVING and ORDER BY need. */
export class PlannedValues {
  readonly #options: PlannedValuesOptions;
  readonly #values: GroupValue[] = [];
  /** Whose values are known, by their index. */
  readonly #expressions = new Map<number, Expression>();

  constructor(options: PlannedValuesOptions) {
    this.#options = options;
  }

  get all(): readonly GroupValue[] {
    return this.#values;
  }

  /** Adds a value: its index. */
  push(value: GroupValue): number {
    return this.#values.push(value) - 1;
  }

  /** Adds the value of an expression: its index. `visible`: its column, where it has one. @throws CannotMerge */
  add(expression: Expression, visible: RowColumn | null): number {
    const index = this.push(this.#options.makers.make(expression, visible));
    this.#expressions.set(index, expression);
    return index;
  }

  /** Index of a value that is certain to be a number; null for any other. */
  numberOf(operand: Expression): number | null {
    const { select } = this.#options;
    const index = this.#indexOf(operand);
    const value = index === null ? undefined : this.#values[index];
    const expression = index === null ? undefined : this.#expressions.get(index);
    switch (value?.kind) {
      case undefined:
        return null;
      case 'any':
        return expression !== undefined && isNumeric(select, expression) ? index : null;
      case 'minimum':
      case 'maximum': {
        const argument = expression?.kind === 'call' ? expression.arguments[0] : undefined;
        return argument !== undefined && isNumeric(select, argument) ? index : null;
      }
      default:
        return index;
    }
  }

  /** Index of a value that groups can be sorted by as they are merged; null for any other. @throws CannotMerge */
  ordered(expression: Expression): number | null {
    const index = this.#indexOf(expression);
    const value = index === null ? undefined : this.#values[index];
    if (index === null || value === undefined) {
      return null;
    }
    if (value.kind === 'fallback' && (value.value.kind === 'minimum' || value.value.kind === 'maximum')) {
      return null;
    }
    if (value.kind === 'any' && value.compared === null) {
      const { select, hidden } = this.#options;
      const visible = value.column.from === 'visible' ? value.column : null;
      this.#values[index] = { ...value, compared: comparedValue(select, expression, visible, hidden) };
    }
    return index;
  }

  /** Index of the value that a name, an aggregate or an element of GROUP BY means; null where it is none. */
  #indexOf(expression: Expression): number | null {
    const { select, isGroup, isCalculated } = this.#options;
    const isAlias = expression.kind === 'column' && expression.column.table === null;
    const aliased = isAlias
      ? select.scope.items.findIndex(({ alias }) => alias?.toLowerCase() === expression.column.name)
      : -1;
    if (aliased >= 0) {
      return isCalculated(aliased) ? null : aliased;
    }
    for (const [index, known] of this.#expressions) {
      if (isSame(select, known, expression)) {
        return index;
      }
    }
    const isAggregate = expression.kind === 'call' && expression.aggregate && !expression.window;
    return isAggregate || isGroup(expression) ? this.add(expression, null) : null;
  }
}
