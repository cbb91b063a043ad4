/** The changes a supervisor makes to a shard's entry in the map. Pure. */
import type { ShardMapShard, ShardMapSpec } from '../api/v1alpha1/index.ts';

/**
 * The first write of a promotion: the next epoch, and no primary. A primary that is not known to have taken writes in
 * its epoch (`hasOpened`) may hold acknowledged writes of the epoch before that its ackers lack: it counts as one.
 * A request for a switchover that is carried out with this is recorded here, so that nobody carries it out again.
 */
export function withoutPrimary(
  shard: ShardMapShard,
  hasOpened: boolean,
  request: string | null = null,
): ShardMapShard {
  const { primary } = shard;
  if (primary === null) {
    return shard;
  }
  return {
    ...shard,
    epoch: shard.epoch + 1,
    primary: null,
    formerPrimary: primary,
    replicas: inOrder(shard.name, [...shard.replicas, primary]),
    ackers: hasOpened || shard.ackers.includes(primary) ? shard.ackers : [...shard.ackers, primary],
    ...(request !== null && { handledSwitchover: request }),
  };
}

/**
 * The second: the winner. It is no acker of its own; the former primary is none before it asks again. `promotedAt` in
 * RFC 3339.
 */
export function withWinner(shard: ShardMapShard, winner: string, promotedAt: string): ShardMapShard {
  const { formerPrimary: _, ...rest } = shard;
  return {
    ...rest,
    primary: winner,
    replicas: shard.replicas.filter((pod) => pod !== winner),
    ackers: shard.ackers.filter((pod) => pod !== winner),
    promotedAt,
  };
}

/** The map with one shard changed, and its revision with it. */
export function withShard(spec: ShardMapSpec, changed: ShardMapShard): ShardMapSpec {
  return {
    ...spec,
    revision: spec.revision + 1,
    shards: spec.shards.map((shard) => (shard.number === changed.number ? changed : shard)),
  };
}

function inOrder(shard: string, pods: readonly string[]): string[] {
  const ordinal = (pod: string): number => Number(pod.slice(shard.length + 1));
  return pods.toSorted((left, right) => ordinal(left) - ordinal(right));
}
