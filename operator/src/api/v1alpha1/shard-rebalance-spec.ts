/** `ShardRebalance.spec`: what is to move, and what a person says of it while it does. */
import { z } from 'zod';
import { MAX_SLOTS } from '../../core/keyspace/slot-set.ts';
import { choice, flag, integer, matching, rules, text, type ValidationRule } from './fields.ts';
import { sameOptional } from './keyspace-table.ts';
import { MAX_KEYSPACE_NAME_LENGTH } from './keyspaces.ts';
import { MAX_SHARDS } from './limits.ts';
import { MAX_CLUSTER_NAME_LENGTH } from './names.ts';

/** Most moves that one ShardRebalance asks for by hand. */
export const MAX_MOVES_BY_HAND = 256;

/** Longest key at which a slot is split, in characters. */
const MAX_SPLIT_KEY_LENGTH = 128;

/** What can be moved by hand: one slot, or the unsharded tables of a keyspace. */
export const HAND_MOVED_UNITS = ['Slot', 'Unsharded'] as const;

const ANOTHER = 'restore the former value, and create another ShardRebalance';

/** A field that is set when the object is made, and stays as it is, or absent. */
function settled(field: string): ValidationRule {
  return {
    rule: sameOptional(field),
    message: `spec.${field} cannot change, since moves are planned by it: ${ANOTHER}`,
    fieldPath: `.${field}`,
    reason: 'FieldValueForbidden',
  };
}

/** A word of a person that cannot be taken back. */
function oneWay(field: string, remedy: string): ValidationRule {
  return {
    rule: 'self || !oldSelf',
    message: `spec.${field} cannot be taken back, since moves may have followed it: ${remedy}`,
    reason: 'FieldValueForbidden',
  };
}

const handMoveSchema = z
  .object({
    keyspace: text(MAX_KEYSPACE_NAME_LENGTH, 'Name of the keyspace.'),
    unit: choice(
      HAND_MOVED_UNITS,
      '`Slot` for one slot; `Unsharded` for all unsharded tables of the keyspace, which makes `to` its home shard.',
    ).default('Slot'),
    slot: integer(0, MAX_SLOTS - 1, 'Number of the slot.').exactOptional(),
    to: integer(0, 9999, 'Number of the shard it is to be on.'),
  })
  .meta({
    description: 'One move.',
    ...rules({
      rule: "(self.unit == 'Slot') == has(self.slot)",
      message: 'spec.moves[].slot goes with unit Slot: name the slot there, and leave it out otherwise',
      fieldPath: '.slot',
    }),
  });

const splitSchema = z
  .object({
    keyspace: text(MAX_KEYSPACE_NAME_LENGTH, 'Name of the keyspace, of strategy `Range`.'),
    slot: integer(0, MAX_SLOTS - 1, 'Number of the slot. It ends, and two others take its place.'),
    at: text(MAX_SPLIT_KEY_LENGTH, 'First key of the upper part.'),
    to: integer(
      0,
      9999,
      'Number of the shard that is to have the upper part, which is moved there once the split has ended. By default it stays.',
    ).exactOptional(),
  })
  .meta({ description: 'A slot to be split.' });

const scaleSchema = z
  .object({
    shards: integer(1, MAX_SHARDS, 'Number of shards over which slots are to be spread: 0 to `shards` - 1.'),
  })
  .meta({ description: 'Spreads the slots of every keyspace over a number of shards.' });

export const shardRebalanceSpecSchema = z
  .object({
    clusterName: matching(
      {
        maxLength: MAX_CLUSTER_NAME_LENGTH,
        pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$',
        message:
          'spec.clusterName is not the name of a ShardedCluster: write one as kubectl get shc shows it',
      },
      'ShardedCluster whose slots move, in the same namespace. Cannot be changed.',
      {
        rule: 'self == oldSelf',
        message: `spec.clusterName cannot change: ${ANOTHER}`,
        reason: 'FieldValueForbidden',
      },
    ),
    scale: scaleSchema.exactOptional(),
    moves: z
      .array(handMoveSchema)
      .min(1)
      .max(MAX_MOVES_BY_HAND)
      .meta({
        description:
          'Moves by hand. The slots stay where they are put until the number of shards changes. Cannot be changed.',
        'x-kubernetes-list-type': 'atomic',
        ...rules({
          rule:
            'self.all(move, self.exists_one(other, other.keyspace == move.keyspace && ' +
            'has(other.slot) == has(move.slot) && (!has(move.slot) || other.slot == move.slot)))',
          message: 'spec.moves[] names a slot twice: keep one of the entries',
        }),
      })
      .exactOptional(),
    split: splitSchema.exactOptional(),
    reason: text(256, 'Why, for people.').exactOptional(),
    approved: flag(
      'Lets the plan be carried out where `spec.rebalance.approval` of the cluster asks for consent. Cannot be taken back.',
    )
      .meta(rules(oneWay('approved', 'set paused or cancel')))
      .default(false),
    paused: flag(
      'Holds moves where they are, until set back. Data is served as before; a cut-over under way ends first.',
    ).default(false),
    cancel: flag(
      'Begins no further move, and undoes those that have not been cut over: the rows stay where they were. Slots that ' +
        'were cut over stay where they are now. Cannot be taken back.',
    )
      .meta(rules(oneWay('cancel', 'create another ShardRebalance')))
      .default(false),
    rollback: flag(
      'Like `cancel`, and moves back every slot whose soak time has not ended, with all that was written since. Cannot ' +
        'be taken back.',
    )
      .meta(rules(oneWay('rollback', 'create another ShardRebalance')))
      .default(false),
  })
  .meta({
    description:
      'What is to move. Everything but `approved`, `paused`, `cancel` and `rollback` stays as it was made.',
    ...rules(
      {
        rule: '[has(self.scale), has(self.moves), has(self.split)].filter(asked, asked).size() == 1',
        message: 'spec has to say one thing to do: write scale, moves or split',
        fieldPath: '.scale',
        reason: 'FieldValueRequired',
      },
      settled('scale'),
      settled('moves'),
      settled('split'),
      {
        rule: '!self.paused || !(self.cancel || self.rollback)',
        message: 'spec.paused would hold what cancel and rollback undo: set paused to false',
        fieldPath: '.paused',
      },
    ),
  });

/** The spec as stored: defaults filled in. */
export type ShardRebalanceSpec = z.output<typeof shardRebalanceSpecSchema>;
/** The spec as a user writes it. */
export type ShardRebalanceSpecInput = z.input<typeof shardRebalanceSpecSchema>;
/** One move asked for by hand. */
export type HandMove = z.output<typeof handMoveSchema>;
