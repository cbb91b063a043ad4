/** Repeating expressions of a statement in columns that are added to it. */
import type { Expression } from '../sql/expression.ts';
import { SESSION_FUNCTIONS } from '../routing/functions.ts';
import { walkExpression } from '../routing/expression-walk.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/**
 * Text of an expression that means the same in a column of its own.
 * @throws CannotMerge where that is not so.
 */
export function expressionText(select: ScatterScope, expression: Expression): string {
  for (const node of walkExpression(expression)) {
    const obstacle = obstacleOf(select, node, node === expression);
    if (obstacle !== null) {
      throw new CannotMerge(
        `Rows of several slots are sorted or grouped by an expression with ${obstacle}`,
        'Sort and group by columns, or give the key',
      );
    }
  }
  if (expression.kind === 'column') {
    const { table, name } = expression.column;
    return table === null ? quoteName(name) : `${quoteName(table)}.${quoteName(name)}`;
  }
  return select.textOf(expression.tokens);
}

/** A name as SQL. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

function obstacleOf(select: ScatterScope, node: Expression, isWhole: boolean): string | null {
  switch (node.kind) {
    case 'literal':
      return select.values.literal(node.literal).kind === 'parameter' ? 'a parameter' : null;
    case 'subquery':
      return 'a query in it';
    case 'call':
      return node.schema !== null || SESSION_FUNCTIONS.has(node.name) ? `${node.name}()` : null;
    case 'userVariable':
      return 'a user variable';
    case 'column':
      return isWhole || node.column.schema === null ? null : 'the name of a database';
    default:
      return null;
  }
}
