/** ShardedClusters refused for their keyspaces. */
import { type Fields, type RefusedSpec, withTwoShards } from './refused-spec.ts';

const keyspace = (fields: Fields): Fields => withTwoShards({ keyspaces: [{ name: 'app', ...fields }] });

const reserved = [
  'mysql',
  'information_schema',
  'performance_schema',
  'sys',
  'shardwright_meta',
  'MySQL',
].map((name): RefusedSpec => ({
  attempt: `the reserved keyspace name ${name}`,
  spec: keyspace({ name }),
  field: 'spec.keyspaces[0].name',
  remedy: 'choose another name',
}));

/** Keyspaces that cannot be created. */
export const REFUSED_KEYSPACES: readonly RefusedSpec[] = [
  ...reserved,
  {
    attempt: 'a keyspace named like a slot',
    spec: keyspace({ name: 'app_s0042' }),
    field: 'spec.keyspaces[0].name',
    remedy: 'choose another ending',
  },
  {
    attempt: 'a keyspace name that leaves no room for the slot',
    spec: keyspace({ name: 'a'.repeat(58) }),
    field: 'spec.keyspaces[0].name',
    remedy: 'more than 57',
  },
  {
    attempt: 'a keyspace name with a dash',
    spec: keyspace({ name: 'my-app' }),
    field: 'spec.keyspaces[0].name',
    remedy: 'lower-case letters, digits or _',
  },
  {
    attempt: 'two keyspaces of one name',
    spec: withTwoShards({ keyspaces: [{ name: 'app' }, { name: 'app' }] }),
    field: 'spec.keyspaces[1]',
    remedy: 'Duplicate value',
  },
  {
    attempt: 'more slots than supported',
    spec: keyspace({ slots: 16_385 }),
    field: 'spec.keyspaces[0].slots',
    remedy: 'less than or equal to 16384',
  },
  {
    attempt: 'an unknown strategy',
    spec: keyspace({ strategy: 'Random' }),
    field: 'spec.keyspaces[0].strategy',
    remedy: 'supported values: "ConsistentHash", "Hash", "Range"',
  },
  {
    attempt: 'cuts of a keyspace that is not cut by ranges',
    spec: keyspace({ splitAt: ['1000'] }),
    field: 'spec.keyspaces[0].splitAt',
    remedy: 'use strategy Range',
  },
  {
    attempt: 'splits by size of a keyspace that is not cut by ranges',
    spec: keyspace({ split: { maxBytes: 10_737_418_240 } }),
    field: 'spec.keyspaces[0].split',
    remedy: 'use strategy Range',
  },
  {
    attempt: 'splits from no size on',
    spec: keyspace({ strategy: 'Range', split: { minIntervalSeconds: 60 } }),
    field: 'spec.keyspaces[0].split',
    remedy: 'set maxBytes, maxRows or maxRowsPerSecond',
  },
  {
    attempt: 'splits of slots that are hardly there',
    spec: keyspace({ strategy: 'Range', split: { maxBytes: 65_536 } }),
    field: 'spec.keyspaces[0].split.maxBytes',
    remedy: 'greater than or equal to 1048576',
  },
  {
    attempt: 'more cuts than slots',
    spec: keyspace({ strategy: 'Range', slots: 2, splitAt: ['1', '2'] }),
    field: 'spec.keyspaces[0].splitAt',
    remedy: 'raise slots',
  },
  {
    attempt: 'cuts by numbers that do not ascend',
    spec: keyspace({ strategy: 'Range', splitAt: ['1000', '900'] }),
    field: 'spec.keyspaces[0].splitAt',
    remedy: 'put the keys in order',
  },
  {
    attempt: 'cuts by texts that do not ascend',
    spec: keyspace({ strategy: 'Range', splitAt: ['m', 'a'] }),
    field: 'spec.keyspaces[0].splitAt',
    remedy: 'put the keys in order',
  },
  {
    attempt: 'a cut that is there twice',
    spec: keyspace({ strategy: 'Range', splitAt: ['1', '1'] }),
    field: 'spec.keyspaces[0].splitAt[1]',
    remedy: 'Duplicate value',
  },
  {
    attempt: 'an unknown mode of transactions',
    spec: keyspace({ transactions: 'Both' }),
    field: 'spec.keyspaces[0].transactions',
    remedy: 'supported values: "Single", "Multi"',
  },
  {
    attempt: 'a range keyspace placed by remainder',
    spec: keyspace({ strategy: 'Range', placement: 'Modulo' }),
    field: 'spec.keyspaces[0].placement',
    remedy: 'use Balanced',
  },
  {
    attempt: 'a hash keyspace placed by virtual nodes',
    spec: keyspace({ strategy: 'Hash', placement: 'VirtualNodes' }),
    field: 'spec.keyspaces[0].placement',
    remedy: 'use Modulo, or strategy ConsistentHash',
  },
  {
    attempt: 'a consistent-hash keyspace placed by remainder',
    spec: keyspace({ placement: 'Modulo' }),
    field: 'spec.keyspaces[0].placement',
    remedy: 'or strategy Hash',
  },
  {
    attempt: 'a table with key and type',
    spec: keyspace({ tables: [{ name: 'users', key: 'id', type: 'Reference' }] }),
    field: 'spec.keyspaces[0].tables[0].type',
    remedy: 'keep key for a table cut by that column',
  },
  {
    attempt: 'a table with neither key nor type',
    spec: keyspace({ tables: [{ name: 'users' }] }),
    field: 'spec.keyspaces[0].tables',
    remedy: 'set one of the three',
  },
  {
    attempt: 'a table listed twice',
    spec: keyspace({
      tables: [
        { name: 'users', key: 'id' },
        { name: 'users', key: 'name' },
      ],
    }),
    field: 'spec.keyspaces[0].tables[1]',
    remedy: 'Duplicate value',
  },
  {
    attempt: 'an expression as key',
    spec: keyspace({ tables: [{ name: 'users', key: 'lower(name)' }] }),
    field: 'spec.keyspaces[0].tables[0].key',
    remedy: 'must be the name of a column',
  },
  {
    attempt: 'a default key with a blank',
    spec: keyspace({ defaultKey: 'user id' }),
    field: 'spec.keyspaces[0].defaultKey',
    remedy: 'must be the name of a column',
  },
  {
    attempt: 'a table qualified by its database',
    spec: keyspace({ tables: [{ name: 'app.users', key: 'id' }] }),
    field: 'spec.keyspaces[0].tables[0].name',
    remedy: 'start with a letter or _',
  },
];
