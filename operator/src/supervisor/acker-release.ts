/** Striking off an acker that is to be made anew. Pure. */
import type { PositionArithmetic } from '../engines/position.ts';
import type { MemberObservation, ShardObservation } from './observe-shard.ts';

/**
 * The acker that may be struck off: its server is down, so it acknowledges nothing any more, and another acker, at work
 * itself, holds everything that it may ever have acknowledged. Null for none.
 */
export function findReleasableAcker(
  { shard, members }: ShardObservation,
  { covers }: Pick<PositionArithmetic, 'covers'>,
): string | null {
  const releasable = members.find(({ pod, state }) => {
    const holds = state?.returned.leavingAckers?.holds;
    return (
      holds !== undefined &&
      pod !== shard.primary &&
      shard.ackers.includes(pod) &&
      state?.epoch === shard.epoch &&
      state.server.kind === 'ended' &&
      members.some((other) => {
        const received = other.state?.member?.received;
        return (
          other.pod !== pod &&
          shard.ackers.includes(other.pod) &&
          isAtWork(other) &&
          received?.kind === 'known' &&
          holds.every((position) => covers(received.value, position))
        );
      })
    );
  });
  return releasable?.pod ?? null;
}

function isAtWork({ exists, state }: MemberObservation): boolean {
  const role = state?.member?.role;
  return (
    exists &&
    role?.kind === 'replica' &&
    role.following.receiving.kind === 'running' &&
    role.following.applying.kind === 'running'
  );
}
