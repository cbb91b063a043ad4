/** `ShardedCluster.status`: what the operator found. */
import { z } from 'zod';
import { PROMOTION_REASONS, SHARD_STATE_NAMES } from '../../core/instance-report.ts';
import { CONDITION_TYPES } from './conditions.ts';
import { choice, flag, integer, keyedList, text, time } from './fields.ts';
import { ROLES } from './labels.ts';
import { MAX_INSTANCES, MAX_KEYSPACES, MAX_SHARDS } from './limits.ts';
import { MAX_REQUEST_LENGTH } from './requests.ts';
import { mapKeyspaceFields } from './shard-map-keyspaces.ts';

const MAX_INT64 = Number.MAX_SAFE_INTEGER;

const conditionSchema = z
  .object({
    type: text(64, `Aspect the condition is about: ${CONDITION_TYPES.join(', ')}.`),
    status: choice(['True', 'False', 'Unknown'], 'Whether it holds.'),
    observedGeneration: integer(0, MAX_INT64, '`metadata.generation` the verdict is about.').exactOptional(),
    lastTransitionTime: time('When `status` last changed.'),
    reason: text(128, 'One word for why, stable, for programs.'),
    message: z
      .string()
      .max(4096)
      .meta({ description: 'A sentence for people: what is the matter and what to do.' }),
  })
  .meta({ description: 'One aspect of the cluster.' });

const lagSeconds = (description: string) =>
  z.number().min(0).max(1e9).nullable().meta({ description }).exactOptional();

const cloneProgressSchema = z
  .object({
    source: text(253, 'Pod that is copied.'),
    bytes: integer(0, MAX_INT64, 'Bytes received.'),
    estimatedBytes: integer(0, MAX_INT64, 'Bytes that will come, about; null while unknown.').nullable(),
    bytesPerSecond: integer(0, MAX_INT64, 'Bytes received per second, over the last five seconds.'),
  })
  .meta({ description: 'How far the clone of another instance has come; absent while none is made.' });

const instanceSchema = z
  .object({
    pod: text(253, 'Name of the pod.'),
    role: choice(ROLES, 'Role in the shard; absent while unknown.').exactOptional(),
    gtid: z
      .string()
      .max(1024)
      .meta({ description: 'Last transaction applied, as a GTID position.' })
      .exactOptional(),
    lagSeconds: lagSeconds('Seconds behind the primary; null while unknown, which is not 0.'),
    lagBytes: integer(
      0,
      MAX_INT64,
      'Bytes received from the primary and not yet applied; null while unknown.',
    )
      .nullable()
      .exactOptional(),
    healthy: flag('Whether the instance runs, and as a replica follows its primary.'),
    lastChecked: time('When the instance last told its state.').exactOptional(),
    clone: cloneProgressSchema.exactOptional(),
    error: z.string().max(1024).meta({ description: 'Why it is not healthy.' }).exactOptional(),
  })
  .meta({ description: 'One database instance.' });

const switchoverSchema = z
  .object({
    request: text(MAX_REQUEST_LENGTH, 'What was asked for, as it stood in the annotation.'),
    outcome: choice(
      ['Completed', 'Refused', 'Undone'],
      '`Completed`; `Refused` before anything was changed; or `Undone`: begun and not completed, the primary is as before.',
    ),
    message: text(1024, 'What was done, or why it was not.'),
    at: time('When that was decided.'),
  })
  .meta({ description: 'The last planned change of the primary.' });

const milliseconds = (description: string) => integer(0, MAX_INT64, description).exactOptional();

const failoverSchema = z
  .object({
    at: time('When the winner was recorded.'),
    epoch: integer(0, MAX_INT64, 'The epoch it began.'),
    from: text(253, 'The former primary; absent where that is not known.').exactOptional(),
    to: text(253, 'The primary since.'),
    reason: choice(PROMOTION_REASONS, 'Why the former primary was replaced.'),
    mayBeMissing: text(
      1024,
      'Acknowledged writes that may be missing; absent where none can be.',
    ).exactOptional(),
    phaseMilliseconds: z
      .object({
        detect: milliseconds('From the end, or the last word, of the primary to the decision to act.'),
        decide: milliseconds('From there to the map without a primary.'),
        fence: milliseconds('Killing the former primary, and hearing from all members what they have.'),
        publish: milliseconds('Electing, and writing the winner to the map.'),
        drain: milliseconds('Until the winner had applied what it had received.'),
        promote: milliseconds('Until it took writes.'),
      })
      .meta({ description: 'How long each part took, in milliseconds; a part that was not seen is absent.' }),
  })
  .meta({ description: 'The last promotion, planned or not.' });

const shardSchema = z
  .object({
    name: text(63, 'Name of the shard: `<cluster>-shard-<number>`.'),
    primary: z
      .string()
      .max(253)
      .nullable()
      .meta({ description: 'Pod that is the primary; null while there is none.' })
      .exactOptional(),
    epoch: integer(0, MAX_INT64, 'Number of the primary’s term; grows with every promotion.').exactOptional(),
    state: text(64, `What the shard is found in: ${SHARD_STATE_NAMES.join(', ')}.`).exactOptional(),
    lastFailover: failoverSchema.exactOptional(),
    lastSwitchover: switchoverSchema.exactOptional(),
    readyInstances: integer(0, MAX_INSTANCES, 'Instances that are ready.'),
    slots: integer(0, MAX_INT64, 'Number of slots the shard holds, over all keyspaces.').exactOptional(),
    maxLagSeconds: lagSeconds('Lag of the replica furthest behind, in seconds; null while one is unknown.'),
    instances: keyedList({ maxItems: 16, keys: ['pod'] }, instanceSchema, 'Its instances.').exactOptional(),
  })
  .meta({ description: 'One shard.' });

const keyspaceSchema = z
  .object({
    name: text(64, 'Name of the keyspace.'),
    homeShard: mapKeyspaceFields.homeShard,
    referenceShards: mapKeyspaceFields.referenceShards,
    slotsByShard: mapKeyspaceFields.slotsByShard,
    ranges: mapKeyspaceFields.ranges,
  })
  .meta({ description: 'Where the slots of a keyspace are.' });

const endpointsSchema = z
  .object({
    application: text(300, '`host:port` applications connect to.').exactOptional(),
    applicationSecret: text(253, 'Secret with the application’s credentials.').exactOptional(),
    adminSecret: text(253, 'Secret with the administrator’s credentials.').exactOptional(),
    shards: keyedList(
      { maxItems: MAX_SHARDS, keys: ['name'] },
      z
        .object({
          name: text(63, 'Name of the shard.'),
          primary: text(300, '`host:port` of its primary.'),
          replicas: text(300, '`host:port` of its replicas.'),
        })
        .meta({ description: 'Addresses of one shard.' }),
      'Addresses of each shard.',
    ).exactOptional(),
  })
  .meta({ description: 'Where to connect.' });

const summarySchema = z
  .object({
    shards: text(32, 'Shards with all instances ready, of those asked for: `2/3`.'),
    primaries: text(32, 'Shards with a ready primary, of those asked for: `3/3`.'),
    lag: text(32, 'Largest lag of a replica: `0.3s`, or `unknown`.').exactOptional(),
    rebalance: text(64, 'Phase and progress of the rebalance under way, or `-`.').exactOptional(),
  })
  .meta({
    description:
      'What `kubectl get` shows. Columns cannot count or format, so the operator writes these words for them.',
  });

export const shardedClusterStatusSchema = z
  .object({
    observedGeneration: integer(0, MAX_INT64, '`metadata.generation` this status is about.').exactOptional(),
    conditions: keyedList({ maxItems: 16, keys: ['type'] }, conditionSchema, 'Verdicts.').exactOptional(),
    summary: summarySchema.exactOptional(),
    replicas: integer(
      0,
      MAX_SHARDS,
      'Number of shards that exist, for the `scale` sub-resource.',
    ).exactOptional(),
    selector: z
      .string()
      .max(512)
      .meta({ description: 'Label selector of the database pods, for the `scale` sub-resource.' })
      .exactOptional(),
    shards: keyedList(
      { maxItems: MAX_SHARDS, keys: ['name'] },
      shardSchema,
      'State of each shard.',
    ).exactOptional(),
    keyspaces: keyedList(
      { maxItems: MAX_KEYSPACES, keys: ['name'] },
      keyspaceSchema,
      'Where the slots of each keyspace are, as the ShardMap has it: what a lost map is restored from.',
    ).exactOptional(),
    endpoints: endpointsSchema.exactOptional(),
  })
  .meta({ description: 'What the operator found. Never edit it.' });

/** What the operator reports. */
export type ShardedClusterStatus = z.output<typeof shardedClusterStatusSchema>;
/** One condition, as stored. */
export type Condition = z.output<typeof conditionSchema>;
/** State of one shard. */
export type ShardStatus = z.output<typeof shardSchema>;
/** State of one instance. */
export type InstanceStatus = z.output<typeof instanceSchema>;
