/** A node is gone for good: its replica is made anew elsewhere once somebody says so, and not before. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { persistentVolumeClaims, pods } from '../../operator/src/runtime/resources.ts';
import { actOnNode } from '../cluster/provider.ts';
import { shardStatus } from '../sharded-cluster/shard-status.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'moved';
const TAINT = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute';

let world: World;
let shard: WrittenShard;
let node: string | undefined;

beforeAll(async () => {
  world = await World.open('node-gone');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1 });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  try {
    await shard?.stop();
    if (node !== undefined) {
      await world.kubectl.attempt(['taint', 'nodes', node, `${TAINT}-`]);
      await actOnNode('restart', node);
    }
  } finally {
    await world?.close();
  }
});

async function claimUid(pod: string): Promise<string | undefined> {
  return (await world.get(persistentVolumeClaims, `data-${pod}`))?.metadata?.uid;
}

async function nodeOf(pod: string): Promise<string | undefined> {
  return (await world.get(pods, pod))?.spec?.nodeName;
}

describe('a replica', () => {
  it('is made anew when its claim is deleted', async () => {
    await shard.untilAcknowledged(20);
    const [, pod = ''] = (await shard.entry()).replicas;
    const former = await claimUid(pod);
    await world.delete(persistentVolumeClaims, `data-${pod}`);
    await world.until('there is another claim', async () => {
      const uid = await claimUid(pod);
      return uid !== undefined && uid !== former ? true : undefined;
    });
    await world.untilReady(CLUSTER);
    expect((await shard.entry()).replicas).toContain(pod);
    expect(await shard.findLost()).toEqual([]);
  });

  it('is cloned on another node once its own is declared out of service', async () => {
    const { primary, replicas, epoch } = await shard.entry();
    const home = await nodeOf(primary ?? '');
    const places = await Promise.all(replicas.map(async (pod) => ({ pod, node: await nodeOf(pod) })));
    const place = places.find((each) => each.node !== home);
    expect(place).toBeDefined();
    const { pod = '' } = place ?? {};
    node = place?.node ?? '';
    const former = await claimUid(pod);
    await actOnNode('kill', node);
    await world.until('the loss is seen', async () =>
      (await shardStatus(world, CLUSTER)).instances?.some((each) => each.pod === pod && !each.healthy) ===
      true
        ? true
        : undefined,
    );
    await shard.untilAcknowledged(20);
    expect(await claimUid(pod)).toBe(former);
    await world.kubectl.run(['taint', 'nodes', node, TAINT]);
    await world.until('there is another claim', async () => {
      const uid = await claimUid(pod);
      return uid !== undefined && uid !== former ? true : undefined;
    });
    await world.untilReady(CLUSTER);
    expect(await nodeOf(pod)).not.toBe(node);
    expect(await shard.entry()).toMatchObject({ primary, epoch });
    expect(await shard.findLost()).toEqual([]);
  });
});
