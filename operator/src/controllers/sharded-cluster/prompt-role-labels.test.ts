import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ShardMap, ShardMapShard } from '../../api/v1alpha1/index.ts';
import { LABELS } from '../../api/v1alpha1/index.ts';
import { createCaches } from './caches.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { pods } from '../../runtime/resources.ts';
import { FakeApiServer } from '../../runtime/testing/fake-api-server.ts';
import { FakeClock, settle } from '../../runtime/testing/fake-clock.ts';
import { PromptRoleLabels } from './prompt-role-labels.ts';
import { shardedClusters, shardMaps } from './resource-types.ts';
import { clusterLabels } from './resources/labels.ts';
import { RoleLabeller } from './role-labeller.ts';
import { aCluster, aPod, aShard } from './testing/builders.ts';

const NEVER = new AbortController().signal;
const [FIRST, SECOND, THIRD] = ['demo-shard-0-0', 'demo-shard-0-1', 'demo-shard-0-2'] as const;
const CLUSTER = { namespace: 'test', name: 'demo' };

describe('the labels of pods, when the map changes', () => {
  let server: FakeApiServer;
  let labeller: RoleLabeller;
  let stop: AbortController;
  let ended: Promise<unknown>;

  beforeEach(async () => {
    const clock = new FakeClock();
    server = new FakeApiServer(clock);
    const { metadata: named, ...cluster } = aCluster({ shards: 1 });
    await server.create(
      shardedClusters,
      { ...cluster, metadata: { ...CLUSTER, uid: named.uid ?? '' } },
      NEVER,
    );
    await server.create(shardMaps, aMap(1, aShard(0)), NEVER);
    for (const name of [FIRST, SECOND, THIRD]) {
      const { metadata, ...pod } = aPod(name, {
        labels: { [LABELS.role]: name === FIRST ? 'primary' : 'replica' },
      });
      const { uid: _, ...unmade } = metadata ?? {};
      await server.create(pods, { ...pod, metadata: unmade }, NEVER);
    }
    const caches = createCaches({ client: server, clock, logger: silentLogger, freeze: true });
    labeller = new RoleLabeller({ client: server, caches });
    stop = new AbortController();
    const parts = [caches.clusters, caches.shardMaps, caches.pods, caches.statefulSets];
    const prompt = new PromptRoleLabels({ caches, labeller, logger: silentLogger });
    ended = Promise.all([...parts, prompt].map((part) => part.run(stop.signal)));
    await settle();
  });
  afterEach(endWatches);

  async function endWatches(): Promise<void> {
    stop.abort();
    await ended;
  }

  function aMap(revision: number, shard: ShardMapShard): ShardMap {
    return {
      apiVersion: 'shardwright.io/v1alpha1',
      kind: 'ShardMap',
      metadata: { ...CLUSTER, labels: clusterLabels('demo') },
      spec: { revision, shards: [shard] },
    };
  }

  async function promote(): Promise<void> {
    const spec = {
      revision: 2,
      shards: [aShard(0, { epoch: 2, primary: SECOND, replicas: [FIRST, THIRD] })],
    };
    await server.mergePatch(shardMaps, CLUSTER, { spec }, {}, NEVER);
    await settle();
  }

  async function roles(): Promise<unknown[]> {
    const { items } = await server.list(pods, { namespace: 'test' }, NEVER);
    return items
      .toSorted((a, b) => (a.metadata?.name ?? '').localeCompare(b.metadata?.name ?? ''))
      .map(({ metadata }) => metadata?.labels?.[LABELS.role]);
  }

  function writes(): string[] {
    return server.requests
      .filter(({ verb }) => verb === 'apply')
      .map(({ verb, kind, key }) => `${verb} ${kind} ${key}`);
  }

  it('are written without a pass over the cluster: the role that goes, then the one that comes', async () => {
    await promote();
    expect(await roles()).toEqual(['replica', 'primary', 'replica']);
    expect(writes()).toEqual([`apply Pod test/${FIRST}`, `apply Pod test/${SECOND}`]);
  });

  it('are left alone by changes that concern no primary', async () => {
    const spec = { revision: 2, shards: [aShard(0, { ackers: [SECOND] })] };
    await server.mergePatch(shardMaps, CLUSTER, { spec }, {}, NEVER);
    await settle();
    expect(writes()).toEqual([]);
  });

  it('are left alone while the cluster is suspended', async () => {
    await server.mergePatch(shardedClusters, CLUSTER, { spec: { suspend: true } }, {}, NEVER);
    await settle();
    await promote();
    expect(await roles()).toEqual(['primary', 'replica', 'replica']);
  });

  it.each([
    ['has gone', async (): Promise<void> => {}],
    [
      'was made anew',
      async (): Promise<void> => {
        const { metadata, ...pod } = aPod(FIRST);
        const { uid: _, ...unmade } = metadata ?? {};
        await server.create(pods, { ...pod, metadata: unmade }, NEVER);
      },
    ],
  ])('are given to the winner though the pod of the former primary %s unseen', async (_, then) => {
    await endWatches();
    await server.delete(pods, { namespace: 'test', name: FIRST }, {}, NEVER);
    await then();
    const map = { revision: 2, shards: [aShard(0, { epoch: 2, primary: SECOND, replicas: [FIRST, THIRD] })] };
    await labeller.label(CLUSTER, 0, map, NEVER);
    expect((await roles()).slice(-2)).toEqual(['primary', 'replica']);
  });

  it('follow the newest map, whoever asks by an older one', async () => {
    await promote();
    await labeller.label(CLUSTER, 0, { revision: 1, shards: [aShard(0)] }, NEVER);
    expect(await roles()).toEqual(['replica', 'primary', 'replica']);
  });

  it('follow a map that no cache has seen yet', async () => {
    const ahead = {
      revision: 9,
      shards: [aShard(0, { epoch: 2, primary: THIRD, replicas: [FIRST, SECOND] })],
    };
    await labeller.label(CLUSTER, 0, ahead, NEVER);
    expect(await roles()).toEqual(['replica', 'replica', 'primary']);
  });
});
