/** ShardMaps, and changes of one, that would break what routers and agents build on. */
import type { Fields, RefusedSpec } from './refused-spec.ts';

/** One shard of the map `shop`, sound unless `fields` spoil it. */
export function mapShard(fields: Fields = {}): Fields {
  return {
    number: 0,
    name: 'shop-shard-0',
    epoch: 3,
    primary: 'shop-shard-0-0',
    replicas: ['shop-shard-0-1', 'shop-shard-0-2'],
    ackers: ['shop-shard-0-1'],
    initialised: true,
    acknowledgement: 'OneReplica',
    promotedAt: '2026-01-01T00:00:00Z',
    handledSwitchover: 'any/1',
    ...fields,
  };
}

/** A map of one shard. */
export function map(revision: number, fields: Fields = {}): Fields {
  return { revision, shards: [mapShard(fields)] };
}

const first = 'spec.shards[0]';

export const REFUSED_SHARD_MAPS: readonly RefusedSpec[] = [
  {
    attempt: 'a primary that is a replica too',
    spec: map(1, { replicas: ['shop-shard-0-0'], ackers: [] }),
    field: `${first}.replicas`,
    remedy: 'list a member once',
  },
  {
    attempt: 'an acker that is no member',
    spec: map(1, { ackers: ['shop-shard-0-7'] }),
    field: `${first}.ackers`,
    remedy: 'add it to replicas first',
  },
  {
    attempt: 'a member of another shard',
    spec: map(1, { replicas: ['shop-shard-1-1'], ackers: [] }),
    field: `${first}.replicas`,
    remedy: '<shard name>-<ordinal>',
  },
  {
    attempt: 'a name that belongs to another number',
    spec: map(1, { name: 'shop-shard-10', primary: null, replicas: [], ackers: [] }),
    field: `${first}.name`,
    remedy: 'correct name or number',
  },
  {
    attempt: 'no word about the primary',
    spec: {
      revision: 1,
      shards: [
        {
          number: 0,
          name: 'shop-shard-0',
          epoch: 1,
          replicas: [],
          ackers: [],
          initialised: true,
          acknowledgement: 'None',
        },
      ],
    },
    field: `${first}.primary`,
    remedy: 'Required value',
  },
  { attempt: 'revision 0', spec: map(0), field: 'spec.revision', remedy: 'greater than or equal to 1' },
  {
    attempt: 'a revision that goes back',
    from: map(5),
    spec: map(4),
    field: 'spec.revision',
    remedy: 'read the map again',
  },
  {
    attempt: 'a change without a new revision',
    from: map(5),
    spec: map(5, { ackers: [] }),
    field: 'spec.revision',
    remedy: 'write a higher revision',
  },
  {
    attempt: 'an epoch that goes back',
    from: map(5),
    spec: map(6, { epoch: 2 }),
    field: `${first}.epoch`,
    remedy: 'read the map again',
  },
  {
    attempt: 'a primary changed within its epoch',
    from: map(5),
    spec: map(6, { primary: null, replicas: ['shop-shard-0-0', 'shop-shard-0-1', 'shop-shard-0-2'] }),
    field: `${first}.primary`,
    remedy: 'raise the epoch',
  },
  {
    attempt: 'a database that ceases to exist',
    from: map(5),
    spec: map(6, { initialised: false }),
    field: `${first}.initialised`,
    remedy: 'could come back empty',
  },
  {
    attempt: 'a promotion at no time',
    spec: map(1, { promotedAt: 'yesterday' }),
    field: `${first}.promotedAt`,
    remedy: 'must be of type date-time',
  },
  {
    attempt: 'an empty request on record',
    spec: map(1, { handledSwitchover: '' }),
    field: `${first}.handledSwitchover`,
    remedy: 'at least 1 chars long',
  },
  {
    attempt: 'ackers where nobody is asked',
    spec: map(1, { acknowledgement: 'None' }),
    field: `${first}.ackers`,
    remedy: 'must be empty',
  },
  {
    attempt: 'a primary replaced in one write',
    from: map(5),
    spec: map(6, {
      epoch: 4,
      primary: 'shop-shard-0-1',
      replicas: ['shop-shard-0-0', 'shop-shard-0-2'],
      ackers: [],
    }),
    field: `${first}.primary`,
    remedy: 'with primary null first',
  },
  {
    attempt: 'a primary that was no member',
    from: map(5, { primary: null }),
    spec: map(6, { primary: 'shop-shard-0-8' }),
    field: `${first}.primary`,
    remedy: 'record it in replicas first',
  },
];
