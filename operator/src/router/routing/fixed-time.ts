import type { Edit } from '../sql/rewrite.ts';
import type { RoutingCall } from './routing-plan.ts';

const MILLISECONDS = 1000;

/**
 * What gives NOW() and CURRENT_TIMESTAMP the same time on all servers that run a statement. A statement with settings of its own keeps
 * the servers' times.
 */
export function fixedTime({ statement, input }: RoutingCall): readonly Edit[] {
  const seconds = (input.now / MILLISECONDS).toFixed(3);
  return statement.shape.settings.length > 0
    ? []
    : [{ tokens: { first: 0, end: 0 }, text: `SET STATEMENT timestamp=${seconds} FOR ` }];
}
