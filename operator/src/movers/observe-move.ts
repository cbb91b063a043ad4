/** What a decision about a move rests on. */
import type { MoveReport } from '../agent/protocol/move-report.ts';
import type { ShardMapMove, ShardMapShard } from '../api/v1alpha1/index.ts';
import type { ShardStateName } from '../core/instance-report.ts';
import { assertNever } from '../runtime/assert-never.ts';

/** Why something waits. */
export interface MoveHold {
  /** CamelCase, stable. */
  readonly reason: string;
  /** A sentence for a person. */
  readonly message: string;
}

/**
 * What is wanted of a move, by those who may say so.
 * - `proceed`: on with it.
 * - `hold`: stay where it is; a switch under way ends first.
 * - `cancel`: back, unless it was cut over.
 * - `rollback`: back, also when it was, as long as that loses nothing.
 */
export type MoveWish =
  | { readonly kind: 'proceed' }
  | ({ readonly kind: 'hold' } & MoveHold)
  | { readonly kind: 'cancel' }
  | { readonly kind: 'rollback' };

/** One of the two shards of a move. */
export interface MoveSide {
  readonly name: string;
  /**
   * The word of the agent of the primary that the map names, in the epoch that the map names; null while there is none, or
   * it is old.
   */
  readonly report: MoveReport | null;
  /** Why the shard cannot be relied upon now; null while it can. */
  readonly trouble: MoveHold | null;
}

/** Everything about one move. */
export interface MoveObservation {
  readonly move: ShardMapMove;
  readonly wish: MoveWish;
  readonly from: MoveSide;
  readonly to: MoveSide;
  /** Milliseconds for which the move has been in this phase of this attempt, as far as is known here. */
  readonly phaseMilliseconds: number;
  /** Milliseconds until the soak time is over; 0 when it is. */
  readonly soakMilliseconds: number;
  /** Whether another move of the cluster is being switched: clients shall not wait for several. */
  readonly isAnotherSwitching: boolean;
  /** Whether every replica that may serve reads has what came with the last change of the owner. */
  readonly areReplicasCurrent: boolean;
  /** What was in the way when the last attempt to switch was undone; null where that is not known. */
  readonly obstacle: string | null;
}

/** A side of a move, by the map, what its supervisor says, and what the agent of its primary said last. */
export function observeSide(
  shard: ShardMapShard | undefined,
  state: ShardStateName | undefined,
  report: MoveReport | undefined,
): MoveSide {
  const isOfNow = shard !== undefined && shard.primary !== null && report?.epoch === shard.epoch;
  return {
    name: shard?.name ?? '',
    report: isOfNow ? report : null,
    trouble: shard === undefined ? NO_SHARD : troubleOf(shard, state),
  };
}

const NO_SHARD: MoveHold = { reason: 'ShardNotReady', message: 'The shard is not in the ShardMap.' };

/** Why nothing should be moved from or to a shard now; null where nothing speaks against it. */
export function troubleOf(shard: ShardMapShard, state: ShardStateName | undefined): MoveHold | null {
  if (!shard.initialised) {
    return { reason: 'ShardNotReady', message: `${shard.name} is being made.` };
  }
  if (shard.primary === null) {
    return { reason: 'PrimaryUnavailable', message: `${shard.name} has no primary at the moment.` };
  }
  return state === undefined || isUntroubled(state)
    ? null
    : { reason: 'PrimaryUnavailable', message: `The primary of ${shard.name} is in trouble: ${state}.` };
}

function isUntroubled(state: ShardStateName): boolean {
  switch (state) {
    case 'healthy':
    case 'databaseMade':
    case 'replicaJoining':
    case 'replicaBroken':
    case 'ackerGone':
    case 'ackerLeaving':
    case 'acknowledgementUnwanted':
    case 'acknowledgementWanted':
      return true;
    case 'initialising':
    case 'primaryLost':
    case 'primaryUnreachable':
    case 'primaryHung':
    case 'primaryUnable':
    case 'acknowledgementsStalled':
    case 'switchingOver':
    case 'promoting':
    case 'blocked':
      return false;
    default:
      return assertNever(state);
  }
}
