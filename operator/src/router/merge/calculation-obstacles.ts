/** What cannot be calculated from merged groups. */
import type { Expression } from '../sql/expression.ts';
import { SESSION_FUNCTIONS } from '../routing/functions.ts';
import { CannotMerge, type ScatterScope } from './scatter-select.ts';

/** Functions that are about a column of a table, not about its value. */
const OF_COLUMNS: ReadonlySet<string> = new Set([
  'DEFAULT',
  'VALUE',
  'VALUES',
  'COERCIBILITY',
  'WEIGHT_STRING',
]);

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
      return node.operator === 'MATCH' || node.operator === ':=' ? node.operator : null;
    case 'call':
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
