/** `spec.keyspaces`: the logical databases, how each is cut into slots, and the tables in it. */
import { z } from 'zod';
import { SLOT_DIGITS } from '../../core/keyspace/database-names.ts';
import { MAX_SLOTS } from '../../core/keyspace/slot-set.ts';
import {
  celList,
  celString,
  choice,
  integer,
  KEEPS_EVERY_NAME,
  keyedList,
  matching,
  rules,
  textSet,
  type ValidationRule,
} from './fields.ts';
import { CONSISTENCY_LEVELS, PLACEMENT_NAMES, STRATEGIES, TRANSACTION_MODES } from './keyspace-words.ts';
import { COLUMN_PATTERN, DATA_WOULD_STAY, sameOptional, tableSchema } from './keyspace-table.ts';
import { keyspaceSplitSchema } from './keyspace-split.ts';
import { MAX_TABLES } from './limits.ts';

/** Longest name of a database in MariaDB, in characters. */
const MAX_DATABASE_NAME_LENGTH = 64;

/** Longest name of a keyspace, so that the name of its last slot's database (`app_s16383`) still fits. */
export const MAX_KEYSPACE_NAME_LENGTH =
  MAX_DATABASE_NAME_LENGTH - '_s'.length - Math.max(SLOT_DIGITS, String(MAX_SLOTS - 1).length);

/** Names of databases that are the server's own. */
export const RESERVED_KEYSPACE_NAMES = ['mysql', 'information_schema', 'performance_schema', 'sys'] as const;

/** Names that begin like this are the operator's. */
export const RESERVED_KEYSPACE_PREFIX = 'shardwright';

/** Most keys at which a new keyspace is cut, and the longest of them in characters. */
const MAX_SPLIT_POINTS = 127;
const MAX_SPLIT_POINT_LENGTH = 128;

/** Decimal numbers in their shortest form, which are in order by value. */
const NUMBER_PATTERN = '^-?(0|[1-9][0-9]*)([.][0-9]*[1-9])?$';

function unchangeable(field: string, remedy: string): ValidationRule {
  return {
    rule: 'self == oldSelf',
    message: `spec.keyspaces[].${field} cannot change, ${DATA_WOULD_STAY}: ${remedy}`,
    reason: 'FieldValueForbidden',
  };
}

const NEW_KEYSPACE = 'restore the former value, or create another keyspace and copy the data into it';

/** Which placements go with which strategy; the first is what an absent `placement` means. */
const PLACEMENTS = [
  {
    strategy: 'ConsistentHash',
    placements: ['Balanced', 'VirtualNodes'],
    remedy: 'use Balanced or VirtualNodes, or strategy Hash',
  },
  { strategy: 'Hash', placements: ['Modulo'], remedy: 'use Modulo, or strategy ConsistentHash' },
  { strategy: 'Range', placements: ['Balanced'], remedy: 'use Balanced' },
] as const;

export const keyspaceSchema = z
  .object({
    name: matching(
      {
        maxLength: MAX_KEYSPACE_NAME_LENGTH,
        pattern: '^[a-z][a-z0-9_]*$',
        message:
          'spec.keyspaces[].name must start with a lower-case letter and go on with lower-case letters, digits or _',
      },
      `Name of the logical database, unique. At most ${MAX_KEYSPACE_NAME_LENGTH} characters, since its slots are ` +
        'databases named `<keyspace>_s<number>`.',
      {
        rule: `!(self.lowerAscii() in ${celList(RESERVED_KEYSPACE_NAMES)}) && !self.lowerAscii().startsWith('${RESERVED_KEYSPACE_PREFIX}')`,
        message:
          `spec.keyspaces[].name is reserved for the server or the operator (${RESERVED_KEYSPACE_NAMES.join(', ')}, ` +
          `${RESERVED_KEYSPACE_PREFIX}…): choose another name`,
      },
      {
        rule: "!self.matches('_[sS][0-9]+$')",
        message: 'spec.keyspaces[].name ends like the database of a slot (_s0042): choose another ending',
      },
    ),
    slots: integer(
      1,
      MAX_SLOTS,
      'Number of fixed parts the keyspace is cut into; each is one database on one shard, and moves as a unit. ' +
        'Cannot be changed: choose several per shard you may ever want. A `Range` keyspace starts with one and is ' +
        'split as it grows, up to this number.',
    )
      .meta(rules(unchangeable('slots', NEW_KEYSPACE)))
      .default(256),
    strategy: choice(
      STRATEGIES,
      'How a key finds its slot: `ConsistentHash` by equal arcs of a ring, `Hash` by remainder, `Range` by ' +
        'intervals of the key itself. Cannot be changed.',
    )
      .meta(rules(unchangeable('strategy', NEW_KEYSPACE)))
      .default('ConsistentHash'),
    placement: choice(
      PLACEMENT_NAMES,
      'How slots are spread over shards: `Balanced` keeps every shard within one slot of the others and moves the ' +
        'fewest slots; `VirtualNodes` by a ring of virtual nodes; `Modulo` by remainder, which moves most slots when ' +
        'the number of shards changes. Where absent: `Modulo` for `Hash`, otherwise `Balanced`.',
    ).exactOptional(),
    splitAt: textSet(
      MAX_SPLIT_POINTS,
      z.string().min(1).max(MAX_SPLIT_POINT_LENGTH),
      'Keys at which a `Range` keyspace is cut from the start, ascending: each begins a slot. Used when the keyspace is made, ' +
        'and cannot be changed. One slot for all keys by default.',
    ).exactOptional(),
    split: keyspaceSplitSchema.exactOptional(),
    transactions: choice(
      TRANSACTION_MODES,
      '`Single` refuses a transaction that touches more than one slot. `Multi` allows it: atomic where the slots share a ' +
        'shard, and otherwise committed one shard after the other, with an honest error when only a part was.',
    ).default('Single'),
    consistency: choice(
      CONSISTENCY_LEVELS,
      'How reads choose a server: `Strong` the primary; `ReadYourWrites` a replica that has all that the session wrote, or ' +
        'the primary; `Eventual` any replica within `spec.readService.maxLagSeconds`.',
    ).default('Strong'),
    defaultKey: matching(
      {
        maxLength: 64,
        pattern: COLUMN_PATTERN,
        message:
          'spec.keyspaces[].defaultKey must be the name of a column: a letter or _, then letters, digits, _ or $',
      },
      'Column that decides the slot in every table that names no `key` of its own. Cannot be changed once set.',
    ).exactOptional(),
    tables: keyedList(
      {
        maxItems: MAX_TABLES,
        keys: ['name'],
        rules: [
          {
            rule: KEEPS_EVERY_NAME,
            message: `spec.keyspaces[].tables[] cannot lose an entry, ${DATA_WOULD_STAY}: restore the entry, also after the table was dropped`,
            reason: 'FieldValueForbidden',
          },
        ],
      },
      tableSchema,
      'Tables that differ from the default: cut by another column, or not cut.',
    ).default([]),
  })
  .meta({
    description: 'A logical database, spread over the shards.',
    ...rules(
      {
        rule: 'has(self.defaultKey) || self.tables.all(table, has(table.key) || has(table.type))',
        message:
          'spec.keyspaces[].tables[] has an entry with neither key nor type, and the keyspace has no defaultKey: set ' +
          'one of the three',
        fieldPath: '.tables',
        reason: 'FieldValueRequired',
      },
      {
        rule: '!has(oldSelf.defaultKey) || (has(self.defaultKey) && self.defaultKey == oldSelf.defaultKey)',
        message: `spec.keyspaces[].defaultKey cannot change once set, ${DATA_WOULD_STAY}: restore it, and give new tables a key of their own`,
        fieldPath: '.defaultKey',
        reason: 'FieldValueForbidden',
      },
      {
        rule: "!has(self.splitAt) || self.strategy == 'Range'",
        message: 'spec.keyspaces[].splitAt goes with strategy Range only: remove it, or use strategy Range',
        fieldPath: '.splitAt',
      },
      {
        rule: "!has(self.split) || self.strategy == 'Range'",
        message: 'spec.keyspaces[].split goes with strategy Range only: remove it, or use strategy Range',
        fieldPath: '.split',
      },
      {
        rule: '!has(self.splitAt) || size(self.splitAt) < self.slots',
        message:
          'spec.keyspaces[].splitAt makes more slots than the keyspace may have: raise slots above the number of entries',
        fieldPath: '.splitAt',
      },
      {
        rule:
          `!has(self.splitAt) || (self.splitAt.all(key, key.matches(${celString(NUMBER_PATTERN)})) ` +
          '? self.splitAt.map(key, double(key)).isSorted() : self.splitAt.isSorted())',
        message:
          'spec.keyspaces[].splitAt does not ascend: put the keys in order, numbers by value and texts by their bytes',
        fieldPath: '.splitAt',
      },
      {
        rule: sameOptional('splitAt'),
        message: `spec.keyspaces[].splitAt cannot change, ${DATA_WOULD_STAY}: restore the former value`,
        fieldPath: '.splitAt',
        reason: 'FieldValueForbidden',
      },
      ...PLACEMENTS.map(({ strategy, placements, remedy }) => ({
        rule: `self.strategy != '${strategy}' || !has(self.placement) || self.placement in ${celList(placements)}`,
        message: `spec.keyspaces[].placement does not go with strategy ${strategy}: ${remedy}`,
        fieldPath: '.placement',
      })),
    ),
  });

/** Rule of the list: a keyspace, once there, stays. */
export const keyspaceRemovalRule: ValidationRule = {
  rule: KEEPS_EVERY_NAME,
  message:
    'spec.keyspaces[] cannot lose an entry, since its data would be unreachable: restore the entry; to be rid of the ' +
    'data, delete the rows and keep the keyspace',
  reason: 'FieldValueForbidden',
};
