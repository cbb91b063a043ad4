/** Changes of a ShardedCluster that would lose data, and are refused. */
import { type Fields, type RefusedSpec, withTwoShards } from './refused-spec.ts';

const keyspaces = (...list: Fields[]): Fields => withTwoShards({ keyspaces: list });
const app = (fields: Fields = {}): Fields => ({ name: 'app', slots: 64, defaultKey: 'user_id', ...fields });
const orders = (fields: Fields): Fields => ({ name: 'orders', ...fields });

/** From one valid spec to another. */
export const REFUSED_CHANGES: readonly RefusedSpec[] = [
  {
    attempt: 'other cuts of a range keyspace',
    from: withTwoShards({ keyspaces: [{ name: 'app', strategy: 'Range', splitAt: ['1000'] }] }),
    spec: withTwoShards({ keyspaces: [{ name: 'app', strategy: 'Range', splitAt: ['2000'] }] }),
    field: 'spec.keyspaces[0].splitAt',
    remedy: 'restore the former value',
  },
  {
    attempt: 'fewer shards',
    from: { shards: 3 },
    spec: { shards: 2 },
    field: 'spec.shards',
    remedy: 'restore the former number',
  },
  {
    attempt: 'an older version',
    from: withTwoShards({ engine: { version: '11.8' } }),
    spec: withTwoShards({ engine: { version: '11.4' } }),
    field: 'spec.engine.version',
    remedy: 'keep the version',
  },
  {
    attempt: 'a newer version, whose server would not start on the volumes',
    from: withTwoShards({ engine: { version: '10.11' } }),
    spec: withTwoShards({ engine: { version: '11.8' } }),
    field: 'spec.engine.version',
    remedy: 'load a dump into it',
  },
  {
    attempt: 'a much older version, by leaving the default',
    from: { shards: 2 },
    spec: withTwoShards({ engine: { version: '10.11' } }),
    field: 'spec.engine.version',
    remedy: 'load a dump into it',
  },
  {
    attempt: 'a smaller volume',
    from: withTwoShards({ storage: { size: '20Gi' } }),
    spec: withTwoShards({ storage: { size: '20G' } }),
    field: 'spec.storage.size',
    remedy: 'restore the former size',
  },
  {
    attempt: 'a larger volume, which nobody would make',
    from: withTwoShards({ storage: { size: '20Gi' } }),
    spec: withTwoShards({ storage: { size: '30Gi' } }),
    field: 'spec.storage.size',
    remedy: 'create a new ShardedCluster with volumes of the other size',
  },
  {
    attempt: 'another storage class',
    from: withTwoShards({ storage: { storageClassName: 'fast' } }),
    spec: withTwoShards({ storage: { storageClassName: 'slow' } }),
    field: 'spec.storage.storageClassName',
    remedy: 'restore the former value',
  },
  {
    attempt: 'a storage class where there was none',
    from: { shards: 2 },
    spec: withTwoShards({ storage: { storageClassName: 'slow' } }),
    field: 'spec.storage.storageClassName',
    remedy: 'create a new ShardedCluster',
  },
  {
    attempt: 'no storage class where there was one',
    from: withTwoShards({ storage: { storageClassName: 'fast' } }),
    spec: { shards: 2 },
    field: 'spec.storage.storageClassName',
    remedy: 'restore the former value',
  },
  {
    attempt: 'a keyspace gone',
    from: keyspaces(app(), { name: 'blog' }),
    spec: keyspaces(app()),
    field: 'spec.keyspaces',
    remedy: 'restore the entry',
  },
  {
    attempt: 'all keyspaces gone with the field',
    from: keyspaces(app()),
    spec: { shards: 2 },
    field: 'spec.keyspaces',
    remedy: 'restore the entry',
  },
  {
    attempt: 'a keyspace renamed',
    from: keyspaces(app()),
    spec: keyspaces(app({ name: 'application' })),
    field: 'spec.keyspaces',
    remedy: 'restore the entry',
  },
  {
    attempt: 'another number of slots',
    from: keyspaces(app()),
    spec: keyspaces(app({ slots: 128 })),
    field: 'spec.keyspaces[0].slots',
    remedy: 'create another keyspace',
  },
  {
    attempt: 'another strategy',
    from: keyspaces(app()),
    spec: keyspaces(app({ strategy: 'Hash' })),
    field: 'spec.keyspaces[0].strategy',
    remedy: 'create another keyspace',
  },
  {
    attempt: 'another default key',
    from: keyspaces(app()),
    spec: keyspaces(app({ defaultKey: 'id' })),
    field: 'spec.keyspaces[0].defaultKey',
    remedy: 'give new tables a key of their own',
  },
  {
    attempt: 'no default key where there was one',
    from: keyspaces(app()),
    spec: keyspaces({ name: 'app', slots: 64 }),
    field: 'spec.keyspaces[0].defaultKey',
    remedy: 'restore it',
  },
  {
    attempt: 'another key of a table',
    from: keyspaces(app({ tables: [orders({ key: 'id' })] })),
    spec: keyspaces(app({ tables: [orders({ key: 'customer' })] })),
    field: 'spec.keyspaces[0].tables[0].key',
    remedy: 'create another table',
  },
  {
    attempt: 'a table cut that was a reference table',
    from: keyspaces(app({ tables: [orders({ type: 'Reference' })] })),
    spec: keyspaces(app({ tables: [orders({ key: 'id' })] })),
    field: 'spec.keyspaces[0].tables[0].type',
    remedy: 'create another table',
  },
  {
    attempt: 'a table entry gone, so that the default key would cut it',
    from: keyspaces(app({ tables: [orders({ key: 'id' })] })),
    spec: keyspaces(app()),
    field: 'spec.keyspaces[0].tables',
    remedy: 'restore the entry',
  },
];
