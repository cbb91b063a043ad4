import type { Condition, ConditionType, EventReason, Reason } from '../../../api/v1alpha1/index.ts';
import { EVENT_REASONS } from '../../../api/v1alpha1/index.ts';
import type { EventDescription } from '../../../runtime/events/recorder.ts';

const WARNINGS: Partial<Record<Reason, EventReason>> = {
  ConflictingObject: 'ObjectConflict',
  InvalidSpec: 'InvalidSpec',
  ReconcileFailed: 'ReconcileFailed',
  PrimaryVolumeEmpty: 'PrimaryVolumeEmpty',
  VolumeNearlyFull: 'VolumeNearlyFull',
  ReplicationBroken: 'ReplicationBroken',
  UserSecretMissing: 'UserSecretMissing',
  UserNotSet: 'UserNotSet',
};

/** Reasons for not being ready that somebody asked for. */
const INTENDED: ReadonlySet<string> = new Set(['Suspended', 'Hibernated', 'Deleting']);

/** Reasons for not being ready where nothing was lost: what is new, such as a shard that was added, is not there yet. */
const GROWING: ReadonlySet<string> = new Set(['CreatingObjects', 'WaitingForPods']);

/** The events that tell how the conditions have changed. Nothing is told about the first status of a cluster. */
export function transitionEvents(
  previous: readonly Condition[],
  next: readonly Condition[],
): EventDescription[] {
  const before = (type: ConditionType) => previous.find((condition) => condition.type === type);
  const after = (type: ConditionType) => next.find((condition) => condition.type === type);
  const events: EventDescription[] = [];
  const tell = (reason: EventReason, action: string, note: string): void => {
    events.push({ type: EVENT_REASONS[reason].type, reason, action, note });
  };

  const ready = { before: before('Ready'), after: after('Ready') };
  const degraded = { before: before('Degraded'), after: after('Degraded') };
  const progressing = { before: before('Progressing'), after: after('Progressing') };
  if (ready.after?.reason === 'Suspended' && ready.before?.reason !== 'Suspended') {
    tell('Suspended', 'Suspend', ready.after.message);
  }
  if (ready.before?.reason === 'Suspended' && ready.after?.reason !== 'Suspended') {
    tell('Resumed', 'Resume', 'The operator takes care of the cluster again.');
  }
  if (progressing.after?.reason === 'Hibernated' && progressing.before?.reason !== 'Hibernated') {
    tell('Hibernated', 'Hibernate', progressing.after.message);
  }
  if (ready.before?.reason === 'Hibernated' && !INTENDED.has(ready.after?.reason ?? '')) {
    tell('WokenUp', 'WakeUp', 'Pods are started again after hibernation.');
  }
  const blocked = { before: before('FailoverBlocked'), after: after('FailoverBlocked') };
  if (
    blocked.after?.status === 'True' &&
    blocked.after.reason !== 'Suspended' &&
    blocked.before?.reason !== blocked.after.reason
  ) {
    tell('FailoverBlocked', 'Promote', blocked.after.message);
  }
  const rebalancing = { before: before('Rebalancing'), after: after('Rebalancing') };
  if (
    rebalancing.after?.reason === 'ShardsWithoutSlots' &&
    rebalancing.before?.reason !== 'ShardsWithoutSlots'
  ) {
    tell('ShardsWithoutSlots', 'Rebalance', rebalancing.after.message);
  }
  const warning = WARNINGS[(degraded.after?.reason ?? '') as Reason];
  if (warning !== undefined && degraded.before?.reason !== degraded.after?.reason) {
    tell(warning, 'Reconcile', degraded.after?.message ?? '');
  }
  if (ready.after?.status === 'True' && ready.before !== undefined && ready.before.status !== 'True') {
    tell('ClusterReady', 'Reconcile', ready.after.message);
  }
  if (
    ready.before?.status === 'True' &&
    ready.after?.status === 'False' &&
    !INTENDED.has(ready.after.reason) &&
    !GROWING.has(ready.after.reason) &&
    warning === undefined
  ) {
    tell('ClusterDegraded', 'Reconcile', ready.after.message);
  }
  return events;
}
