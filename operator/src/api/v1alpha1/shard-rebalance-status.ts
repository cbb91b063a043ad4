/** `ShardRebalance.status`: the plan, and how far it has come. */
import { z } from 'zod';
import { MAX_SLOTS } from '../../core/keyspace/slot-set.ts';
import { choice, integer, keyedList, rules, text, time } from './fields.ts';
import { MOVE_UNITS, shardRebalancePlanSchema } from './shard-rebalance-plan.ts';

/**
 * What a rebalance is at.
 * - `Planned`: the plan is written; moves begin with the next step.
 * - `AwaitingApproval`: it waits for `spec.approved`.
 * - `Running`: moves are under way.
 * - `Held`: none goes on; `status.held` says why.
 * - `Soaking`: all are cut over, and can still be rolled back without loss.
 * - `Completed`, `Cancelled`, `RolledBack`, `Failed`: it has ended, and never changes again.
 */
export const REBALANCE_PHASES = [
  'Planned',
  'AwaitingApproval',
  'Running',
  'Held',
  'Soaking',
  'Completed',
  'Cancelled',
  'RolledBack',
  'Failed',
] as const;
export type RebalancePhase = (typeof REBALANCE_PHASES)[number];

/** Phases after which nothing moves any more. */
export const ENDED_PHASES = [
  'Completed',
  'Cancelled',
  'RolledBack',
  'Failed',
] as const satisfies readonly RebalancePhase[];

/** Why moves are held; what each means is in `rebalance-words.ts`. */
export const HOLD_REASONS = [
  'Paused',
  'ClusterPaused',
  'Suspended',
  'OutsideWindow',
  'AnotherRebalance',
  'ShardNotReady',
  'PrimaryUnavailable',
  'ReplicaLagging',
  'SourceBusy',
  'VolumeNearlyFull',
  'SessionInTheWay',
  'AgentSilent',
  'MoveHeld',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** What a move is at: as in the ShardMap, `Pending` before it is there, `Failed` when it was given up. */
const REBALANCE_MOVE_PHASES = [
  'Pending',
  'Copying',
  'Switching',
  'Soaking',
  'Finishing',
  'Returning',
  'Undoing',
  'Failed',
] as const;

/** Most moves that the status lists one by one; the rest is counted. */
export const MAX_LISTED_MOVES = 128;

const count = (description: string) => integer(0, Number.MAX_SAFE_INTEGER, description);
const known = (description: string) => count(`${description} Absent while unknown.`).exactOptional();
const shard = (description: string) => integer(0, 9999, description);

const holdSchema = z
  .object({
    reason: choice(HOLD_REASONS, 'One word for why, stable, for programs.'),
    message: text(1024, 'A sentence for people: what is in the way, and what to do.'),
    since: time('Since when.'),
  })
  .meta({ description: 'Why nothing goes on.' });

const moveSchema = z
  .object({
    id: text(63, 'Its name, as in the ShardMap.'),
    keyspace: text(64, 'Name of the keyspace.'),
    unit: choice(MOVE_UNITS, 'What moves.'),
    slot: integer(0, MAX_SLOTS - 1, 'Number of the slot, of unit `Slot`.').exactOptional(),
    from: shard('Number of the shard it leaves.'),
    to: shard('Number of the shard it goes to.'),
    phase: choice(REBALANCE_MOVE_PHASES, 'What it is at.'),
    stage: text(32, 'What the agents do for it: `Copying`, `CatchingUp`, `Verifying` …').exactOptional(),
    attempt: count('Tries of its cut-over.'),
    rowsDone: count('Rows copied.'),
    rowsTotal: known('Rows there are.'),
    bytesDone: count('Bytes copied.'),
    bytesTotal: known('Bytes there are.'),
    rowsPerSecond: count('Rows copied per second.'),
    bytesPerSecond: count('Bytes copied per second.'),
    etaSeconds: known('Seconds until it can be cut over.'),
    lagMilliseconds: known('How far the copy is behind.'),
    pauseMilliseconds: known('How long writes waited at its cut-over.'),
    soakEndsAt: time('Until when it can be rolled back.').exactOptional(),
    heldBecause: text(1024, 'Why it does not go on, and what to do.').exactOptional(),
    error: text(1024, 'Why it was given up.').exactOptional(),
  })
  .meta({ description: 'One move.' });

const progressSchema = z
  .object({
    total: count('Moves of the plan.'),
    pending: count('Moves that have not begun.'),
    running: count('Moves before their cut-over, or on their way back.'),
    soaking: count('Moves that are cut over and can be rolled back.'),
    done: count('Moves that have ended where they were to.'),
    undone: count('Moves that were taken back, or never begun.'),
    failed: count('Moves that were given up.'),
    rowsDone: count('Rows copied, by moves that ended and those under way.'),
    rowsTotal: known('Rows of the plan.'),
    bytesDone: count('Bytes copied.'),
    bytesTotal: known('Bytes of the plan.'),
    rowsPerSecond: count('Rows copied per second by all moves.'),
    bytesPerSecond: count('Bytes copied per second by all moves.'),
    etaSeconds: known('Seconds until all are cut over.'),
    longestPauseMilliseconds: known('Longest that writes waited at a cut-over.'),
  })
  .meta({ description: 'How far it has come.' });

const summarySchema = z
  .object({
    moves: text(32, 'Moves that are cut over, of all: `12/86`.'),
    eta: text(32, 'Time until all are: `4m10s`, `unknown` or `-`.'),
  })
  .meta({
    description:
      'What `kubectl get` shows. Columns cannot count or format, so the operator writes these words for them.',
  });

export const shardRebalanceStatusSchema = z
  .object({
    observedGeneration: count('`metadata.generation` this status is about.').exactOptional(),
    phase: choice(REBALANCE_PHASES, 'What it is at.').exactOptional(),
    message: text(1024, 'A sentence for people about the phase.').exactOptional(),
    held: holdSchema.exactOptional(),
    plan: shardRebalancePlanSchema.exactOptional(),
    startedAt: time('When the first move began.').exactOptional(),
    endedAt: time('When it ended.').exactOptional(),
    soakEndsAt: time('When the last move that is cut over can no longer be rolled back.').exactOptional(),
    progress: progressSchema.exactOptional(),
    summary: summarySchema.exactOptional(),
    moves: keyedList(
      { maxItems: MAX_LISTED_MOVES, keys: ['id'] },
      moveSchema,
      'Moves that are under way, given up or soaking, in this order as far as there is room; `progress` counts all.',
    ).exactOptional(),
  })
  .meta({
    description: 'What the operator found. Never edit it.',
    ...rules(
      {
        rule: '!has(oldSelf.plan) || (has(self.plan) && self.plan == oldSelf.plan)',
        message: 'status.plan cannot change once written: restore it, and create another ShardRebalance',
        fieldPath: '.plan',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          `!has(oldSelf.phase) || !(oldSelf.phase in ['${ENDED_PHASES.join("', '")}']) || ` +
          '(has(self.phase) && self.phase == oldSelf.phase)',
        message:
          'status.phase cannot change once it has ended: restore it, and create another ShardRebalance',
        fieldPath: '.phase',
        reason: 'FieldValueForbidden',
      },
    ),
  });

/** What the operator reports. */
export type ShardRebalanceStatus = z.output<typeof shardRebalanceStatusSchema>;
/** One move, as reported. */
export type RebalanceMove = z.output<typeof moveSchema>;
/** How far a rebalance has come. */
export type RebalanceProgress = z.output<typeof progressSchema>;
/** Why nothing goes on. */
export type RebalanceHold = z.output<typeof holdSchema>;

/** Whether a rebalance has begun and not ended: slots may have another shard than any status says. */
export function isUnderWay({ status }: { readonly status?: ShardRebalanceStatus | undefined }): boolean {
  return status?.startedAt !== undefined && status.endedAt === undefined;
}
