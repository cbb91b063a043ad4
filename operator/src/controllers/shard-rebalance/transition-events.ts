/** What to tell of a change of a rebalance. Pure. */
import type { EventReason, ShardRebalanceStatus } from '../../api/v1alpha1/index.ts';

/** An event about a rebalance. */
export interface RebalanceEvent {
  readonly reason: EventReason;
  readonly note: string;
  /** Whether those who follow the cluster should hear of it as well. */
  readonly isOfCluster: boolean;
}

/** Longest note the API server takes with an event. */
const NOTE_CHARACTERS = 1000;

/** The events from one status to the next. */
export function transitionEvents(
  before: ShardRebalanceStatus | undefined,
  after: ShardRebalanceStatus,
): readonly RebalanceEvent[] {
  const events: RebalanceEvent[] = [];
  const tell = (reason: EventReason, note: string, isOfCluster = true): void => {
    events.push({ reason, note: note.slice(0, NOTE_CHARACTERS), isOfCluster });
  };
  const { message = '' } = after;
  if (before?.plan === undefined && after.plan !== undefined) {
    const share = (100 * after.plan.shareMoved).toFixed(1);
    tell('RebalancePlanned', `${after.plan.moveCount} moves, ${share} % of the slots. ${message}`);
  }
  if (before?.startedAt === undefined && after.startedAt !== undefined) {
    tell('RebalanceApproved', 'The plan is carried out.');
  }
  const failedBefore = new Set(before?.moves?.filter(({ phase }) => phase === 'Failed').map(({ id }) => id));
  for (const move of after.moves ?? []) {
    if (move.phase === 'Failed' && !failedBefore.has(move.id)) {
      const what = move.unit === 'Slot' ? `slot ${move.slot ?? ''}` : move.unit;
      tell(
        'MoveFailed',
        `${move.keyspace}, ${what}, from shard ${move.from} to ${move.to}: ${move.error ?? ''}`,
      );
    }
  }
  if (before?.phase === after.phase) {
    return events;
  }
  switch (after.phase) {
    case 'Held':
      tell('RebalanceHeld', message);
      break;
    case 'Running':
      if (before?.phase === 'Held') {
        tell('RebalanceResumed', 'Moves go on.');
      }
      break;
    case 'Soaking':
      tell('RebalanceSoaking', message);
      break;
    case 'Completed':
      tell('RebalanceCompleted', message);
      break;
    case 'Cancelled':
      tell('RebalanceCancelled', message);
      break;
    case 'RolledBack':
      tell('RebalanceRolledBack', message);
      break;
    case 'Failed':
      tell('RebalanceFailed', message);
      break;
    default:
  }
  return events;
}
