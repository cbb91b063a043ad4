/** ShardRebalances that the plugin makes for a person. */
import {
  API_GROUP_VERSION,
  LABELS,
  type ShardedCluster,
  type ShardRebalance,
  type ShardRebalanceSpecInput,
} from '../api/v1alpha1/index.ts';
import { shardRebalances } from './rebalance-view.ts';
import type { PluginSession } from './session.ts';

/** As much of a cluster's name as the name of its rebalance keeps, in characters. */
const NAME_LENGTH = 30;

/** What a ShardRebalance is sent as: the API server fills in the rest. */
type NewRebalance = Pick<ShardRebalance, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly spec: ShardRebalanceSpecInput;
};

/**
 * Describes a ShardRebalance of a cluster, which goes when its cluster does. It is approved: who asks by hand has decided.
 * `word`: what was asked, for the name. `now`: milliseconds since 1970, which tells it from others.
 */
export function describeRebalance(
  { metadata }: ShardedCluster,
  word: 'move' | 'scale' | 'split' | 'retry',
  purpose: Pick<ShardRebalanceSpecInput, 'moves' | 'scale' | 'split'>,
  now: number,
): NewRebalance {
  const { name, namespace, uid = '' } = metadata;
  return {
    apiVersion: API_GROUP_VERSION,
    kind: 'ShardRebalance',
    metadata: {
      name: `${name.slice(0, NAME_LENGTH)}-${word}-${now.toString(36)}`,
      namespace,
      labels: { [LABELS.cluster]: name },
      ownerReferences: [{ apiVersion: API_GROUP_VERSION, kind: 'ShardedCluster', name, uid }],
    },
    spec: { clusterName: name, ...purpose, approved: true, reason: `kubectl shardwright ${word}` },
  };
}

/** Creates it, and tells how to look on. */
export async function createRebalance(
  { client, say, progress }: PluginSession,
  rebalance: NewRebalance,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace } = rebalance.metadata;
  // Defaults are the API server's to fill in.
  await client.create(shardRebalances, rebalance as ShardRebalance, signal);
  say(`The ShardRebalance ${name} was created.`);
  progress(`to look on: kubectl shardwright rebalance watch ${name} --namespace ${namespace}`);
}
