/** From what the API server sent to typed objects. */
import type { z } from 'zod';
import { type ShardMap, shardMapObjectSchema } from './shard-map.ts';
import { type ShardRebalance, shardRebalanceObjectSchema } from './shard-rebalance.ts';
import { type ShardedCluster, shardedClusterObjectSchema } from './sharded-cluster.ts';

/** An object does not fit its schema: written under another version of the CRD, or past the API server's checks. */
export class ApiSchemaError extends Error {
  override readonly name = 'ApiSchemaError';
  readonly code = 'ApiSchema';
  /** Kind of the object. */
  readonly kind: string;
  /** Each fault as `path: what is wrong`. */
  readonly faults: readonly string[];

  constructor(kind: string, cause: z.ZodError) {
    const faults = cause.issues.map(
      (issue) => `${issue.path.map(String).join('.') || kind}: ${issue.message}`,
    );
    super(`${kind} does not fit its schema: ${faults.join('; ')}`, { cause });
    this.kind = kind;
    this.faults = faults;
  }
}

function parse<T>(kind: string, schema: z.ZodType<T>, object: unknown): T {
  const result = schema.safeParse(object);
  if (!result.success) {
    throw new ApiSchemaError(kind, result.error);
  }
  return result.data;
}

/**
 * A ShardedCluster with defaults filled in. Fields that the schema does not know are left out, except in metadata.
 * Throws {@link ApiSchemaError}.
 */
export function parseShardedCluster(object: unknown): ShardedCluster {
  return parse('ShardedCluster', shardedClusterObjectSchema, object);
}

/** A ShardMap. Throws {@link ApiSchemaError}. */
export function parseShardMap(object: unknown): ShardMap {
  return parse('ShardMap', shardMapObjectSchema, object);
}

/** A ShardRebalance with defaults filled in. Throws {@link ApiSchemaError}. */
export function parseShardRebalance(object: unknown): ShardRebalance {
  return parse('ShardRebalance', shardRebalanceObjectSchema, object);
}
