/**
 * `ShardMap`: the one source of truth for routing, written by the operator only, by PUT with resourceVersion.
 *
 * Everything stands in `spec` and there is no status sub-resource: the map is a record, not a wish and a report,
 * and one write must change it as a whole. The API server itself refuses what would break the guarantees routers
 * and agents build on, whoever writes: revision and epochs never go back; within an epoch a shard's primary is
 * written once; a promotion passes through "no primary"; and whoever becomes primary was recorded as a replica
 * before.
 */
import { z } from 'zod';
import { choice, flag, integer, keyedList, rules, text, textSet, time } from './fields.ts';
import { objectMeta, type ObjectMeta } from './object-meta.ts';
import { MAX_INSTANCES, MAX_SHARDS } from './limits.ts';
import { MAX_REQUEST_LENGTH } from './requests.ts';
import { mapKeyspacesSchema, mapUsersSchema } from './shard-map-keyspaces.ts';
import { mapMovesSchema, MOVES_RULES, moveLimitsSchema } from './shard-map-moves.ts';

/** Members a shard may have on record: its instances, and those on their way in or out. */
const MAX_MEMBERS = MAX_INSTANCES + 7;

/** Whether the commits of a shard wait for a replica. */
export const ACKNOWLEDGEMENT_RULES = ['OneReplica', 'None'] as const;

const pod = () => z.string().min(1).max(63);

// CEL takes a null for an absent field: `has(self.primary)` is false while there is no primary.
const shardMapShardSchema = z
  .object({
    number: integer(0, 9999, 'Number of the shard.'),
    name: text(63, 'Name of the shard, of its StatefulSet and of its headless Service.'),
    epoch: integer(
      0,
      Number.MAX_SAFE_INTEGER,
      'Number of the primary’s term. Grows with each promotion of this shard and with nothing else.',
    ),
    primary: pod()
      .nullable()
      .meta({ description: 'Pod that takes writes in this epoch; null while one is being made.' }),
    replicas: textSet(
      MAX_MEMBERS,
      pod(),
      'All other members of the shard, a former primary included, in any state of health.',
    ),
    ackers: textSet(
      MAX_MEMBERS,
      pod(),
      'Members whose acknowledgement of a write counts, and who therefore all have to be asked before a promotion.',
    ),
    initialised: flag(
      'Whether the shard’s database exists. Only while false may its primary make an empty one; only when true ' +
        'does anybody copy it and does it take writes. Never goes back.',
    ),
    acknowledgement: choice(
      ACKNOWLEDGEMENT_RULES,
      'Whether a commit waits until a replica has received it. None is for shards of one instance.',
    ),
    formerPrimary: pod()
      .meta({
        description:
          'Pod that was primary before, while a new one is being made: an instance of the operator that takes over has ' +
          'to know whose log decides.',
      })
      .exactOptional(),
    promotedAt: time('When the primary was promoted; absent for the first one.').exactOptional(),
    handledSwitchover: text(
      MAX_REQUEST_LENGTH,
      'The last request for a switchover that was carried out, refused or undone, as it stood in the annotation. It is ' +
        'not carried out again.',
    ).exactOptional(),
  })
  .meta({
    description: 'One shard.',
    ...rules(
      {
        rule: "self.name.matches('-shard-(0|[1-9][0-9]*)$') && int(self.name.find('[0-9]+$')) == self.number",
        message: 'spec.shards[].name must end in -shard-<number>: correct name or number',
        fieldPath: '.name',
      },
      {
        rule: '!has(self.primary) || !(self.primary in self.replicas)',
        message: 'spec.shards[].primary is listed in replicas as well: list a member once',
        fieldPath: '.replicas',
      },
      {
        rule: 'self.ackers.all(acker, acker in self.replicas || (has(self.primary) && acker == self.primary))',
        message: 'spec.shards[].ackers names a pod that is no member: add it to replicas first',
        fieldPath: '.ackers',
      },
      {
        rule:
          "self.replicas.all(pod, pod.startsWith(self.name + '-')) && " +
          "(!has(self.primary) || self.primary.startsWith(self.name + '-'))",
        message: 'spec.shards[] names a pod of another shard: a member is named <shard name>-<ordinal>',
        fieldPath: '.replicas',
      },
      {
        rule: 'self.epoch >= oldSelf.epoch',
        message: 'spec.shards[].epoch went back: read the map again, and write an epoch at least as high',
        fieldPath: '.epoch',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(oldSelf.primary) || (has(self.primary) && self.primary == oldSelf.primary) || self.epoch > oldSelf.epoch',
        message: 'spec.shards[].primary changed within its epoch: raise the epoch, with primary null, first',
        fieldPath: '.primary',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(self.primary) || !has(oldSelf.primary) || self.primary == oldSelf.primary',
        message:
          'spec.shards[].primary went from one pod to another: write the next epoch with primary null first, so that ' +
          'routers hold their statements',
        fieldPath: '.primary',
        reason: 'FieldValueForbidden',
      },
      {
        rule: 'self.initialised || !oldSelf.initialised',
        message:
          'spec.shards[].initialised went back: a shard that has a database keeps it, or its primary could come back ' +
          'empty',
        fieldPath: '.initialised',
        reason: 'FieldValueForbidden',
      },
      {
        rule: "self.acknowledgement == 'OneReplica' || size(self.ackers) == 0",
        message: 'spec.shards[].ackers must be empty where acknowledgement is None: nobody is asked',
        fieldPath: '.ackers',
      },
      {
        rule: '!has(self.primary) || (has(oldSelf.primary) && self.primary == oldSelf.primary) || self.primary in oldSelf.replicas',
        message: 'spec.shards[].primary was no member of the shard: record it in replicas first',
        fieldPath: '.primary',
        reason: 'FieldValueForbidden',
      },
    ),
  });

const shardMapSpecSchema = z
  .object({
    revision: integer(1, Number.MAX_SAFE_INTEGER, 'Grows with every change of the map.'),
    shards: keyedList({ maxItems: MAX_SHARDS, keys: ['number'] }, shardMapShardSchema, 'All shards.'),
    keyspaces: mapKeyspacesSchema.exactOptional(),
    users: mapUsersSchema.exactOptional(),
    moves: mapMovesSchema.exactOptional(),
    moveLimits: moveLimitsSchema.exactOptional(),
  })
  .meta({
    description: 'The map.',
    ...rules(
      {
        rule: 'self == oldSelf || self.revision > oldSelf.revision',
        message: 'spec.revision must grow with every change: read the map again, and write a higher revision',
        fieldPath: '.revision',
        reason: 'FieldValueForbidden',
      },
      {
        rule: '!has(oldSelf.keyspaces) || has(self.keyspaces)',
        message: 'spec.keyspaces was removed, and with it the way to all data: restore it',
        fieldPath: '.keyspaces',
        reason: 'FieldValueForbidden',
      },
      {
        rule:
          '!has(self.keyspaces) || [self.shards.map(shard, shard.number)].all(numbers, ' +
          'self.keyspaces.all(keyspace, keyspace.homeShard in numbers && ' +
          'keyspace.slotsByShard.all(owner, owner.shard in numbers)))',
        message: 'spec.keyspaces[] names a shard that spec.shards does not have: add the shard first',
        fieldPath: '.keyspaces',
      },
      {
        rule:
          '!has(self.keyspaces) || [self.shards.map(shard, shard.number)].all(numbers, ' +
          'self.keyspaces.all(keyspace, !has(keyspace.referenceShards) || ' +
          'keyspace.referenceShards.all(number, number in numbers)))',
        message:
          'spec.keyspaces[].referenceShards names a shard that spec.shards does not have: add the shard first',
        fieldPath: '.keyspaces',
      },
      ...MOVES_RULES,
    ),
  });

export const shardMapSchema = z.object({ spec: shardMapSpecSchema }).meta({
  description:
    'Which shard has which primary and replicas, and which slots: the one source of truth for routing. Written by the ' +
    'operator only.',
});

/** One shard of the map. */
export type ShardMapShard = z.output<typeof shardMapShardSchema>;
/** The map itself. */
export type ShardMapSpec = z.output<typeof shardMapSpecSchema>;

/** A ShardMap as read from the API server. */
export interface ShardMap {
  apiVersion: 'shardwright.io/v1alpha1';
  kind: 'ShardMap';
  metadata: ObjectMeta;
  spec: ShardMapSpec;
}

/** Checks a whole {@link ShardMap}. */
export const shardMapObjectSchema: z.ZodType<ShardMap> = shardMapSchema.extend({
  apiVersion: z.literal('shardwright.io/v1alpha1'),
  kind: z.literal('ShardMap'),
  metadata: objectMeta,
});
