import type { MemberState } from '../engines/member-state.ts';
import type { ShardView } from './observation.ts';
import { RefusedError } from './protocol/commands.ts';

/** What decides whether this member gives a clone away. */
export interface CloneOffer {
  readonly pod: string;
  readonly shard: ShardView;
  readonly member: MemberState | null;
  readonly isFitForReads: boolean;
  readonly isCloning: boolean;
}

/**
 * Why `to` gets no clone from this member; null when it gets one. Copies come from the recorded primary, open or
 * not, or from a replica that is up to date, and not before the shard's database is on record. Pure.
 */
export function refuseClone(offer: CloneOffer, to: string): RefusedError | null {
  const { pod, shard: view, member, isFitForReads, isCloning } = offer;
  if (view.kind !== 'known' || !view.shard.initialised) {
    return new RefusedError('NotReady', 'the shard has no database that may be copied');
  }
  if (!view.shard.replicas.includes(to)) {
    return new RefusedError('NotAuthorised', `${to} is no replica of ${view.shard.name}`);
  }
  const isPrimary = view.shard.primary === pod && member !== null && member.role.kind !== 'replica';
  const isReplica = member?.role.kind === 'replica' && isFitForReads;
  return isCloning || !(isPrimary || isReplica)
    ? new RefusedError('NotReady', 'this member is neither the primary nor a replica that is up to date')
    : null;
}
