/** What has to be done about what a member has received, before it may change its role. Pure. */
import type { Following, MemberState } from '../engines/member-state.ts';
import type { Decision } from './decision.ts';
import type { Observation } from './observation.ts';

/** Whom a member follows; null for one that follows nobody. */
export function followingOf({ role }: MemberState): Following | null {
  return role.kind === 'replica' ? role.following : null;
}

/**
 * The decision that comes before `follow` and `promote`; null where nothing stands in their way. The first start of
 * replication would discard what is not applied, and trying again where applying has failed would fail again.
 */
export function decideReceived({ salvaged }: Observation, following: Following | null): Decision | null {
  const isAtRest = following === null || !isActive(following);
  if (!salvaged && isAtRest) {
    return { kind: 'salvage' };
  }
  // What stands in the way is told with the state.
  return following?.applying.kind === 'failed' ? { kind: 'wait', reason: 'replication' } : null;
}

function isActive({ receiving, applying }: Following): boolean {
  return receiving.kind === 'running' || receiving.kind === 'connecting' || applying.kind === 'running';
}
