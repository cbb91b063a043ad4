/** `kubectl shardwright rebalance retry`: what is left of a rebalance that has ended, by a plan of its own. */
import type {
  HandMove,
  ShardMapSpec,
  ShardRebalance,
  ShardRebalanceSpecInput,
} from '../api/v1alpha1/index.ts';
import { readSlotOwners, shardOf } from '../core/keyspace/slot-owners.ts';
import { type ClusterView, readCluster } from './cluster-view.ts';
import { PluginFailure } from './failure.ts';
import { createRebalance, describeRebalance } from './new-rebalance.ts';
import { makePlan, requireMap } from './plan.ts';
import { renderPlan } from './plan-text.ts';
import { findRebalance, hasEnded } from './rebalance-view.ts';
import { confirm, type PluginSession } from './session.ts';

/** Which one, and how to ask. */
export interface RetryOptions {
  /** Name of the ShardRebalance, or of its cluster. */
  readonly meant: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

/**
 * Plans again what a rebalance that has failed, or was cancelled or rolled back, has left where it was, shows that, asks, and creates a
 * ShardRebalance of it. A plan never changes: the former one stays as it ended. Throws `PluginFailure` `Refused`.
 */
export async function retryRebalance(
  session: PluginSession,
  { meant, yes, dryRun }: RetryOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, say } = session;
  const former = await findRebalance(session, meant, signal);
  requireGivenUp(former);
  const view = await readCluster(session, former.spec.clusterName, signal);
  const purpose = purposeOf(former, view);
  const isEmpty = purpose.moves?.length === 0;
  const planned = isEmpty
    ? null
    : await makePlan(
        session,
        view,
        purpose.scale === undefined
          ? { kind: 'moves', moves: purpose.moves ?? [] }
          : { kind: 'scale', shards: purpose.scale.shards },
        signal,
      );
  if (planned === null || planned.plan.moveCount === 0) {
    say(`Nothing is left of ${former.metadata.name}: all is where it was to be.`);
    return;
  }
  renderPlan(planned.plan, planned.problems).forEach((line) => say(line));
  const rebalance = describeRebalance(view.cluster, 'retry', purpose, clock.now());
  if (dryRun) {
    say(`The ShardRebalance ${rebalance.metadata.name} would be created.`);
    return;
  }
  await confirm(session, yes, `Try again what ${former.metadata.name} has left?`, signal);
  await createRebalance(session, rebalance, signal);
}

function requireGivenUp(rebalance: ShardRebalance): void {
  const { name } = rebalance.metadata;
  if (!hasEnded(rebalance)) {
    throw new PluginFailure(
      'Refused',
      `${name} has not ended (${rebalance.status?.phase ?? 'not planned yet'})`,
    );
  }
  if (rebalance.status?.phase === 'Completed') {
    throw new PluginFailure('Refused', `${name} is completed: nothing is left of it`);
  }
}

type Purpose = Pick<ShardRebalanceSpecInput, 'scale'> & { readonly moves?: HandMove[] };

function purposeOf({ metadata, spec }: ShardRebalance, view: ClusterView): Purpose {
  if (spec.scale === undefined) {
    const map = requireMap(view);
    return { moves: (spec.moves ?? []).filter((move) => placeOf(map, move) !== move.to) };
  }
  const { shards } = view.cluster.spec;
  if (spec.scale.shards !== shards) {
    throw new PluginFailure(
      'Refused',
      `${metadata.name} was for ${spec.scale.shards} shards, and spec.shards is ${shards} by now: ` +
        `kubectl shardwright scale ${view.cluster.metadata.name} --shards ${shards}`,
    );
  }
  return { scale: spec.scale };
}

/** Number of the shard that has what was to be moved; undefined where the map does not know it. */
function placeOf(
  { keyspaces = [] }: ShardMapSpec,
  { keyspace: name, unit, slot = -1 }: HandMove,
): number | undefined {
  const keyspace = keyspaces.find((each) => each.name === name);
  if (keyspace === undefined || unit === 'Unsharded') {
    return keyspace?.homeShard;
  }
  return shardOf(readSlotOwners(keyspace.slotsByShard, keyspace.slots), slot);
}
