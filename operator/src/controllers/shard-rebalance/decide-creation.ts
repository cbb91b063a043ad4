/** Whether a change of `spec.shards` asks for a ShardRebalance that nobody has made yet. Pure. */
import type { ShardRebalance, ShardRebalancePlan, ShardRebalanceSpec } from '../../api/v1alpha1/index.ts';
import { makePlan } from './make-plan.ts';
import { type ClusterObservation, hasEnded } from './observe.ts';

/** A ShardRebalance that is to be made. */
export interface Creation {
  readonly name: string;
  readonly spec: Pick<ShardRebalanceSpec, 'clusterName' | 'scale' | 'split' | 'reason'>;
}

/**
 * A rebalance over `spec.shards` shards, once all of them are there: when one of them holds no slots and is to, or when others
 * still hold something. Slots that only lie otherwise than they would be spread are where somebody wants them. One that was asked for before, and was cancelled or has failed, is not asked for again: people decide.
 */
export function decideCreation(observation: ClusterObservation): Creation | null {
  const { cluster, map, rebalances } = observation;
  const { shards: wanted, suspend, hibernated } = cluster.spec;
  if (suspend || hibernated || (map.keyspaces ?? []).length === 0) {
    return null;
  }
  const scales = rebalances.filter(({ spec }) => spec.scale !== undefined);
  if (scales.some((rebalance) => !hasEnded(rebalance)) || wasGivenUp(scales.at(-1), wanted)) {
    return null;
  }
  if (!isAllThere(observation) || (!hasNewcomer(observation) && !hasLeaver(observation))) {
    return null;
  }
  const planned = makePlan({ scale: { shards: wanted } }, observation);
  if (planned.kind === 'planned' && !concernsChange(observation, planned.plan)) {
    return null;
  }
  return {
    name: nextName(cluster.metadata.name, rebalances),
    spec: {
      clusterName: cluster.metadata.name,
      scale: { shards: wanted },
      reason: `spec.shards is ${wanted}`,
    },
  };
}

function wasGivenUp(last: ShardRebalance | undefined, wanted: number): boolean {
  return last?.spec.scale?.shards === wanted && last.status?.phase !== 'Completed';
}

/** Whether every shard that is to hold slots is there and at work. */
function isAllThere({ cluster, shards }: ClusterObservation): boolean {
  const usable = new Set(shards.filter(({ trouble }) => trouble === null).map(({ number }) => number));
  return Array.from({ length: cluster.spec.shards }, (_, number) => number).every((number) =>
    usable.has(number),
  );
}

/** A shard that has no slot of some keyspace. */
function hasNewcomer({ cluster, map }: ClusterObservation): boolean {
  return (map.keyspaces ?? []).some(({ slotsByShard }) => {
    const holders = new Set(slotsByShard.map(({ shard }) => shard));
    return map.shards.some(({ number }) => number < cluster.spec.shards && !holders.has(number));
  });
}

/** Whether some move of the plan fills a shard that has no slot of the keyspace, or empties one that is to go. */
function concernsChange(
  { cluster: { spec }, map }: ClusterObservation,
  { moves }: Pick<ShardRebalancePlan, 'moves'>,
): boolean {
  return moves.some(({ keyspace: name, from, to }) => {
    const keyspace = map.keyspaces?.find((each) => each.name === name);
    return from >= spec.shards || keyspace?.slotsByShard.every(({ shard }) => shard !== to) === true;
  });
}

/** A shard beyond those asked for that still has something. */
function hasLeaver({ cluster: { spec }, map }: ClusterObservation): boolean {
  return (map.keyspaces ?? []).some(
    ({ slotsByShard, homeShard }) =>
      homeShard >= spec.shards || slotsByShard.some(({ shard }) => shard >= spec.shards),
  );
}

/** The next number: two operators that decide at once choose the same name, and the API server lets one have it. */
export function nextName(cluster: string, rebalances: readonly ShardRebalance[]): string {
  const prefix = `${cluster}-r`;
  const numbers = rebalances.map(({ metadata: { name } }) =>
    name.startsWith(prefix) && /^[0-9]{1,6}$/.test(name.slice(prefix.length))
      ? Number(name.slice(prefix.length))
      : 0,
  );
  return `${prefix}${Math.max(0, ...numbers) + 1}`;
}
