/** Which ShardRebalances there are, and which one is meant. */
import {
  ENDED_PHASES,
  parseShardRebalance,
  type RebalancePhase,
  SHARD_REBALANCE_NAMES,
  type ShardRebalance,
} from '../api/v1alpha1/index.ts';
import { defineResource } from '../runtime/objects.ts';
import { PluginFailure } from './failure.ts';
import type { PluginSession } from './session.ts';

export const shardRebalances = defineResource<ShardRebalance>(SHARD_REBALANCE_NAMES);

/** Whether nothing moves any more. */
export function hasEnded({ status }: Pick<ShardRebalance, 'status'>): boolean {
  const phases: readonly (RebalancePhase | undefined)[] = ENDED_PHASES;
  return phases.includes(status?.phase);
}

/** All of the namespace, or of one cluster, oldest first. */
export async function listRebalances(
  { client, namespace }: PluginSession,
  cluster: string | undefined,
  signal: AbortSignal,
): Promise<readonly ShardRebalance[]> {
  const found: ShardRebalance[] = [];
  let continueToken: string | undefined;
  do {
    const page = await client.list(shardRebalances, { namespace, limit: 100, continueToken }, signal);
    found.push(...page.items.map(parseShardRebalance));
    ({ continueToken } = page);
  } while (continueToken !== undefined);
  return found
    .filter(({ spec }) => cluster === undefined || spec.clusterName === cluster)
    .toSorted((left, right) => compare(ageOf(left), ageOf(right)) || compare(nameOf(left), nameOf(right)));
}

/**
 * The ShardRebalance of that name, or else of the cluster of that name: the one that is under way, or the one that waits
 * longest, or the last one that has ended. Throws {@link PluginFailure} `NotFound`.
 */
export async function findRebalance(
  session: PluginSession,
  meant: string,
  signal: AbortSignal,
): Promise<ShardRebalance> {
  const { client, namespace } = session;
  const named = await client.get(shardRebalances, { namespace, name: meant }, signal);
  if (named !== undefined) {
    return parseShardRebalance(named);
  }
  const all = await listRebalances(session, meant, signal);
  const open = all.filter((rebalance) => !hasEnded(rebalance));
  const found = open.find(({ status }) => status?.startedAt !== undefined) ?? open[0] ?? all.at(-1);
  if (found === undefined) {
    throw new PluginFailure(
      'NotFound',
      `there is no ShardRebalance ${meant} in the namespace ${namespace}, and none of a cluster of that name`,
    );
  }
  return found;
}

function nameOf({ metadata }: ShardRebalance): string {
  return metadata.name;
}

function ageOf({ metadata }: ShardRebalance): string {
  return metadata.creationTimestamp ?? '';
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
