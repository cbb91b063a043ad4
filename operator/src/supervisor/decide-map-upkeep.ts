/** What the map of a shard has to be told besides who is primary: ordered predicates. Pure. */
import type { Position, PositionArithmetic } from '../engines/position.ts';
import { findReleasableAcker } from './acker-release.ts';
import { type MemberObservation, type ShardObservation, stateOf } from './observe-shard.ts';

/**
 * A change of the map that is due, or waited for.
 * - `databaseMade`: the primary has an initialised database that the map does not know of: mark it.
 * - `replicaJoining`: a member is ready to follow and waits to be recorded as an acker.
 * - `acknowledgementUnwanted`: one instance is asked for: commits must stop waiting before the replicas go.
 * - `acknowledgementWanted`: more than one instance is asked for, and commits do not wait yet.
 * - `ackerGone`: an acker was removed, or gives up its data, and another holds everything it may have acknowledged.
 * - `ackerLeaving`: the same, but nobody is known to cover it yet: it stays on record.
 * - `initialising`: the primary makes the database.
 */
export type MapUpkeep =
  | { readonly kind: 'databaseMade' }
  | { readonly kind: 'replicaJoining'; readonly pod: string }
  | { readonly kind: 'acknowledgementUnwanted' }
  | { readonly kind: 'acknowledgementWanted' }
  | { readonly kind: 'ackerGone'; readonly pod: string }
  | { readonly kind: 'ackerLeaving'; readonly pod: string }
  | { readonly kind: 'initialising' };

/** What the decision needs beside the observation. */
export interface UpkeepContext {
  readonly positions: Pick<PositionArithmetic, 'covers'>;
  /**
   * Where the primary was when each removed acker was first seen gone, by pod: everything it may have acknowledged
   * lies before.
   */
  readonly departures: ReadonlyMap<string, Position>;
}

type Predicate = (observation: ShardObservation, context: UpkeepContext) => MapUpkeep | null;

const PREDICATES: readonly Predicate[] = [
  databaseMade,
  acknowledgementUnwanted,
  acknowledgementWanted,
  replicaJoining,
  ackerGivingUp,
  ackerGone,
  ackerLeaving,
  initialising,
];

/** Decides; null when the map is as it should be. */
export function decideMapUpkeep(observation: ShardObservation, context: UpkeepContext): MapUpkeep | null {
  for (const predicate of PREDICATES) {
    const upkeep = predicate(observation, context);
    if (upkeep !== null) {
      return upkeep;
    }
  }
  return null;
}

/**
 * Only by the word of the recorded primary, in this epoch, with a server that runs as the primary and has what every
 * later start relies on: from then on an empty volume is never taken for a new shard.
 */
function databaseMade({ shard, members }: ShardObservation): MapUpkeep | null {
  const state = stateOf({ members }, shard.primary);
  if (shard.initialised || state === null || state.epoch !== shard.epoch) {
    return null;
  }
  const { server, member } = state;
  const isPrimary =
    server.kind === 'running' &&
    server.role === 'primary' &&
    member !== null &&
    member.role.kind !== 'replica';
  return isPrimary && member.heartbeat.kind === 'known' ? { kind: 'databaseMade' } : null;
}

function initialising({ shard }: ShardObservation): MapUpkeep | null {
  return shard.initialised ? null : { kind: 'initialising' };
}

/** While replicas still answer: a primary whose commits wait for nobody could not be told any more. */
function acknowledgementUnwanted({ shard, instances }: ShardObservation): MapUpkeep | null {
  const isUnwanted = shard.initialised && instances === 1 && shard.acknowledgement === 'OneReplica';
  return isUnwanted ? { kind: 'acknowledgementUnwanted' } : null;
}

function acknowledgementWanted({ shard, instances }: ShardObservation): MapUpkeep | null {
  return instances > 1 && shard.acknowledgement === 'None' ? { kind: 'acknowledgementWanted' } : null;
}

/** Before its IO thread first starts: from the first row it acknowledges on, a promotion must ask it. */
function replicaJoining({ shard, members }: ShardObservation): MapUpkeep | null {
  if (!shard.initialised || shard.acknowledgement === 'None') {
    return null;
  }
  const joining = members.find(
    ({ pod, state }) =>
      shard.replicas.includes(pod) &&
      !shard.ackers.includes(pod) &&
      state !== null &&
      state.awaitingAcker &&
      state.epoch === shard.epoch,
  );
  return joining === undefined ? null : { kind: 'replicaJoining', pod: joining.pod };
}

function ackerGivingUp(observation: ShardObservation, { positions }: UpkeepContext): MapUpkeep | null {
  const pod = findReleasableAcker(observation, positions);
  return pod === null ? null : { kind: 'ackerGone', pod };
}

/**
 * It no longer runs, and a member that stays, and counts, holds everything up to when it was seen gone. A pod that was
 * deleted by force may run on: then more members acknowledge than are known to follow.
 */
function ackerGone(observation: ShardObservation, context: UpkeepContext): MapUpkeep | null {
  const { shard, members } = observation;
  const acknowledgers = stateOf({ members }, shard.primary)?.member?.acknowledgement.acknowledgers;
  if (acknowledgers === undefined || acknowledgers > members.filter(isReceiving).length) {
    return null;
  }
  for (const { pod } of departedAckers(observation)) {
    const until = context.departures.get(pod);
    const isCovered = members.some(({ pod: other, exists, state }) => {
      const received = state?.member?.received;
      return (
        other !== pod &&
        exists &&
        shard.ackers.includes(other) &&
        until !== undefined &&
        received?.kind === 'known' &&
        context.positions.covers(received.value, until)
      );
    });
    if (isCovered) {
      return { kind: 'ackerGone', pod };
    }
  }
  return null;
}

function isReceiving({ exists, state }: MemberObservation): boolean {
  const role = state?.member?.role;
  return exists && role?.kind === 'replica' && role.following.receiving.kind === 'running';
}

function ackerLeaving(observation: ShardObservation): MapUpkeep | null {
  const [leaving] = departedAckers(observation);
  return leaving === undefined ? null : { kind: 'ackerLeaving', pod: leaving.pod };
}

/** Ackers that are no longer asked for and whose pods are gone. A pod that is asked for comes back. */
export function departedAckers({
  shard,
  instances,
  members,
}: ShardObservation): readonly MemberObservation[] {
  return members.filter(
    ({ pod, exists }) =>
      !exists &&
      pod !== shard.primary &&
      shard.ackers.includes(pod) &&
      ordinalIn(shard.name, pod) >= instances,
  );
}

function ordinalIn(shard: string, pod: string): number {
  return Number(pod.slice(shard.length + 1));
}
