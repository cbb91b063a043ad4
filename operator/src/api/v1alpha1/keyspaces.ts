/** `spec.keyspaces`: the logical databases, how each is cut into slots, and the tables in it. */
import { z } from 'zod';
import { choice, integer, keyedList, matching } from './fields.ts';

/** Longest name of a database in MariaDB, in characters. */
const MAX_DATABASE_NAME_LENGTH = 64;

/** Most slots of one keyspace. */
export const MAX_SLOTS = 16_384;

/** Fewest digits of a slot's number in the name of its database. */
export const SLOT_DIGITS = 4;

/** Longest name of a keyspace, so that the name of its last slot's database (`app_s16383`) still fits. */
export const MAX_KEYSPACE_NAME_LENGTH =
  MAX_DATABASE_NAME_LENGTH - '_s'.length - Math.max(SLOT_DIGITS, String(MAX_SLOTS - 1).length);

/** Names of databases that are the server's own. */
export const RESERVED_KEYSPACE_NAMES = [
  'mysql',
  'information_schema',
  'performance_schema',
  'sys',
  'test',
] as const;

/** Names that begin like this are the operator's. */
export const RESERVED_KEYSPACE_PREFIX = 'shardwright';

const COLUMN_PATTERN = '^[A-Za-z_][A-Za-z0-9_$]*$';

const tableSchema = z
  .object({
    name: matching(
      {
        maxLength: 64,
        pattern: '^[A-Za-z_][A-Za-z0-9_$]*$',
        message:
          'spec.keyspaces[].tables[].name must start with a letter or _ and go on with letters, digits, _ or $',
      },
      'Name of the table, unique in its keyspace.',
    ),
    key: matching(
      {
        maxLength: 64,
        pattern: COLUMN_PATTERN,
        message:
          'spec.keyspaces[].tables[].key must be the name of a column: a letter or _, then letters, digits, _ or $',
      },
      'Column whose value decides the slot of a row. `defaultKey` of the keyspace where absent.',
    ).exactOptional(),
    type: choice(
      ['Reference', 'Unsharded'],
      '`Reference`: a copy on every shard. `Unsharded`: on one shard only. Absent for a table cut by `key`.',
    ).exactOptional(),
  })
  .meta({ description: 'A table of the keyspace.' });

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
    ),
    slots: integer(
      1,
      MAX_SLOTS,
      'Number of fixed parts the keyspace is cut into; each is one database on one shard, and moves as a unit. ' +
        'Cannot be changed: choose several per shard you may ever want.',
    ).default(256),
    strategy: choice(
      ['ConsistentHash', 'Hash', 'Range'],
      'How a key finds its slot: `ConsistentHash` by equal arcs of a ring, `Hash` by remainder, `Range` by ' +
        'intervals of the key itself. Cannot be changed.',
    ).default('ConsistentHash'),
    placement: choice(
      ['Balanced', 'VirtualNodes', 'Modulo'],
      'How slots are spread over shards: `Balanced` keeps every shard within one slot of the others and moves the ' +
        'fewest slots; `VirtualNodes` by a ring of virtual nodes; `Modulo` by remainder, which moves most slots when ' +
        'the number of shards changes. Where absent: `Modulo` for `Hash`, otherwise `Balanced`.',
    ).exactOptional(),
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
      { maxItems: 256, keys: ['name'] },
      tableSchema,
      'Tables that differ from the default: cut by another column, or not cut.',
    ).default([]),
  })
  .meta({ description: 'A logical database, spread over the shards.' });
