import { HASH_RANGE, hashKey } from '../key-hash.ts';
import { checkedShards, type Placement, type PlacementInput } from './placement.ts';

/** Points on the ring for each unit of weight: enough that four shards of 256 slots differ by a fifth or so. */
export const VIRTUAL_NODES = 128;

interface Point {
  readonly position: number;
  readonly shard: number;
}

/**
 * The ring of consistent hashing (Karger and others, 1997): each shard has {@link VIRTUAL_NODES} points on it for each unit of
 * its weight, and a slot belongs to the next point from where its arc begins. Needs no record of what is where: the same
 * shards give the same placement. Less even than `Balanced`; a newcomer takes from others, and nothing else moves.
 * @throws RangeError when there is no shard, one is there twice, or a weight is not a positive integer.
 */
export function placeVirtualNodes({ slots, shards }: PlacementInput): Placement {
  const points: Point[] = checkedShards(shards).flatMap(({ number, weight = 1 }) =>
    Array.from({ length: VIRTUAL_NODES * weight }, (_, point) => ({
      position: hashKey({ kind: 'number', text: `${number}.${point + 1}` }),
      shard: number,
    })),
  );
  points.sort((left, right) => left.position - right.position || left.shard - right.shard);
  let next = 0;
  return Array.from({ length: slots }, (_, slot) => {
    const start = (slot * HASH_RANGE) / slots;
    while ((points[next]?.position ?? Infinity) < start) {
      next += 1;
    }
    // Behind the last point the ring begins again.
    return (points[next] ?? points[0])?.shard ?? 0;
  });
}
