/** The values of groups: how each is put together from what slots answer. */
import type { CallNode, Expression } from '../sql/expression.ts';
import { aggregatesIn } from '../routing/expression-walk.ts';
import { constantOf, keyLiteralOf } from '../routing/key-constraint.ts';
import { comparedValue, spaceText } from './compared-values.ts';
import { isNumeric } from './described-column.ts';
import { expressionText } from './expression-text.ts';
import type { HiddenColumns } from './hidden-columns.ts';
import type { ComparedValue, GroupValue, RowColumn } from './merge-plan.ts';
import { CannotMerge, NeedsCalculation, NeedsRows, type ScatterScope } from './scatter-select.ts';

/** What to do instead of merging groups. */
export const GROUP_BY_KEY =
  'Group by the key column as well, so that each group lies within a slot; or give the key';

/** Makes the values of one scope's groups. */
export class GroupValues {
  /** Texts of what rows have to be grouped by besides, since an aggregate is of distinct values. */
  readonly further: string[] = [];
  readonly #select: ScatterScope;
  readonly #hidden: HiddenColumns;
  readonly #isGroup: (expression: Expression) => boolean;

  /** `isGroup`: whether an expression is an element of GROUP BY. */
  constructor(select: ScatterScope, hidden: HiddenColumns, isGroup: (expression: Expression) => boolean) {
    this.#select = select;
    this.#hidden = hidden;
    this.#isGroup = isGroup;
  }

  /** The value of an expression of the select list, or of ORDER BY or HAVING. `visible`: its column, where it has one. @throws CannotMerge */
  make(expression: Expression, visible: RowColumn | null): GroupValue {
    const [aggregate] = aggregatesIn(expression);
    if (aggregate === undefined) {
      if (expression.kind === 'star' || (visible === null && !this.#isGroup(expression))) {
        throw new CannotMerge('* is selected together with groups of several slots', 'Write the columns out');
      }
      return { kind: 'any', column: visible ?? this.#text(expression), compared: null };
    }
    if (this.#isFallback(expression, aggregate)) {
      return this.#makeFallback(expression, aggregate, visible);
    }
    if (aggregate !== expression || expression.kind !== 'call') {
      throw new NeedsCalculation(`An expression around ${aggregate.name}() over several slots`);
    }
    return this.#makeAggregate(expression, visible ?? this.#text(expression));
  }

  /** The sum and the count that an average is the quotient of. @throws CannotMerge */
  makeQuotient(call: Expression & CallNode): { readonly sum: GroupValue; readonly count: GroupValue } {
    const [argument] = call.arguments;
    if (argument === undefined) {
      throw new CannotMerge(`${call.name}() without an argument`, GROUP_BY_KEY);
    }
    const text = expressionText(this.#select, argument);
    const of = call.distinct ? `(DISTINCT ${text})` : `(${text})`;
    return {
      sum: this.#makeAggregate({ ...call, name: 'SUM' }, this.#hidden.add(`SUM${of}`)),
      count: this.#makeAggregate({ ...call, name: 'COUNT' }, this.#hidden.add(`COUNT${of}`)),
    };
  }

  /** COALESCE(SUM(x), 0): the aggregate is merged by itself; where it is NULL, each slot has the constant. */
  #makeFallback(expression: Expression, aggregate: Expression, visible: RowColumn | null): GroupValue {
    const value = this.make(aggregate, null);
    return { kind: 'fallback', result: visible ?? this.#text(expression), value };
  }

  #makeAggregate(call: Expression & CallNode, result: RowColumn): GroupValue {
    const [argument] = call.arguments;
    if (argument === undefined) {
      throw new CannotMerge(`${call.name}() without an argument`, GROUP_BY_KEY);
    }
    if (OF_ALL_VALUES.has(call.name)) {
      throw new NeedsRows(
        `${call.name}() over several slots cannot be put together from parts`,
        GROUP_BY_KEY,
      );
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
      if (!this.further.includes(text)) {
        this.further.push(text);
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
            space: how.weight.space === null ? null : this.#hidden.add(spaceText(text)),
          },
        };
  }

  /** Whether an expression is an aggregate of numbers, or a number where that is NULL: both are of one type, then. */
  #isFallback(expression: Expression, aggregate: Expression & CallNode): boolean {
    if (expression.kind !== 'call' || expression.schema !== null || !FALLBACKS.has(expression.name)) {
      return false;
    }
    const [first, second, third] = expression.arguments;
    const constant = second === undefined ? null : constantOf(second);
    if (first !== aggregate || third !== undefined || constant === null) {
      return false;
    }
    const [argument] = aggregate.arguments;
    const isNumber =
      SUMS.has(aggregate.name) || (argument !== undefined && isNumeric(this.#select, argument));
    return isNumber && keyLiteralOf(constant, this.#select.values)?.kind === 'number';
  }

  #text(expression: Expression): RowColumn {
    return this.#hidden.add(expressionText(this.#select, expression));
  }
}

/** Aggregates of which no parts are known that come to exactly what a server makes of all values. */
const OF_ALL_VALUES: ReadonlySet<string> = new Set([
  'GROUP_CONCAT',
  'JSON_ARRAYAGG',
  'JSON_OBJECTAGG',
  // A server's doubles on the way to them are not those of any sums of squares.
  'STD',
  'STDDEV',
  'STDDEV_POP',
  'STDDEV_SAMP',
  'VARIANCE',
  'VAR_POP',
  'VAR_SAMP',
]);

const FALLBACKS: ReadonlySet<string> = new Set(['COALESCE', 'IFNULL', 'NVL']);

const SUMS: ReadonlySet<string> = new Set(['COUNT', 'SUM', 'AVG']);
