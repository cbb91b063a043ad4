/** `ShardedCluster.spec`. */
import { z } from 'zod';
import { affinitySchema } from './affinity.ts';
import { cloneSchema } from './clone.ts';
import { engineSchema } from './engine.ts';
import { failoverSchema, readServiceSchema } from './failover.ts';
import { choice, flag, integer, keyedList, rules } from './fields.ts';
import { MAX_INSTANCES, MAX_KEYSPACES, MAX_SHARDS, MAX_USERS } from './limits.ts';
import { keyspaceRemovalRule, keyspaceSchema } from './keyspaces.ts';
import { configSchema } from './my-cnf.ts';
import { rebalanceSchema } from './rebalance.ts';
import { resourcesSchema } from './resources.ts';
import { routerSchema } from './router.ts';
import { schedulingFields } from './scheduling.ts';
import { shardWeights } from './shard-weights.ts';
import { storageSchema } from './storage.ts';
import { tlsSchema } from './tls.ts';
import { userSchema } from './users.ts';

export const shardedClusterSpecSchema = z
  .object({
    engine: engineSchema.prefault({}),
    shards: integer(
      1,
      MAX_SHARDS,
      'Number of shards: independent primaries, each with its replicas, that hold a part of the data each. ' +
        '`kubectl scale` sets it. A lower number empties the highest shards, and then removes them; it takes keyspaces.',
    ),
    instances: integer(
      1,
      MAX_INSTANCES,
      'Database instances in each shard, one primary and otherwise replicas. Three survive the loss of one ' +
        'without a pause in writes.',
    ).default(3),
    keyspaces: keyedList(
      { maxItems: MAX_KEYSPACES, keys: ['name'], rules: [keyspaceRemovalRule] },
      keyspaceSchema,
      'Logical databases that are spread over the shards.',
    ).default([]),
    shardWeights: shardWeights(
      'Shards that are to have more of the slots than others, by `Balanced` and `VirtualNodes`; `Modulo` knows no weights. Used ' +
        'when a keyspace is made and when slots are spread; a change moves nothing until then.',
    ).default([]),
    storage: storageSchema.prefault({}),
    resources: resourcesSchema('spec.resources', '128Mi', 'CPU and memory of each database server.').default({
      requests: { cpu: '100m', memory: '512Mi' },
    }),
    config: configSchema.exactOptional(),
    failover: failoverSchema.prefault({}),
    readService: readServiceSchema.prefault({}),
    clone: cloneSchema.prefault({}),
    router: routerSchema.prefault({}),
    rebalance: rebalanceSchema.prefault({}),
    users: keyedList(
      { maxItems: MAX_USERS, keys: ['name'] },
      userSchema,
      'Database users kept on every shard, beside the user `app` of the Secret `<cluster>-app`. One that is removed here is ' +
        'dropped. They take a keyspace, since there is nothing else that they could be given access to.',
    ).default([]),
    tls: tlsSchema.prefault({}),
    affinity: affinitySchema.exactOptional(),
    ...schedulingFields,
    suspend: flag(
      'Makes the operator keep its hands off this cluster: nothing is changed or repaired, and there is no failover.',
    ).default(false),
    hibernated: flag('Stops all pods of the cluster. Volumes and credentials are kept.').default(false),
    deletionPolicy: choice(
      ['Retain', 'Delete'],
      'What becomes of the volumes when the ShardedCluster is deleted, or a shard is removed: `Retain` keeps them, ' +
        '`Delete` deletes them with all data.',
    ).default('Retain'),
  })
  .meta({
    description: 'What the cluster should be.',
    ...rules(
      {
        rule: 'self.shards >= oldSelf.shards || size(self.keyspaces) > 0',
        message:
          'spec.shards cannot be lowered without keyspaces, since nobody knows where else data should be: restore the former ' +
          'number; to use fewer shards, create a smaller ShardedCluster and copy the data into it',
        fieldPath: '.shards',
        reason: 'FieldValueForbidden',
      },
      {
        rule: 'size(self.users) == 0 || size(self.keyspaces) > 0',
        message:
          'spec.users takes a keyspace, since there is nothing else that users are given access to: add one to spec.keyspaces, or ' +
          'remove the users',
        fieldPath: '.users',
      },
      {
        rule:
          '[self.keyspaces.map(keyspace, keyspace.name)].all(names, ' +
          'self.users.all(user, !has(user.keyspaces) || user.keyspaces.all(name, name in names)))',
        message:
          'spec.users[].keyspaces names a keyspace that spec.keyspaces does not have: correct the name, or add it',
        fieldPath: '.users',
      },
    ),
  });

/** The spec as stored: defaults filled in. */
export type ShardedClusterSpec = z.output<typeof shardedClusterSpecSchema>;

/** The spec as a user writes it: only `shards` is required. */
export type ShardedClusterSpecInput = z.input<typeof shardedClusterSpecSchema>;
