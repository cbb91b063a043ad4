/** Shards that are no longer asked for, and when nothing is left on them. Pure. */
import type { ShardMapKeyspace, ShardMapSpec } from '../../api/v1alpha1/index.ts';

/** What decides whether a shard is needed. */
type Map = Pick<ShardMapSpec, 'keyspaces' | 'moves'>;

/**
 * Whether a map has nothing on a shard and nothing on its way from or to it: no slots, no unsharded tables, no move. Without
 * keyspaces nobody knows what is on a shard: then it is needed.
 */
export function isDrained({ keyspaces = [], moves = [] }: Map, shard: number): boolean {
  return (
    keyspaces.length > 0 &&
    !moves.some(({ from, to }) => from === shard || to === shard) &&
    keyspaces.every(
      ({ homeShard, slotsByShard }) =>
        homeShard !== shard && slotsByShard.every((owner) => owner.shard !== shard),
    )
  );
}

/** Whether a shard is beyond those asked for, and has nothing any more: it may go. */
export function mayGo(map: Map, wanted: number, shard: number): boolean {
  return shard >= wanted && isDrained(map, shard);
}

/** A keyspace as it is without a shard that has gone: copies of its reference tables went with it. */
export function withoutCopiesOn(
  keyspace: ShardMapKeyspace,
  isThere: (shard: number) => boolean,
): ShardMapKeyspace {
  const { referenceShards } = keyspace;
  return referenceShards === undefined || referenceShards.every(isThere)
    ? keyspace
    : { ...keyspace, referenceShards: referenceShards.filter(isThere) };
}
