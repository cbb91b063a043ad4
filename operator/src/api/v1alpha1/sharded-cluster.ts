/** `ShardedCluster`: one resource for a sharded, replicated MariaDB. */
import { z } from 'zod';
import { rules } from './fields.ts';
import { MAX_CLUSTER_NAME_LENGTH } from './names.ts';
import { objectMeta, type ObjectMeta } from './object-meta.ts';
import { type ShardedClusterSpec, shardedClusterSpecSchema } from './sharded-cluster-spec.ts';
import { type ShardedClusterStatus, shardedClusterStatusSchema } from './sharded-cluster-status.ts';

export const shardedClusterSchema = z
  .object({ spec: shardedClusterSpecSchema, status: shardedClusterStatusSchema.exactOptional() })
  .meta({
    description:
      'A sharded, replicated MariaDB: one StatefulSet per shard, each a primary with its replicas.',
    ...rules(
      {
        rule: `self.metadata.name.size() <= ${MAX_CLUSTER_NAME_LENGTH}`,
        message:
          `metadata.name is longer than ${MAX_CLUSTER_NAME_LENGTH} characters, which leaves no room for the names of ` +
          'shards and pods: choose a shorter name',
        fieldPath: '.metadata.name',
      },
      {
        rule: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        message:
          'metadata.name is also the name of a Service: start with a lower-case letter, and go on with lower-case ' +
          'letters, digits and -',
        fieldPath: '.metadata.name',
      },
      {
        rule: "!self.metadata.name.matches('-(shard-[0-9]+(-.*)?|router)$')",
        message:
          'metadata.name looks like the name of a shard or a router of another cluster (-shard-0, -router): choose ' +
          'another name',
        fieldPath: '.metadata.name',
      },
    ),
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
