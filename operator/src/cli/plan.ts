/** `kubectl shardwright plan`: what a number of shards would move, and cost. Creates nothing. */
import type { ShardMapSpec } from '../api/v1alpha1/index.ts';
import { weightsByShard } from '../core/keyspace/placement/weights.ts';
import {
  planRebalance,
  type RebalancePlan,
  type RebalancePurpose,
} from '../core/rebalance/plan-rebalance.ts';
import { type ClusterView, readCluster } from './cluster-view.ts';
import type { OutputFormat } from './command-line.ts';
import { PluginFailure } from './failure.ts';
import { renderPlan } from './plan-text.ts';
import type { PluginSession } from './session.ts';
import { measureShards } from './shard-measures.ts';

/** What was asked for. */
export interface PlanOptions {
  readonly cluster: string;
  readonly shards: number;
  readonly output: OutputFormat;
}

/** A plan, and what could not be measured for it. */
export interface MeasuredPlan {
  readonly plan: RebalancePlan;
  readonly problems: readonly string[];
}

/** Shows the plan. Throws `PluginFailure` `Refused` where there is none. */
export async function showPlan(
  session: PluginSession,
  { cluster, shards, output }: PlanOptions,
  signal: AbortSignal,
): Promise<void> {
  const view = await readCluster(session, cluster, signal);
  const { plan, problems } = await makePlan(session, view, { kind: 'scale', shards }, signal);
  if (output === 'json') {
    session.say(JSON.stringify({ ...plan, problems }, null, 2));
    return;
  }
  renderPlan(plan, problems).forEach((line) => session.say(line));
}

/**
 * Measures and plans, as the operator will: from the map as it is now, with what the databases take now. Throws
 * `PluginFailure` `Refused` where there is no plan.
 */
export async function makePlan(
  session: PluginSession,
  view: ClusterView,
  purpose: RebalancePurpose,
  signal: AbortSignal,
): Promise<MeasuredPlan> {
  const map = requireMap(view);
  const { measures, freeBytes, longTransactions, problems } = await measureShards(
    session,
    map.shards,
    signal,
  );
  const verdict = planRebalance({
    purpose,
    keyspaces: map.keyspaces ?? [],
    shards: map.shards.map(({ number }) => number),
    weights: weightsByShard(view.cluster.spec.shardWeights),
    measures,
    freeBytes,
    longTransactions,
    speed: view.cluster.spec.rebalance,
    inUse: map.moves ?? [],
  });
  if (verdict.kind === 'refused') {
    throw new PluginFailure('Refused', verdict.message);
  }
  return { plan: verdict.plan, problems };
}

/** The map of a cluster. Throws `PluginFailure` while the operator has not made it. */
export function requireMap({ cluster, map }: ClusterView): ShardMapSpec {
  if (map === undefined) {
    throw new PluginFailure(
      'NotFound',
      `${cluster.metadata.name} has no ShardMap yet: wait until the operator made it`,
    );
  }
  return map.spec;
}
