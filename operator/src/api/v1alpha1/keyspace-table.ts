/** `spec.keyspaces[].tables`: the tables that are not cut by the keyspace's own key. */
import { z } from 'zod';
import { choice, matching, rules } from './fields.ts';
import { CONSISTENCY_LEVELS, TABLE_TYPES } from './keyspace-words.ts';

/** What the name of a column may look like. */
export const COLUMN_PATTERN = '^[A-Za-z_][A-Za-z0-9_$]*$';

/** Why some fields never change. */
export const DATA_WOULD_STAY = 'since rows already stored would no longer be found where they are looked for';

const NEW_TABLE = 'restore the former value, or create another table and copy the rows into it';

/** CEL that is true when an optional field is as it was. */
export function sameOptional(field: string): string {
  return `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`;
}

export const tableSchema = z
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
      TABLE_TYPES,
      '`Reference`: a copy on every shard. `Unsharded`: on one shard only. Absent for a table cut by `key`.',
    ).exactOptional(),
    consistency: choice(
      CONSISTENCY_LEVELS,
      'How reads of this table choose a server, where it is not as for the keyspace.',
    ).exactOptional(),
  })
  .meta({
    description: 'A table of the keyspace.',
    ...rules(
      {
        rule: '!has(self.key) || !has(self.type)',
        message:
          'spec.keyspaces[].tables[] has both key and type: keep key for a table cut by that column, or type for one ' +
          'that is not cut',
        fieldPath: '.type',
      },
      {
        rule: sameOptional('key'),
        message: `spec.keyspaces[].tables[].key cannot change, ${DATA_WOULD_STAY}: ${NEW_TABLE}`,
        fieldPath: '.key',
        reason: 'FieldValueForbidden',
      },
      {
        rule: sameOptional('type'),
        message: `spec.keyspaces[].tables[].type cannot change, ${DATA_WOULD_STAY}: ${NEW_TABLE}`,
        fieldPath: '.type',
        reason: 'FieldValueForbidden',
      },
    ),
  });
