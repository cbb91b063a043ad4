/** What is wanted of moves, by the cluster, the ShardRebalance they belong to, and the time. Pure. */
import type { MoveLimits, ShardedCluster, ShardMapMove, ShardRebalance } from '../api/v1alpha1/index.ts';
import type { MoveHold, MoveWish } from './observe-move.ts';

/** What a wish follows from. */
export interface WishInput {
  readonly cluster: Pick<ShardedCluster, 'spec'>;
  /** The one the move belongs to; undefined when it was deleted. */
  readonly rebalance: ShardRebalance | undefined;
  /** Whether the windows of the cluster let slots move now. */
  readonly isWindowOpen: boolean;
}

/** Why nothing of a cluster, or of one rebalance, should go on now; null where it should. */
export function holdOf({ cluster: { spec }, rebalance, isWindowOpen }: WishInput): MoveHold | null {
  if (spec.suspend) {
    return { reason: 'Suspended', message: 'spec.suspend of the cluster is set.' };
  }
  if (spec.rebalance.paused) {
    return {
      reason: 'ClusterPaused',
      message: 'spec.rebalance.paused of the cluster is set. Set it to false to go on.',
    };
  }
  if (rebalance?.spec.paused === true) {
    return {
      reason: 'Paused',
      message: `spec.paused of the ShardRebalance is set. Set it to false to go on.`,
    };
  }
  return isWindowOpen
    ? null
    : { reason: 'OutsideWindow', message: 'No window of spec.rebalance.windows is open.' };
}

/** What is wanted of one move. One whose ShardRebalance is gone, or that was given up, goes back unless it was cut over. */
export function wishOf({ id }: Pick<ShardMapMove, 'id'>, input: WishInput): MoveWish {
  const { rebalance, cluster } = input;
  const hold = holdOf(input);
  if (cluster.spec.suspend && hold !== null) {
    return { kind: 'hold', ...hold };
  }
  if (rebalance?.spec.rollback === true) {
    return { kind: 'rollback' };
  }
  if (rebalance === undefined || rebalance.spec.cancel || isGivenUp(rebalance, id)) {
    return { kind: 'cancel' };
  }
  return hold === null ? { kind: 'proceed' } : { kind: 'hold', ...hold };
}

/** Whether further moves of a rebalance may begin. One that was given up lets no other begin: a person should look first. */
export function mayBegin(input: WishInput & { readonly rebalance: ShardRebalance }): boolean {
  const { spec, status } = input.rebalance;
  const isUnderWay = status?.phase === 'Running' || status?.phase === 'Held' || status?.phase === 'Soaking';
  return (
    isUnderWay &&
    !spec.cancel &&
    !spec.rollback &&
    (status.progress?.failed ?? 0) === 0 &&
    holdOf(input) === null
  );
}

/** The limits as agents are to have them. */
export function limitsOf(cluster: Pick<ShardedCluster, 'spec'>, isPaused: boolean): MoveLimits {
  const { rowsPerSecond, bytesPerSecond, batchRows, maxReplicaLagSeconds, maxRunningThreads } =
    cluster.spec.rebalance;
  return {
    rowsPerSecond,
    bytesPerSecond,
    batchRows,
    maxReplicaLagSeconds,
    maxRunningThreads,
    paused: isPaused,
  };
}

function isGivenUp({ status }: ShardRebalance, id: string): boolean {
  return status?.moves?.some((move) => move.id === id && move.phase === 'Failed') === true;
}
