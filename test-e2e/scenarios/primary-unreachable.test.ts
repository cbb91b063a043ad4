/** A primary that runs and cannot be reached, or does not answer: another takes over, and it kills itself or is killed. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { switchoverAnnotation } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import { actOnNode } from '../cluster/provider.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'silent';
/** A busy machine may be slow; the figures of an idle one are measured elsewhere. */
const LONGEST_MILLISECONDS = 10_000;

let world: World;
let shard: WrittenShard;
let isolated: string | undefined;

beforeAll(async () => {
  world = await World.open('primary-unreachable');
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 1,
    podAntiAffinity: 'Required',
    failover: { minSecondsBetween: 0 },
  });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  if (isolated !== undefined) {
    await actOnNode('heal', isolated);
  }
  await shard?.stop();
  await world?.close();
});

async function nodeOf(pod: string): Promise<string> {
  return (await world.require(pods, pod)).spec?.nodeName ?? '';
}

/** Nodes on which servers of names run. */
async function nodesOfDns(): Promise<readonly string[]> {
  const found = await world.kubectl.get<{ items: { spec?: { nodeName?: string } }[] }>([
    'pods',
    '--namespace=kube-system',
    '--selector=k8s-app=kube-dns',
  ]);
  return found.items.map(({ spec }) => spec?.nodeName ?? '');
}

/** What the last promotion took, from the first sign to the first write, and why it came about. */
async function lastPromotion(
  epoch: number,
): Promise<{ readonly reason: string; readonly milliseconds: number }> {
  return world.until(`the promotion of epoch ${epoch} is told of`, async () => {
    const { items } = await world.kubectl.get<{ items: { reason: string; note: string }[] }>([
      'events.events.k8s.io',
      `--namespace=${world.namespace}`,
    ]);
    const note = items.find(
      ({ reason, note: text }) => reason === 'Promoted' && text.includes(`epoch ${epoch},`),
    )?.note;
    const [, reason, milliseconds] = /\((\w+)\); (\d+) ms/u.exec(note ?? '') ?? [];
    return reason === undefined ? undefined : { reason, milliseconds: Number(milliseconds) };
  });
}

describe('a primary whose server is stopped', () => {
  it('is killed and replaced, and comes back as a replica', async () => {
    const { primary, epoch } = await shard.entry();
    await shard.signal([primary ?? ''], 'server', 'SIGSTOP');
    const after = await shard.untilWhole(epoch + 1);
    expect(after).toMatchObject({ epoch: epoch + 1 });
    expect(after.primary).not.toBe(primary);
    const { reason, milliseconds } = await lastPromotion(epoch + 1);
    expect(reason).toBe('Hung');
    expect(milliseconds).toBeLessThan(LONGEST_MILLISECONDS);
    await shard.untilAcknowledged(20);
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a primary whose node is cut off', () => {
  it('is replaced, though a server of names is cut off with it, and comes back as a replica', async () => {
    const before = await shard.untilWhole();
    const dns = await nodesOfDns();
    const members = [before.primary ?? '', ...before.replicas];
    const nodes = await Promise.all(members.map(nodeOf));
    const chosen = members.find((_, index) => dns.includes(nodes[index] ?? '')) ?? '';
    let { epoch } = before;
    if (chosen !== before.primary) {
      const annotations = { [switchoverAnnotation(0)]: chosen };
      await world.patch(shardedClusters, CLUSTER, { metadata: { annotations } });
      ({ epoch } = await shard.untilWhole(epoch + 1));
      await shard.untilAcknowledged(20);
    }
    isolated = await nodeOf(chosen);
    await actOnNode('isolate', isolated);
    await world.until('another is primary', async () => {
      const { primary } = await shard.entry();
      return primary !== null && primary !== chosen ? true : undefined;
    });
    const { reason, milliseconds } = await lastPromotion(epoch + 1);
    expect(reason).toBe('Unreachable');
    expect(milliseconds).toBeLessThan(LONGEST_MILLISECONDS);
    await actOnNode('heal', isolated);
    isolated = undefined;
    await shard.untilWhole(epoch + 1);
    await shard.untilAcknowledged(20);
    expect(await shard.findLost()).toEqual([]);
  });
});
