import { assertNever } from '../../core/assert-never.ts';
import type { ShardView } from '../observation.ts';
import type { FollowingMove } from '../peer-positions.ts';
import { otherShard } from './map-moves.ts';
import { type MovePiece, OWN_SHARD_NUMBERS } from './split-pieces.ts';

/**
 * Moves by which another shard follows shard `number`, or is about to: the receiving one until it owns what moves, and then the giving
 * one. A slot that is split is followed by the shard itself. Pure.
 */
export function followingMoves(view: ShardView, number: number): readonly FollowingMove[] {
  const moves = view.kind === 'known' ? view.moves : undefined;
  return (moves?.moves ?? []).flatMap((move) => {
    const other = otherShard(move, number);
    const follower = followerOf(move);
    const isFollower = OWN_SHARD_NUMBERS.has(other) ? follower === number : follower === other;
    const shard = moves?.shards.find((each) => each.number === other);
    return isFollower && shard !== undefined ? [{ id: move.id, shard }] : [];
  });
}

function followerOf({ unit, phase, from, to, returns }: MovePiece): number | null {
  switch (phase) {
    case 'Copying':
    case 'Switching':
      return to;
    case 'Soaking':
    case 'Returning':
      return unit === 'Reference' || returns === false ? null : from;
    case 'Undoing':
    case 'Finishing':
      return null;
    default:
      return assertNever(phase);
  }
}
