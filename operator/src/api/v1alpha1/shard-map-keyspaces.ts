/** `ShardMap.spec.keyspaces` and `.users`: everything a router needs of the spec, and where each slot is. */
import { z } from 'zod';
import { MAX_SLOTS } from '../../core/keyspace/slot-set.ts';
import { atomicList, choice, integer, KEEPS_EVERY_NAME, keyedList, rules, text } from './fields.ts';
import {
  CONSISTENCY_LEVELS,
  PLACEMENT_NAMES,
  STRATEGIES,
  TABLE_TYPES,
  TRANSACTION_MODES,
} from './keyspace-words.ts';
import { MAX_KEYSPACES, MAX_SHARDS, MAX_TABLES, MAX_USERS } from './limits.ts';

/** Slots as text: numbers and ranges, ascending, separated by commas: `0-63,128`. Each number has at most 5 digits. */
const SLOT_SET_PATTERN = /^\d{1,5}(-\d{1,5})?(,\d{1,5}(-\d{1,5})?)*$/;

/** Room for every second slot of the largest keyspace, which is the longest text there can be. */
const MAX_SLOT_SET_LENGTH = (MAX_SLOTS / 2) * '16383,'.length;

/** Longest beginning of a range, in characters. */
const MAX_BOUND_LENGTH = 768;

const shardNumber = (description: string) => integer(0, 9999, description);

const tableSchema = z
  .object({
    name: text(64, 'Name of the table.'),
    key: text(64, 'Column whose value decides the slot of a row.').exactOptional(),
    type: choice(TABLE_TYPES, 'How a table that is not cut is kept.').exactOptional(),
    consistency: choice(CONSISTENCY_LEVELS, 'How reads of it choose a server.').exactOptional(),
  })
  .meta({ description: 'A table of the keyspace, as in the spec.' });

const ownerSchema = z
  .object({
    shard: shardNumber('Number of the shard.'),
    slots: z
      .string()
      .max(MAX_SLOT_SET_LENGTH)
      .regex(SLOT_SET_PATTERN)
      .meta({ description: 'Numbers of its slots, ascending: `0-63,128`.' }),
  })
  .meta({ description: 'The slots of one shard.' });

const rangeSchema = z
  .object({
    slot: integer(0, MAX_SLOTS - 1, 'Number of the slot.'),
    from: text(
      MAX_BOUND_LENGTH,
      'Smallest key in it, as canonical text; absent for the first range.',
    ).exactOptional(),
  })
  .meta({ description: 'An interval of keys.' });

const unchanged = (field: string, why: string) => ({
  rule: 'self == oldSelf',
  message: `spec.keyspaces[].${field} cannot change, since ${why}: restore the former value`,
  reason: 'FieldValueForbidden' as const,
});

const ROWS_WOULD_BE_LOST = 'rows already stored would no longer be found';

/** Where the slots of a keyspace are. */
export const mapKeyspaceFields = {
  homeShard: shardNumber('Number of the shard that holds unsharded tables.'),
  referenceShards: z
    .array(shardNumber('Number of the shard.'))
    .max(MAX_SHARDS)
    .meta({
      description:
        'Shards that have the reference tables: writes to them, and changes of the schema, go to exactly these. ' +
        'Without the field, all that hold slots or are home.',
      'x-kubernetes-list-type': 'set',
    })
    .exactOptional(),
  slotsByShard: keyedList(
    { maxItems: MAX_SHARDS, keys: ['shard'] },
    ownerSchema,
    'Which shard has which slots. Every slot that exists is on exactly one.',
  ),
  ranges: atomicList(
    MAX_SLOTS,
    rangeSchema,
    'Of a `Range` keyspace: its intervals, ascending, without gaps.',
  ).exactOptional(),
};

const keyspaceSchema = z
  .object({
    name: text(64, 'Name of the logical database.'),
    strategy: choice(STRATEGIES, 'How a key finds its slot.').meta(
      rules(unchanged('strategy', ROWS_WOULD_BE_LOST)),
    ),
    placement: choice(PLACEMENT_NAMES, 'How slots are spread when shards come or go.'),
    slots: integer(1, MAX_SLOTS, 'Number of slots, of a `Range` keyspace the most there can be.').meta(
      rules(unchanged('slots', ROWS_WOULD_BE_LOST)),
    ),
    defaultKey: text(64, 'Column that decides the slot where a table names none.').exactOptional(),
    tables: keyedList({ maxItems: MAX_TABLES, keys: ['name'] }, tableSchema, 'Tables that differ.'),
    ...mapKeyspaceFields,
    transactions: choice(TRANSACTION_MODES, 'Whether a transaction may span slots.'),
    consistency: choice(CONSISTENCY_LEVELS, 'How reads choose a server.'),
  })
  .meta({
    description: 'A logical database, and where its slots are.',
    ...rules(
      {
        rule: "(self.strategy == 'Range') == has(self.ranges)",
        message: 'spec.keyspaces[].ranges goes with strategy Range: write it there, and nowhere else',
        fieldPath: '.ranges',
      },
      {
        rule: 'size(self.slotsByShard) > 0',
        message: 'spec.keyspaces[].slotsByShard is empty: every slot has a shard',
        fieldPath: '.slotsByShard',
      },
      {
        rule: '!has(oldSelf.referenceShards) || has(self.referenceShards)',
        message: 'spec.keyspaces[].referenceShards was removed: restore it',
        fieldPath: '.referenceShards',
        reason: 'FieldValueForbidden',
      },
    ),
  });

/** The keyspaces of a map. */
export const mapKeyspacesSchema = keyedList(
  {
    maxItems: MAX_KEYSPACES,
    keys: ['name'],
    rules: [
      {
        rule: KEEPS_EVERY_NAME,
        message: 'spec.keyspaces[] lost an entry, whose data would be unreachable: restore the entry',
        reason: 'FieldValueForbidden',
      },
    ],
  },
  keyspaceSchema,
  'Keyspaces of the cluster. Filled when they are made, and changed by moves.',
);

const userSchema = z
  .object({
    name: text(80, 'Name of the user.'),
    transactions: choice(
      TRANSACTION_MODES,
      'Whether a transaction of the user may span slots.',
    ).exactOptional(),
    consistency: choice(CONSISTENCY_LEVELS, 'How reads of the user choose a server.').exactOptional(),
  })
  .meta({ description: 'A user for whom other defaults hold than for the keyspace.' });

/** The users with defaults of their own. */
export const mapUsersSchema = keyedList(
  { maxItems: MAX_USERS, keys: ['name'] },
  userSchema,
  'Users for whom other defaults hold than those of the keyspace. None of their secrets.',
);

/** One keyspace of the map. */
export type ShardMapKeyspace = z.output<typeof keyspaceSchema>;
/** A user with defaults of its own. */
export type ShardMapUser = z.output<typeof userSchema>;
