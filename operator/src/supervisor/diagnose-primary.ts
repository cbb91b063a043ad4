/**
 * Whether a shard's primary lives. Pure.
 *
 * Proof of death is the word of whoever reaped the server: its agent, by the launcher, or the kubelet. Silence proves
 * nothing, and takes witnesses: the replicas, who hear the server itself many times a second. Readiness says nothing.
 */
import type { AgentState } from '../agent/protocol/agent-state.ts';
import { memberOf, type ShardObservation } from './observe-shard.ts';

/** What the replicas that answer say of the primary. */
export type Witness =
  /** No replica follows it and answers us. */
  | 'nobody'
  /** One at least hears it. */
  | 'alive'
  /** None hears it. */
  | 'silent';

/** What is wrong with a primary. `isConfirmed`: a promotion may rest on it. */
export type PrimaryDiagnosis =
  | { readonly kind: 'well' }
  /** Its server has ended: proven. */
  | { readonly kind: 'lost' }
  /** Nobody hears of it. */
  | { readonly kind: 'unreachable'; readonly witness: Witness; readonly isConfirmed: boolean }
  /** Its agent answers, its server does not, or cannot be looked at for good. */
  | { readonly kind: 'hung'; readonly isConfirmed: boolean }
  /** It is the winner of an election, and cannot apply what it had received: it will not open. */
  | { readonly kind: 'unable'; readonly isConfirmed: boolean }
  /** It lives, and no replica can acknowledge what it commits. */
  | { readonly kind: 'stalled'; readonly isConfirmed: boolean };

/** Agents speak every 250 ms: after so long without a word something is wrong. Milliseconds. */
export const SILENCE_MILLISECONDS = 900;
/** And after so long a promotion may begin; nothing is opened before the fence's time. */
const UNREACHABLE_MILLISECONDS = 1000;
/** A server heartbeats to its replicas every 200 ms. */
const SOURCE_SILENCE_MILLISECONDS = 800;
/** A server that has not answered for so long, nor used the processor, is stopped or stuck in the kernel. */
const HUNG_MILLISECONDS = 1000;
/** One that is busy may be slow, and a look may wait for others; after so long it is of no use whatever it does. */
const USELESS_MILLISECONDS = 10_000;
/** A winner that cannot apply for so long has been asked more than once. */
const UNABLE_MILLISECONDS = 1000;
/** What a replica says that has not been seen for so long is of the past. */
const UNSEEN_MILLISECONDS = 750;

/** Looks at the recorded primary. A shard without one, or without a database, is well. */
export function diagnosePrimary(observation: ShardObservation): PrimaryDiagnosis {
  const { shard, failover, commitsHangMilliseconds, troubledMilliseconds } = observation;
  const primary = memberOf(observation, shard.primary);
  if (primary === undefined || !shard.initialised) {
    return { kind: 'well' };
  }
  const { state, silentMilliseconds, hasContainerEnded } = primary;
  const runs = state?.server.kind === 'running';
  if (state?.server.kind === 'ended' || (hasContainerEnded && !runs)) {
    return { kind: 'lost' };
  }
  const witness = witnessOf(observation);
  if (state === null) {
    return silentMilliseconds < SILENCE_MILLISECONDS
      ? { kind: 'well' }
      : {
          kind: 'unreachable',
          witness,
          isConfirmed: witness === 'silent' && silentMilliseconds >= UNREACHABLE_MILLISECONDS,
        };
  }
  if (isHung(state)) {
    return { kind: 'hung', isConfirmed: witness === 'silent' };
  }
  if (cannotLead(state)) {
    return { kind: 'unable', isConfirmed: (troubledMilliseconds ?? 0) >= UNABLE_MILLISECONDS };
  }
  if (commitsHangMilliseconds !== null && witness === 'silent') {
    const patience = failover.acknowledgementTimeoutSeconds * 1000;
    return { kind: 'stalled', isConfirmed: commitsHangMilliseconds >= patience };
  }
  return { kind: 'well' };
}

/** Whether commits wait on a primary that lives, with nobody connected who would acknowledge them. */
export function doCommitsHang({ shard, members }: Pick<ShardObservation, 'shard' | 'members'>): boolean {
  const member = memberOf({ members }, shard.primary)?.state?.member;
  return (
    member?.role.kind === 'primary' &&
    member.acknowledgement.rule === 'oneReplica' &&
    member.acknowledgement.waitingSessions > 0 &&
    witnessOf({ shard, members }) === 'silent'
  );
}

/** Whether a member runs, and what it received stands in the way of its becoming the primary: it applies none of it any more. */
export function cannotLead({ server, member, cannotApply }: AgentState): boolean {
  return (
    server.kind === 'running' &&
    member?.role.kind === 'replica' &&
    !member.writable &&
    (cannotApply || member.role.following.applying.kind === 'failed')
  );
}

/** Whether a member's server is as good as dead, though it runs. One that is merely slow is not. */
export function isHung({ unresponsive, unseenMilliseconds }: AgentState): boolean {
  if (unseenMilliseconds >= USELESS_MILLISECONDS) {
    return true;
  }
  if (unresponsive === null) {
    return false;
  }
  const { forMilliseconds, usedProcessor } = unresponsive;
  return forMilliseconds >= (usedProcessor ? USELESS_MILLISECONDS : HUNG_MILLISECONDS);
}

function witnessOf({ shard, members }: Pick<ShardObservation, 'shard' | 'members'>): Witness {
  const words = members
    .filter(({ pod }) => pod !== shard.primary)
    .flatMap(({ state }) => (state === null ? [] : wordOf(state)));
  if (words.includes('alive')) {
    return 'alive';
  }
  return words.length === 0 ? 'nobody' : 'silent';
}

/** What one replica says; nothing, while its server does not run, answers late, or follows nobody. */
function wordOf(state: AgentState): readonly Exclude<Witness, 'nobody'>[] {
  const { member, server, unresponsive, unseenMilliseconds } = state;
  const isLate = unresponsive !== null || unseenMilliseconds >= UNSEEN_MILLISECONDS;
  if (server.kind !== 'running' || member?.role.kind !== 'replica' || isLate) {
    return [];
  }
  const { receiving, silentMilliseconds } = member.role.following;
  const isSilent =
    silentMilliseconds.kind === 'known' && silentMilliseconds.value >= SOURCE_SILENCE_MILLISECONDS;
  return [receiving.kind === 'running' && !isSilent ? 'alive' : 'silent'];
}
