/** `ShardedCluster`: one resource for a sharded, replicated MariaDB. */
import { z } from 'zod';
import { objectMeta, type ObjectMeta } from './object-meta.ts';
import { type ShardedClusterSpec, shardedClusterSpecSchema } from './sharded-cluster-spec.ts';
import { type ShardedClusterStatus, shardedClusterStatusSchema } from './sharded-cluster-status.ts';

export const shardedClusterSchema = z
  .object({ spec: shardedClusterSpecSchema, status: shardedClusterStatusSchema.exactOptional() })
  .meta({
    description:
      'A sharded, replicated MariaDB: one StatefulSet per shard, each a primary with its replicas.',
  });

/** A ShardedCluster as read from the API server: defaults are filled in. */
export interface ShardedCluster {
  apiVersion: 'shardwright.io/v1alpha1';
  kind: 'ShardedCluster';
  metadata: ObjectMeta;
  spec: ShardedClusterSpec;
  status?: ShardedClusterStatus;
}

/** Checks a whole {@link ShardedCluster} and fills in defaults. */
export const shardedClusterObjectSchema: z.ZodType<ShardedCluster> = shardedClusterSchema.extend({
  apiVersion: z.literal('shardwright.io/v1alpha1'),
  kind: z.literal('ShardedCluster'),
  metadata: objectMeta,
});
