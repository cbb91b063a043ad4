/** `ShardRebalance.status.plan`: what moves, what it costs, and what to know before. Written once. */
import { z } from 'zod';
import { MAX_GROUP_SLOTS, MAX_MOVE_GROUPS } from '../../core/rebalance/move-groups.ts';
import { PLAN_WARNING_CODES } from '../../core/rebalance/plan-warnings.ts';
import { atomicList, choice, integer, keyedList, text, time } from './fields.ts';
import { PLACEMENT_NAMES } from './keyspace-words.ts';
import { MAX_KEYSPACES, MAX_SHARDS } from './limits.ts';
import { shardWeights } from './shard-weights.ts';

/**
 * What moves as one.
 * - `Slot`: the database of a slot.
 * - `Unsharded`: the unsharded tables of a keyspace, whose home shard changes.
 * - `Reference`: a copy of the reference tables of a keyspace; nothing leaves the shard it comes from.
 */
export const MOVE_UNITS = ['Slot', 'Unsharded', 'Reference'] as const;
export type MoveUnit = (typeof MOVE_UNITS)[number];

/** Room for so many slots of which no two are neighbours. */
const MAX_GROUP_SLOTS_LENGTH = MAX_GROUP_SLOTS * '16383,'.length;

/** Most warnings of a plan: seven of the whole, two of each keyspace, and one of each shard at most. */
const MAX_PLAN_WARNINGS = 7 + 2 * MAX_KEYSPACES + MAX_SHARDS;

const count = (description: string) => integer(0, Number.MAX_SAFE_INTEGER, description);
const shard = (description: string) => integer(0, 9999, description);
const size = (description: string) => count(`${description} About; absent while unknown.`).exactOptional();
const ratio = (description: string) => z.number().min(0).max(1e9).meta({ description });

const moveGroupSchema = z
  .object({
    keyspace: text(64, 'Name of the keyspace.'),
    unit: choice(
      MOVE_UNITS,
      '`Slot`; `Unsharded`, the unsharded tables; or `Reference`, a copy of the reference tables.',
    ),
    slots: z
      .string()
      .max(MAX_GROUP_SLOTS_LENGTH)
      .regex(/^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/)
      .meta({ description: 'Numbers of the slots, ascending: `0-63,128`. Absent for other units.' })
      .exactOptional(),
    split: z
      .object({
        at: text(128, 'First key of the upper part.'),
        lower: shard('Number of the slot that the lower part becomes.'),
        upper: shard('Number of the slot that the upper part becomes.'),
      })
      .meta({ description: 'What the slot is split into; `from` and `to` are the shard that has it.' })
      .exactOptional(),
    from: shard('Number of the shard that has it.'),
    to: shard('Number of the shard that gets it.'),
    count: count('Number of moves: one for each slot.'),
    rows: size('Rows in all of them.'),
    bytes: size('Bytes in all of them.'),
  })
  .meta({ description: 'Moves of one keyspace from one shard to another.' });

const keyspacePlanSchema = z
  .object({
    name: text(64, 'Name of the keyspace.'),
    placement: choice(PLACEMENT_NAMES, 'How its slots are spread over shards.'),
    slots: count('Slots it has.'),
    slotsMoved: count('Slots that move.'),
    slotsMovedAtLeast: count(
      'Slots that any placement as even would move. Absent for moves by hand.',
    ).exactOptional(),
    slotsMovedByModulo: count(
      'Slots that would move if the remainder of their number decided. Absent for moves by hand.',
    ).exactOptional(),
    skewBefore: ratio(
      'Slots on the shard that is fullest for its weight, divided by its share, before: with equal weights, by the mean of all.',
    ),
    skewAfter: ratio('The same, after.'),
  })
  .meta({ description: 'What becomes of one keyspace.' });

const warningSchema = z
  .object({
    code: choice(PLAN_WARNING_CODES, 'One word for it, stable, for programs.'),
    message: text(1024, 'A sentence for people: what it is about, and what to do.'),
  })
  .meta({ description: 'Something to know before slots move.' });

export const shardRebalancePlanSchema = z
  .object({
    plannedAt: time('When it was planned.'),
    mapRevision: integer(0, Number.MAX_SAFE_INTEGER, 'Revision of the ShardMap it was planned from.'),
    shardsBefore: integer(0, MAX_SHARDS, 'Shards that have slots before.'),
    shardsAfter: integer(0, MAX_SHARDS, 'Shards that have slots after.'),
    weights: shardWeights(
      '`spec.shardWeights` of the cluster that was planned with. Absent where all shards count the same.',
    ).exactOptional(),
    keyspaces: keyedList(
      { maxItems: MAX_KEYSPACES, keys: ['name'] },
      keyspacePlanSchema,
      'What becomes of each keyspace.',
    ),
    moves: atomicList(
      MAX_MOVE_GROUPS,
      moveGroupSchema,
      'All moves, by keyspace and pair of shards. They are carried out in turns, so that all pairs of shards are busy.',
    ),
    moveCount: count('Number of moves.'),
    rows: size('Rows that are copied.'),
    bytes: size('Bytes that are copied.'),
    shareMoved: ratio('Slots that move, of all: 0.25 is a quarter.'),
    shareMovedByModulo: ratio(
      'The same, if the remainder of their number decided. Absent for moves by hand.',
    ).exactOptional(),
    durationSeconds: z
      .object({
        least: count('At the limits of `spec.rebalance`, with as many moves at once as may be.'),
        most: count('With one move after the other, at a quarter of the limits.'),
      })
      .meta({
        description:
          'How long it takes until all is cut over, without windows and pauses. More moves than the map takes at once wait ' +
          'until others have soaked. Absent while sizes are unknown.',
      })
      .exactOptional(),
    warnings: atomicList(MAX_PLAN_WARNINGS, warningSchema, 'What to know before.'),
  })
  .meta({ description: 'The plan. Never changes once written.' });

/** A plan, as stored. */
export type ShardRebalancePlan = z.output<typeof shardRebalancePlanSchema>;
