/** ShardMaps, and changes of one, whose keyspaces would lead routers astray. */
import { map } from './refused-shard-maps.ts';
import type { Fields, RefusedSpec } from './refused-spec.ts';

/** A keyspace of the map, sound unless `fields` spoil it. */
export function mapKeyspace(fields: Fields = {}): Fields {
  return {
    name: 'app',
    strategy: 'ConsistentHash',
    placement: 'Balanced',
    slots: 8,
    defaultKey: 'user_id',
    tables: [
      { name: 'orders', key: 'customer' },
      { name: 'currencies', type: 'Reference', consistency: 'Eventual' },
    ],
    homeShard: 0,
    slotsByShard: [{ shard: 0, slots: '0-3,5,7' }],
    transactions: 'Single',
    consistency: 'Strong',
    ...fields,
  };
}

/** A keyspace cut by intervals. */
export function rangeKeyspace(fields: Fields = {}): Fields {
  return mapKeyspace({
    strategy: 'Range',
    slotsByShard: [{ shard: 0, slots: '0-1' }],
    ranges: [{ slot: 0 }, { slot: 1, from: '1000' }],
    ...fields,
  });
}

/** A map of one shard with keyspaces. */
export function mapWith(revision: number, ...keyspaces: readonly Fields[]): Fields {
  return { ...map(revision), keyspaces };
}

const field = 'spec.keyspaces[0]';

const unreadable = ['0-', '5-3,', '1 2', '0,,3', 'all', '100000'].map((slots): RefusedSpec => ({
  attempt: `the slots ${JSON.stringify(slots)}`,
  spec: mapWith(1, mapKeyspace({ slotsByShard: [{ shard: 0, slots }] })),
  field: `${field}.slotsByShard[0].slots`,
  remedy: 'should match',
}));

export const REFUSED_SLOTS: readonly RefusedSpec[] = [
  ...unreadable,
  {
    attempt: 'slots on a shard that is not there',
    spec: mapWith(1, mapKeyspace({ slotsByShard: [{ shard: 1, slots: '0-7' }] })),
    field: 'spec.keyspaces',
    remedy: 'add the shard first',
  },
  {
    attempt: 'a home that is not there',
    spec: mapWith(1, mapKeyspace({ homeShard: 4 })),
    field: 'spec.keyspaces',
    remedy: 'add the shard first',
  },
  {
    attempt: 'slots on no shard',
    spec: mapWith(1, mapKeyspace({ slotsByShard: [] })),
    field: `${field}.slotsByShard`,
    remedy: 'every slot has a shard',
  },
  {
    attempt: 'a shard that is listed twice',
    spec: mapWith(
      1,
      mapKeyspace({
        slotsByShard: [
          { shard: 0, slots: '0-3' },
          { shard: 0, slots: '4-7' },
        ],
      }),
    ),
    field: `${field}.slotsByShard[1]`,
    remedy: 'Duplicate value',
  },
  {
    attempt: 'intervals of a keyspace that has none',
    spec: mapWith(1, mapKeyspace({ ranges: [{ slot: 0 }] })),
    field: `${field}.ranges`,
    remedy: 'strategy Range',
  },
  {
    attempt: 'no intervals of a keyspace that needs them',
    spec: mapWith(1, mapKeyspace({ strategy: 'Range' })),
    field: `${field}.ranges`,
    remedy: 'strategy Range',
  },
  {
    attempt: 'another strategy',
    from: mapWith(5, mapKeyspace()),
    spec: mapWith(6, mapKeyspace({ strategy: 'Hash' })),
    field: `${field}.strategy`,
    remedy: 'restore the former value',
  },
  {
    attempt: 'another number of slots',
    from: mapWith(5, mapKeyspace()),
    spec: mapWith(6, mapKeyspace({ slots: 16 })),
    field: `${field}.slots`,
    remedy: 'restore the former value',
  },
  {
    attempt: 'a keyspace less',
    from: mapWith(5, mapKeyspace(), mapKeyspace({ name: 'blog' })),
    spec: mapWith(6, mapKeyspace()),
    field: 'spec.keyspaces',
    remedy: 'restore the entry',
  },
  {
    attempt: 'no keyspaces any more',
    from: mapWith(5, mapKeyspace()),
    spec: map(6),
    field: 'spec.keyspaces',
    remedy: 'restore it',
  },
  {
    attempt: 'a slot moved without a new revision',
    from: mapWith(5, mapKeyspace()),
    spec: mapWith(5, mapKeyspace({ slotsByShard: [{ shard: 0, slots: '0-6' }] })),
    field: 'spec.revision',
    remedy: 'write a higher revision',
  },
  {
    attempt: 'an unknown level of consistency',
    spec: mapWith(1, mapKeyspace({ consistency: 'Weak' })),
    field: `${field}.consistency`,
    remedy: 'supported values: "Strong", "ReadYourWrites", "Eventual"',
  },
];

const TWO_SHARDS: Fields = {
  number: 1,
  name: 'shop-shard-1',
  epoch: 1,
  primary: null,
  replicas: [],
  ackers: [],
  initialised: false,
  acknowledgement: 'None',
};

/** The same shards as in {@link map}, and another. */
export function mapOfTwo(revision: number, ...keyspaces: readonly Fields[]): Fields {
  const { shards, ...rest } = mapWith(revision, ...keyspaces) as { shards: readonly Fields[] };
  return { ...rest, shards: [...shards, TWO_SHARDS] };
}
