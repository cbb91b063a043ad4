/** What ORDER BY and GROUP BY mean by their elements. */
import type { Expression } from '../sql/expression.ts';
import type { SelectItem } from '../sql/query-shape.ts';
import { columnsIn } from '../routing/expression-walk.ts';
import { keyLiteralOf } from '../routing/key-constraint.ts';
import type { RowColumn } from './merge-plan.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/** An element of ORDER BY or GROUP BY: an expression, and which item of the select list it is, if it is one. */
export interface NamedExpression {
  readonly expression: Expression;
  readonly item: number | null;
}

/** Where an item of the select list is in the answer; null after a `*`, of which the number of columns is the server's to know. */
export function visibleColumn({ scope }: ScatterScope, item: number): RowColumn | null {
  const isCertain = scope.items.slice(0, item + 1).every(({ expression }) => expression.kind !== 'star');
  return isCertain ? { from: 'visible', index: item } : null;
}

/**
 * What an element of ORDER BY means: a position, an alias, the column of an item, or an expression of its own. Null for a
 * constant, which sorts nothing.
 */
export function orderedExpression(select: ScatterScope, expression: Expression): NamedExpression | null {
  if (expression.kind === 'null' || expression.kind === 'boolean') {
    return null;
  }
  if (expression.kind === 'literal') {
    return positionOf(select, expression);
  }
  const { items } = select.scope;
  if (expression.kind === 'column' && expression.column.table === null) {
    const { name } = expression.column;
    const aliased = items.flatMap(({ alias }, index) => (alias?.toLowerCase() === name ? [index] : []));
    if (aliased.length > 1) {
      throw new CannotMerge(
        `ORDER BY ${name} is ambiguous: the select list has it more than once`,
        'Use other aliases',
      );
    }
    const [item] = aliased;
    if (item !== undefined) {
      return namedItem(items, item);
    }
  }
  return { expression, item: itemOf(select, expression) };
}

/** What an element of GROUP BY means: columns come before aliases. */
export function groupedExpression(select: ScatterScope, expression: Expression): NamedExpression | null {
  if (expression.kind === 'null' || expression.kind === 'boolean') {
    return null;
  }
  if (expression.kind === 'literal') {
    return positionOf(select, expression);
  }
  if (expression.kind === 'column' && expression.column.table === null) {
    const { column } = expression;
    if (select.graph.resolver.resolve(select.scopeIndex, column) === null) {
      return orderedExpression(select, expression);
    }
    return { expression, item: itemOf(select, expression) };
  }
  return { expression, item: itemOf(select, expression) };
}

/** The item of the select list that is the same expression; null without. */
export function itemOf(select: ScatterScope, expression: Expression): number | null {
  const { items } = select.scope;
  const found = items.findIndex((item) => isSame(select, item.expression, expression));
  if (found >= 0) {
    return found;
  }
  // An alias that is the name of its own column means the same either way.
  const shadowed = columnsIn(expression).find(
    (column) =>
      column.table === null &&
      items.some(
        ({ alias, expression: item }) =>
          alias?.toLowerCase() === column.name &&
          !isSame(select, item, { ...expression, kind: 'column', column }),
      ),
  );
  if (shadowed !== undefined && expression.kind !== 'column') {
    throw new CannotMerge(
      `${shadowed.name} within an expression may be an alias or a column`,
      'Sort and group by the alias alone, or by columns with the table in front',
    );
  }
  return null;
}

/** Whether two expressions are the same, by their text or by the column that they name. */
export function isSame(select: ScatterScope, left: Expression, right: Expression): boolean {
  if (left.kind === 'column' && right.kind === 'column') {
    if (left.column.name !== right.column.name) {
      return false;
    }
    const { resolver } = select.graph;
    const one = resolver.resolve(select.scopeIndex, left.column);
    const other = resolver.resolve(select.scopeIndex, right.column);
    return one !== null && other !== null && one.scope === other.scope && one.source === other.source;
  }
  return left.kind === right.kind && select.textOf(left.tokens) === select.textOf(right.tokens);
}

function positionOf(
  select: ScatterScope,
  expression: Expression & { readonly kind: 'literal' },
): NamedExpression | null {
  const value = keyLiteralOf(expression, { ...select.values, parameter: null });
  if (value?.kind !== 'number' || !/^\d+$/.test(value.text)) {
    return null;
  }
  const item = Number(value.text) - 1;
  if (item < 0 || item >= select.scope.items.length || visibleColumn(select, item) === null) {
    throw new CannotMerge(
      `Position ${value.text} in ORDER BY or GROUP BY cannot be found in the select list`,
      'Write the columns out instead of *, or name the column',
    );
  }
  return namedItem(select.scope.items, item);
}

function namedItem(items: readonly SelectItem[], item: number): NamedExpression | null {
  const expression = items[item]?.expression;
  return expression === undefined ? null : { expression, item };
}
