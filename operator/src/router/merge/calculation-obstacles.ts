/** What cannot be calculated from merged groups. */
import type { Expression } from '../sql/expression.ts';
import { childrenOf } from '../routing/expression-walk.ts';
import { SESSION_FUNCTIONS } from '../routing/functions.ts';
import { describeColumn } from './described-column.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/** Functions that are about a column of a table, not about its value. */
const OF_COLUMNS: ReadonlySet<string> = new Set([
  'DEFAULT',
  'VALUE',
  'VALUES',
  'COERCIBILITY',
  'WEIGHT_STRING',
]);

/** Operators to which a year is the number that it is. */
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', 'DIV', 'MOD']);

/** Refuses an expression that, by itself, means something else where there are no rows of the tables. @throws CannotMerge */
export function refuseObstacle(select: ScatterScope, node: Expression): void {
  const obstacle = obstacleOf(select, node);
  if (obstacle !== null) {
    throw new CannotMerge(
      `An expression around aggregates over several slots with ${obstacle}`,
      'Select the aggregates alone and calculate in the application; or group by the key column',
    );
  }
}

function obstacleOf(select: ScatterScope, node: Expression): string | null {
  switch (node.kind) {
    case 'literal':
      return select.values.literal(node.literal).kind === 'parameter' ? 'a parameter' : null;
    case 'subquery':
      return 'a query in it';
    case 'userVariable':
      return 'a user variable';
    case 'systemVariable':
      return 'a system variable';
    case 'star':
    case 'default':
      return 'what stands for columns';
    case 'operation':
      if (!ARITHMETIC.has(node.operator) && hasYear(select, node)) {
        return YEAR_WITHIN;
      }
      return node.operator === 'MATCH' || node.operator === ':=' ? node.operator : null;
    case 'call':
      if (!node.aggregate && hasYear(select, node)) {
        return YEAR_WITHIN;
      }
      return node.schema !== null ||
        node.window ||
        SESSION_FUNCTIONS.has(node.name) ||
        OF_COLUMNS.has(node.name)
        ? `${node.name}()`
        : null;
    default:
      return null;
  }
}

const YEAR_WITHIN = 'a column of type YEAR that is compared or converted';

/** Whether a column of type YEAR is compared, or given to a function: beside one 24 means 2024, beside the number that it is here it does not. */
function hasYear(select: ScatterScope, node: Expression): boolean {
  return childrenOf(node).some((child) => isYear(select, child));
}

/** Whether an expression is a column of type YEAR, or the alias of one. */
export function isYear(select: ScatterScope, expression: Expression): boolean {
  if (expression.kind !== 'column') {
    return false;
  }
  const { column } = expression;
  const named = select.scope.items.some(
    ({ alias, expression: item }) =>
      column.table === null &&
      alias?.toLowerCase() === column.name &&
      item.kind === 'column' &&
      describeColumn(select, item.column)?.dataType === 'year',
  );
  return named || describeColumn(select, column)?.dataType === 'year';
}
