import type { ParsedStatement } from '../sql/parsed-statement.ts';
import { refuseUnsupported } from './refusal.ts';
import type { Route } from './route.ts';
import type { RoutingInput } from './routing-input.ts';
import type { Plan, RoutingCall, RoutingPlans } from './routing-plan.ts';
import { planStatement } from './plan-statement.ts';
import { NO_HINT, readStatementHint, type StatementHint } from './statement-hint.ts';

/**
 * Decides where a statement goes. Pure, but for the plan that it leaves with the statement's digest: what depends on the
 * statement's constants is decided anew each time, everything else once for a map and a catalog. What is not proven to
 * be right is refused.
 */
export function decideRoute(statement: ParsedStatement<RoutingPlans>, input: RoutingInput): Route {
  const hint = statement.hint === null ? NO_HINT : readStatementHint(statement.hint);
  if ('kind' in hint) {
    return hint;
  }
  const { session } = input;
  const call: RoutingCall = {
    statement,
    input,
    hint,
    values: { literal: (index) => statement.literal(index), parameter: input.parameter },
    key: hint.key ?? session.key,
    shard: hint.shard ?? session.shard,
    allowsKeylessWrites: hint.allowsKeylessWrites || session.allowsKeylessWrites,
  };
  return withConsistency(planOf(statement, input)(call), hint);
}

function planOf(
  statement: ParsedStatement<RoutingPlans>,
  { session, keyspaces, catalog }: RoutingInput,
): Plan {
  const { entry, shape } = statement;
  let plans = entry.plan;
  if (plans === null || plans.keyspaces !== keyspaces || plans.catalog !== catalog) {
    plans = { keyspaces, catalog, bySchema: new Map() };
    entry.plan = plans;
  }
  const { schema } = session;
  let plan = plans.bySchema.get(schema);
  if (plan === undefined) {
    plan = planStatement({ statement, shape, digest: entry.digest, schema, keyspaces, catalog });
    plans.bySchema.set(schema, plan);
  }
  return plan;
}

function withConsistency(route: Route, hint: StatementHint): Route {
  if (route.kind === 'described') {
    return { ...route, route: withConsistency(route.route, hint) };
  }
  const { consistency, fastest } = hint;
  if (consistency === null || !('access' in route)) {
    return route;
  }
  return route.access.primaryBecause !== null && consistency !== 'Strong'
    ? refuseUnsupported(
        `The hint asks for ${consistency}, and only a primary may run the statement: ${route.access.primaryBecause}`,
        'Leave consistency out of the hint',
      )
    : { ...route, access: { ...route.access, consistency, hinted: { fastest } } };
}
