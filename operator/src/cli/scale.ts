/** `kubectl shardwright scale`: another number of shards, after its plan was shown. */
import type { ShardedCluster } from '../api/v1alpha1/index.ts';
import { readCluster, shardedClusters } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { createRebalance, describeRebalance } from './new-rebalance.ts';
import { makePlan } from './plan.ts';
import { renderPlan } from './plan-text.ts';
import { confirm, type PluginSession } from './session.ts';

/** What was asked for. */
export interface ScaleOptions {
  readonly cluster: string;
  readonly shards: number;
  /** Whether the person has said yes beforehand. */
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/**
 * Shows the plan, asks, and sets `spec.shards` by the sub-resource `scale`, which makes a ShardRebalance. Where there are so
 * many shards already, and something has to move nevertheless, since a former rebalance was cancelled for instance, it
 * creates the ShardRebalance itself. Throws `PluginFailure`.
 */
export async function scale(
  session: PluginSession,
  options: ScaleOptions,
  signal: AbortSignal,
): Promise<void> {
  const { say } = session;
  const { cluster: name, shards } = options;
  const view = await readCluster(session, name, signal);
  const { spec } = view.cluster;
  if (spec.suspend) {
    throw new PluginFailure('Refused', 'spec.suspend is set: the operator keeps its hands off this cluster');
  }
  const { plan, problems } = await makePlan(session, view, { kind: 'scale', shards }, signal);
  renderPlan(plan, problems).forEach((line) => say(line));
  if (spec.shards !== shards) {
    await changeShards(session, view.cluster, options, signal);
  } else if (plan.moveCount > 0) {
    await spreadAgain(session, view.cluster, options, signal);
  } else {
    say(`${name} has ${shards} shards already.`);
  }
}

async function changeShards(
  session: PluginSession,
  { spec }: ShardedCluster,
  { cluster: name, shards, yes, dryRun }: ScaleOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, namespace, say, progress } = session;
  if (shards < spec.shards) {
    const last = spec.shards - 1;
    const which = last === shards ? `Shard ${last} is` : `Shards ${shards} to ${last} are`;
    const fate = spec.deletionPolicy === 'Delete' ? 'deleted with all that is on them' : 'kept';
    say(`${which} removed once drained, and the volumes are ${fate} (spec.deletionPolicy).`);
  }
  if (dryRun) {
    say(`spec.shards of ${name} would be changed from ${spec.shards} to ${shards}.`);
    return;
  }
  await confirm(session, yes, `Change ${name} from ${spec.shards} to ${shards} shards?`, signal);
  const patch = { spec: { replicas: shards } };
  await client.mergePatch(shardedClusters, { namespace, name }, patch, { subresource: 'scale' }, signal);
  say(`spec.shards of ${name} is ${shards} now.`);
  progress(
    spec.rebalance.approval === 'Manual'
      ? `the operator plans; then: kubectl shardwright rebalance approve ${name}`
      : `to look on: kubectl shardwright rebalance watch ${name}`,
  );
}

async function spreadAgain(
  session: PluginSession,
  cluster: ShardedCluster,
  { shards, yes, dryRun }: ScaleOptions,
  signal: AbortSignal,
): Promise<void> {
  const rebalance = describeRebalance(cluster, 'scale', { scale: { shards } }, session.clock.now());
  if (dryRun) {
    session.say(`The ShardRebalance ${rebalance.metadata.name} would be created.`);
    return;
  }
  await confirm(session, yes, `Spread the slots over the ${shards} shards?`, signal);
  await createRebalance(session, rebalance, signal);
}
