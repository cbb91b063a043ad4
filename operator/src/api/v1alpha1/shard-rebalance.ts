/** `ShardRebalance`: the plan of moves between shards, a person's handle on them, and their history. */
import { z } from 'zod';
import { rules, type ValidationRule } from './fields.ts';
import { objectMeta, type ObjectMeta } from './object-meta.ts';
import { type ShardRebalanceSpec, shardRebalanceSpecSchema } from './shard-rebalance-spec.ts';
import {
  ENDED_PHASES,
  type ShardRebalanceStatus,
  shardRebalanceStatusSchema,
} from './shard-rebalance-status.ts';

/** Longest name of a ShardRebalance, in characters: the names of its moves begin with it. */
export const MAX_REBALANCE_NAME_LENGTH = 46;

/** A word of a person that comes too late. */
function inTime(field: string, remedy: string): ValidationRule {
  return {
    rule:
      `!self.spec.${field} || oldSelf.spec.${field} || !has(self.status) || !has(self.status.phase) || ` +
      `!(self.status.phase in ['${ENDED_PHASES.join("', '")}'])`,
    message: `spec.${field} comes too late, since the rebalance has ended: ${remedy}`,
    fieldPath: `.spec.${field}`,
    reason: 'FieldValueForbidden',
  };
}

export const shardRebalanceSchema = z
  .object({ spec: shardRebalanceSpecSchema, status: shardRebalanceStatusSchema.exactOptional() })
  .meta({
    description:
      'A plan to move slots between the shards of a ShardedCluster, while it serves: what moves, how far it has come, and ' +
      'how to hold or undo it. The operator makes one when `spec.shards` changes; moves by hand are made by people.',
    ...rules(
      {
        rule: `self.metadata.name.size() <= ${MAX_REBALANCE_NAME_LENGTH}`,
        message: `metadata.name is longer than ${MAX_REBALANCE_NAME_LENGTH} characters, which leaves no room for the names of moves: choose a shorter name`,
        fieldPath: '.metadata.name',
      },
      inTime('cancel', 'set it back to false'),
      inTime('rollback', 'set it back to false, and create a ShardRebalance that moves the slots back'),
    ),
  });

/** A ShardRebalance as read from the API server: defaults are filled in. */
export interface ShardRebalance {
  apiVersion: 'shardwright.io/v1alpha1';
  kind: 'ShardRebalance';
  metadata: ObjectMeta;
  spec: ShardRebalanceSpec;
  status?: ShardRebalanceStatus;
}

/** Checks a whole {@link ShardRebalance} and fills in defaults. */
export const shardRebalanceObjectSchema: z.ZodType<ShardRebalance> = shardRebalanceSchema.extend({
  apiVersion: z.literal('shardwright.io/v1alpha1'),
  kind: z.literal('ShardRebalance'),
  metadata: objectMeta,
});
