/** Expressions around aggregates: what a server calculates from merged groups, and what it has to know for that. */
import type { CallNode, Expression } from '../sql/expression.ts';
import { childrenOf } from '../routing/expression-walk.ts';
import { refuseObstacle } from './calculation-obstacles.ts';
import { describeColumn, isNumeric } from './described-column.ts';
import { expressionText } from './expression-text.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import { inputName } from './input-name.ts';
import type { CalculationInput, GroupValue, RowColumn } from './merge-plan.ts';
import { type GroupValues } from './plan-group-values.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';
import { isSame } from './select-items.ts';
import { writeAround } from './write-around.ts';

/** What the planner of groups has. */
export interface CalculatedGroups {
  readonly select: ScatterScope;
  readonly hidden: HiddenColumns;
  readonly makers: GroupValues;
  /** Whether an expression is an element of GROUP BY. */
  readonly isGroup: (expression: Expression) => boolean;
  /** Adds a value to those of the groups: its index. */
  readonly addValue: (value: GroupValue) => number;
}

/** Writes expressions with columns in place of aggregates and of what groups are made of. */
export class CalculationPlanner {
  readonly inputs: CalculationInput[] = [];
  readonly #groups: CalculatedGroups;
  readonly #names = new Map<string, string>();

  constructor(groups: CalculatedGroups) {
    this.#groups = groups;
  }

  /**
   * The expression as the server that calculates gets it. `aliases`: whether names may be those of the select list, as in HAVING.
   * @throws CannotMerge for what it cannot know
   */
  write(expression: Expression, aliases = false): string {
    const known = this.#inputFor(expression);
    if (known !== null) {
      return known;
    }
    const item = aliases ? this.#aliased(expression) : null;
    if (item !== null) {
      return `(${this.write(item)})`;
    }
    if (expression.kind === 'column') {
      return this.#taken(expression);
    }
    refuseObstacle(this.#groups.select, expression);
    const written = this.#writeAround(expression, aliases);
    if (expression.kind === 'call' && expression.name.startsWith('JSON_') && this.#hasText(expression)) {
      throw new CannotMerge(
        `${expression.name}() of a text and aggregates over several slots`,
        'A server would not know whether the text is JSON: call it in the application, or give the key',
      );
    }
    return written;
  }

  #writeAround(expression: Expression, aliases: boolean): string {
    const { select } = this.#groups;
    return writeAround(select, expression.tokens, childrenOf(expression), (child) =>
      this.write(child, aliases),
    );
  }

  /** The column of an aggregate or of an element of GROUP BY; null for anything else. */
  #inputFor(expression: Expression): string | null {
    if (expression.kind === 'call' && expression.aggregate && !expression.window) {
      return expression.name === 'AVG' ? this.#average(expression) : this.#aggregate(expression);
    }
    return this.#groups.isGroup(expression) ? this.#taken(expression) : null;
  }

  /** As the server has it within an expression: not rounded. */
  #average(call: Expression & CallNode): string {
    const { sum, count } = this.#groups.makers.makeQuotient(call);
    return `(${this.#input(sum)} / ${this.#input(count)})`;
  }

  #aggregate(call: Expression & CallNode): string {
    const { makers, select, hidden } = this.#groups;
    const value = makers.make(call, null);
    if (value.kind !== 'minimum' && value.kind !== 'maximum') {
      return this.#input(value);
    }
    const { compared } = value;
    const text = `${call.name}(${call.arguments.map((argument) => expressionText(select, argument)).join()})`;
    return compared.weight === null
      ? this.#input(value)
      : this.#input(value, text, { ...value, compared: { ...compared, value: bytesOf(text, hidden) } });
  }

  /** Of a group all rows have the same, or any will do. */
  #taken(expression: Expression): string {
    const { select, hidden } = this.#groups;
    const description = expression.kind === 'column' ? describeColumn(select, expression.column) : null;
    if (expression.kind === 'column' && description === null) {
      throw new CannotMerge(
        `${expression.column.name} stands beside aggregates over several slots, and only a derived table is known of it`,
        'Use columns of tables, or give the key',
      );
    }
    const text = expressionText(select, expression);
    const value: GroupValue = { kind: 'any', column: hidden.add(text), compared: null };
    return isNumeric(select, expression)
      ? this.#input(value)
      : this.#input(value, text, { ...value, column: bytesOf(text, hidden) });
  }

  /** `text`: what `bytes` are the bytes of, where it may be a text. */
  #input(value: GroupValue, text?: string, bytes?: GroupValue): string {
    const key = JSON.stringify(value);
    const known = this.#names.get(key);
    if (known !== undefined) {
      return known;
    }
    const { addValue, hidden } = this.#groups;
    const column = definingColumn(value);
    this.inputs.push({
      column,
      value: addValue(value),
      text:
        text === undefined || bytes === undefined
          ? null
          : {
              bytes: addValue(bytes),
              charset: addValue({ kind: 'any', column: hidden.add(`CHARSET(${text})`), compared: null }),
            },
    });
    const name = inputName(column);
    this.#names.set(key, name);
    return name;
  }

  #hasText(expression: Expression): boolean {
    const written = this.#writeAround(expression, false);
    return this.inputs.some(({ column, text }) => text !== null && written.includes(inputName(column)));
  }

  /** The item of the select list whose alias a name in HAVING is. */
  #aliased(expression: Expression): Expression | null {
    if (expression.kind !== 'column' || expression.column.table !== null) {
      return null;
    }
    const { select } = this.#groups;
    const { name } = expression.column;
    const items = select.scope.items.filter(({ alias }) => alias?.toLowerCase() === name);
    const [item] = items;
    const isColumn = select.graph.resolver.resolve(select.scopeIndex, expression.column) !== null;
    if (
      items.length > 1 ||
      (item !== undefined && isColumn && !isSame(select, item.expression, expression))
    ) {
      throw new CannotMerge(
        `${name} in HAVING may be an alias or a column`,
        'Use another alias, or the column with the table in front',
      );
    }
    return item?.expression ?? null;
  }
}

function bytesOf(text: string, hidden: HiddenColumns): RowColumn {
  return hidden.add(`CAST(${text} AS BINARY)`);
}

/** The column of the answers that has the type of a value which slots have as it is. */
function definingColumn(value: GroupValue): RowColumn {
  switch (value.kind) {
    case 'minimum':
    case 'maximum':
      return value.compared.value;
    case 'countDistinct':
    case 'sumDistinct':
    case 'averageDistinct':
    case 'average':
    case 'fallback':
      return value.result;
    default:
      return value.column;
  }
}
