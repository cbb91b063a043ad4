/**
 * What the closed words of a ShardRebalance mean, and what to do. Programs match on them.
 * `docs/reference/conditions.md` is generated from this file.
 */
import type { PlanWarningCode } from '../../core/rebalance/plan-warnings.ts';
import type { HoldReason, RebalancePhase } from './shard-rebalance-status.ts';

/** What a word means, and what a person does about it. */
export interface WordDocumentation {
  readonly meaning: string;
  /** What the user does about it. */
  readonly remedy: string;
}

const NOTHING = 'Nothing to do.';

/** Every phase. */
export const PHASE_WORDS: Readonly<Record<RebalancePhase, WordDocumentation>> = {
  Planned: {
    meaning: 'It is being planned, or waits for its turn to begin, or for its cluster to be there.',
    remedy:
      'Nothing to do, unless `status.message` says that there is no such cluster: then correct the name in another.',
  },
  AwaitingApproval: {
    meaning:
      'The plan is made and waits for consent: `spec.rebalance.approval` of the cluster is `Manual`, or it copies more than ' +
      '`spec.rebalance.automaticUpToBytes`, or its size is unknown where that is set.',
    remedy: 'Read the plan and set `spec.approved`, or `spec.cancel`.',
  },
  Running: { meaning: 'Moves are under way.', remedy: NOTHING },
  Held: {
    meaning: 'No move goes on; `status.held` says why. Data is served as before.',
    remedy: 'See the reason below.',
  },
  Soaking: {
    meaning: 'All moves are cut over. Until `status.soakEndsAt` all can be brought back without loss.',
    remedy: 'Nothing to do, or set `spec.rollback`.',
  },
  Completed: { meaning: 'Everything is where it was to be.', remedy: NOTHING },
  Cancelled: {
    meaning: 'Somebody set `spec.cancel`. Slots that were cut over before stay where they are now.',
    remedy: 'Scale or move again when you like.',
  },
  RolledBack: {
    meaning: 'Somebody set `spec.rollback`. All slots whose soak time had not ended are where they were.',
    remedy: NOTHING,
  },
  Failed: {
    meaning: 'There can be no plan, or a move was given up; `status.message` says why. No row is lost.',
    remedy: 'Settle what the message names, and scale or move again.',
  },
};

/** Every reason for which moves are held. */
export const HOLD_WORDS: Readonly<Record<HoldReason, WordDocumentation>> = {
  Paused: { meaning: '`spec.paused` of the ShardRebalance is set.', remedy: 'Set it back to go on.' },
  ClusterPaused: {
    meaning: '`spec.rebalance.paused` of the cluster is set.',
    remedy: 'Set it back to go on.',
  },
  Suspended: { meaning: '`spec.suspend` of the cluster is set.', remedy: 'Set it back to go on.' },
  OutsideWindow: {
    meaning: 'No window of `spec.rebalance.windows` is open.',
    remedy: 'Wait for the next one, or change the windows.',
  },
  AnotherRebalance: {
    meaning: 'Another ShardRebalance of the cluster, or a move of a former one, has to end first.',
    remedy: 'Wait for it, or cancel it.',
  },
  ShardNotReady: {
    meaning: 'A shard that takes part is still being made, or is not in the ShardMap.',
    remedy: 'Look at the conditions of the ShardedCluster and at the pods of the shard named.',
  },
  PrimaryUnavailable: {
    meaning: 'A shard that takes part has no primary at work. The move goes on when it has one.',
    remedy: 'Look at the conditions of the ShardedCluster.',
  },
  ReplicaLagging: {
    meaning: 'A replica of source or target is further behind than `spec.rebalance.maxReplicaLagSeconds`.',
    remedy: 'Wait, lower `bytesPerSecond`, or raise the limit.',
  },
  SourceBusy: {
    meaning:
      'The server that rows are copied from uses more than 70 % of its processors, or runs more statements at once than ' +
      '`spec.rebalance.maxRunningThreads`.',
    remedy: 'Wait, give the servers more CPU, or raise the limit.',
  },
  VolumeNearlyFull: {
    meaning: 'The volume that receives the rows is nearly full.',
    remedy: 'Delete what you no longer need there, or cancel.',
  },
  SessionInTheWay: {
    meaning:
      'A session keeps a transaction open in what is to be cut over; the message names it. It is tried again.',
    remedy: 'End the session.',
  },
  AgentSilent: {
    meaning: 'An agent that takes part has not told anything for a while.',
    remedy: 'Look at the container `agent` of the pod named.',
  },
  MoveHeld: { meaning: 'Something else; the message says what.', remedy: 'Do as the message says.' },
};

/** Every warning of a plan. */
export const WARNING_WORDS: Readonly<Record<PlanWarningCode, WordDocumentation>> = {
  SizesUnknown: {
    meaning: 'Some databases were not measured, so rows, bytes and time are not known.',
    remedy: 'Plan again when all primaries are up, if you want to know.',
  },
  NoPrimaryKey: {
    meaning: 'Tables without a primary key cannot be copied exactly: the move of their slot is held.',
    remedy: 'Give them one.',
  },
  ForeignKeyToOtherDatabase: {
    meaning: 'A foreign key points to another database, which stays where it is.',
    remedy: 'Drop the foreign key.',
  },
  NotTransactional: {
    meaning: 'Tables of an engine without transactions cannot be copied while they are written.',
    remedy: 'Make them InnoDB.',
  },
  NotMovable: {
    meaning: 'Something else keeps databases from being moved; the message says what.',
    remedy:
      'See [what keeps a database from being moved](../rebalancing.md#what-keeps-a-database-from-being-moved).',
  },
  NotInspected: {
    meaning:
      'The primary of a shard did not tell in time what keeps its databases from being moved. A move that finds something waits, and says so.',
    remedy: 'Nothing to do; or cancel, and plan again when the shard is at work.',
  },
  LongTransaction: {
    meaning:
      'A transaction has been open for long where slots leave. A cut-over waits for it, or is tried again.',
    remedy: 'End it.',
  },
  VolumeNearlyFull: {
    meaning: 'Little room is left on a volume afterwards.',
    remedy: 'Use larger volumes, or more shards.',
  },
  MostSlotsMove: {
    meaning: 'The placement moves many more slots than it takes.',
    remedy: 'Go to a multiple of the number of shards, or use `Balanced` for new keyspaces.',
  },
  Uneven: {
    meaning: 'A shard has much more than its share of the slots afterwards.',
    remedy: 'Choose more slots for new keyspaces.',
  },
};
