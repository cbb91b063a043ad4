/** What goes with a cluster and what outlives it, by its policy; and that nothing of somebody else is touched. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import {
  persistentVolumeClaims,
  secrets,
  services,
  statefulSets,
} from '../../operator/src/runtime/resources.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'kept';
const SPEC = { shards: 1, instances: 2 };
let world: World;

beforeAll(async () => {
  world = await World.open('cluster-deleted');
  await world.startOperator();
  await world.createCluster(CLUSTER, SPEC);
  await world.untilReady(CLUSTER);
});

afterAll(async () => {
  await world?.close();
});

describe('objects of somebody else', () => {
  it('are left alone and named, and block their shard only', async () => {
    const ports = [{ port: 80 }];
    const foreign = {
      metadata: { name: 'taken-shard-1-primary', namespace: world.namespace },
      spec: { ports },
    };
    await world.client.create(services, foreign, new AbortController().signal);
    await world.createCluster('taken', { shards: 2, instances: 1, deletionPolicy: 'Delete' });
    await world.untilCondition('taken', 'Degraded', 'True/ConflictingObject');
    const { status } = await world.require(shardedClusters, 'taken');
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.message).toContain('Service taken-shard-1-primary');
    expect((await world.require(services, 'taken-shard-1-primary')).spec?.ports?.[0]?.port).toBe(80);
    expect(await world.get(statefulSets, 'taken-shard-0')).toBeDefined();
    expect(await world.get(statefulSets, 'taken-shard-1')).toBeUndefined();
    await world.delete(services, 'taken-shard-1-primary');
    await world.untilReady('taken');
  });
});

describe('deletion', () => {
  const remove = (name: string, cascade: string): Promise<string> =>
    world.kubectl.run([
      'delete',
      'shardedcluster',
      name,
      '--namespace',
      world.namespace,
      `--cascade=${cascade}`,
      '--timeout=120s',
    ]);
  const again = { shards: 2, instances: 1, deletionPolicy: 'Delete' };

  it('keeps everything with --cascade=orphan, though the policy is Delete', async () => {
    const uids = await world.uids('taken');
    const passwords = await world.passwords('taken');
    const data = await world.dataOf('taken-shard-1-0');
    await remove('taken', 'orphan');
    expect(await world.get(shardedClusters, 'taken')).toBeUndefined();
    // Longer than what was to be deleted would take to go.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect(await world.uids('taken')).toEqual(uids);
    await world.createCluster('taken', again);
    await world.untilReady('taken');
    expect(await world.uids('taken')).toEqual(uids);
    expect(await world.passwords('taken')).toEqual(passwords);
    expect(await world.dataOf('taken-shard-1-0')).toEqual(data);
  });

  it('keeps the data when the policy is changed to Retain and the cluster deleted at once', async () => {
    const passwords = await world.passwords('taken');
    const data = await world.dataOf('taken-shard-1-0');
    await world.changeSpec('taken', { deletionPolicy: 'Retain' });
    await remove('taken', 'foreground');
    await world.until('only what is kept is left', async () => {
      const left = await world.inventory('taken');
      return left.some((object) => /^(Pod|StatefulSet|Service)/.test(object)) ? undefined : left;
    });
    expect((await world.list(persistentVolumeClaims, 'taken')).map(({ metadata }) => metadata?.name)).toEqual(
      ['data-taken-shard-0-0', 'data-taken-shard-1-0'],
    );
    await world.createCluster('taken', again);
    await world.untilReady('taken');
    expect(await world.passwords('taken')).toMatchObject({
      'taken-app': passwords['taken-app'],
      'taken-admin': passwords['taken-admin'],
    });
    expect(await world.dataOf('taken-shard-1-0')).toEqual(data);
  });

  it('deletes volumes, Secrets and everything else under Delete, and nothing of somebody else', async () => {
    const { signal } = new AbortController();
    const metadata = {
      name: 'theirs',
      namespace: world.namespace,
      labels: { 'shardwright.io/cluster': 'taken', 'shardwright.io/shard': '0' },
    };
    const labels = { app: 'theirs' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'any', image: 'any' }] } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, serviceName: 'theirs', template };
    await world.client.create(statefulSets, { metadata, spec }, signal);
    await world.client.create(secrets, { metadata, stringData: { key: 'value' } }, signal);
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await world.client.create(persistentVolumeClaims, { metadata, spec: claim }, signal);
    await remove('taken', 'background');
    await world.until('all is gone but theirs', async () =>
      (await world.inventory('taken')).every((object) => object.endsWith('/theirs')) ? true : undefined,
    );
    expect(await world.inventory('taken')).toEqual([
      'PersistentVolumeClaim/theirs',
      'Secret/theirs',
      'StatefulSet/theirs',
    ]);
  });

  it.each(['background', 'foreground'])(
    'keeps volumes, Secrets and the map under Retain, deleted in the %s, for a cluster of the same name',
    async (cascade) => {
      const passwords = await world.passwords(CLUSTER);
      const data = await world.dataOf('kept-shard-0-0');
      await remove(CLUSTER, cascade);
      const kept = await world.until('only what is kept is left', async () => {
        const left = await world.inventory(CLUSTER);
        return left.some((object) => /^(Pod|StatefulSet|Service)/.test(object)) ? undefined : left;
      });
      expect(kept.filter((object) => !object.startsWith('PersistentVolumeClaim/'))).toEqual([
        'Secret/kept-admin',
        'Secret/kept-app',
        'Secret/kept-ca',
        'Secret/kept-internal',
        'ShardMap/kept',
      ]);
      expect(kept).toHaveLength(7);
      await world.createCluster(CLUSTER, SPEC);
      await world.untilReady(CLUSTER);
      expect(await world.passwords(CLUSTER)).toEqual(passwords);
      expect(await world.dataOf('kept-shard-0-0')).toEqual(data);
    },
  );
});
