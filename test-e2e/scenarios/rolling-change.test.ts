/** A change of what pods are built from: replicas first, one at a time, then the primary, which hands over before. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import { pods } from '../../operator/src/runtime/resources.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'rolls';
const MEMBERS = [0, 1, 2].map((ordinal) => `${CLUSTER}-shard-0-${ordinal}`);

let world: World;
let shard: WrittenShard;

beforeAll(async () => {
  world = await World.open('rolling-change');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1 });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  await shard?.stop();
  await world?.close();
});

async function uids(): Promise<Record<string, string | undefined>> {
  const found = await Promise.all(
    MEMBERS.map(async (pod) => [pod, (await world.get(pods, pod))?.metadata?.uid] as const),
  );
  return Object.fromEntries(found);
}

/** The order in which pods of other uids than `before` appear, until all have, and how many were away at once at most. */
async function watchReplacements(
  before: Record<string, string | undefined>,
): Promise<{ readonly order: readonly string[]; readonly mostAway: number }> {
  const order: string[] = [];
  let mostAway = 0;
  await world.until('every pod is another', async () => {
    const now = await uids();
    for (const pod of MEMBERS) {
      if (now[pod] !== undefined && now[pod] !== before[pod] && !order.includes(pod)) {
        order.push(pod);
      }
    }
    mostAway = Math.max(mostAway, MEMBERS.filter((pod) => now[pod] === undefined).length);
    return order.length === MEMBERS.length ? true : undefined;
  });
  return { order, mostAway };
}

async function settingOf(pod: string, name: string): Promise<unknown> {
  const session = await shard.connect(pod);
  try {
    const rows = await session.query<RowDataPacket[]>(`SELECT @@global.${name} AS value`);
    return rows[0]?.['value'];
  } finally {
    session.close();
  }
}

describe('a change of the configuration', () => {
  it('restarts replicas first and the primary last, and loses nothing', async () => {
    await shard.untilAcknowledged(20);
    const before = await shard.entry();
    const former = await uids();
    shard.takeLongestGap();
    await world.changeSpec(CLUSTER, { config: '[mariadbd]\nmax_connections = 77\n' });
    const { order, mostAway } = await watchReplacements(former);
    expect(mostAway).toBeLessThanOrEqual(1);
    expect(order.at(-1)).toBe(before.primary);
    expect(order.slice(0, -1).toSorted()).toEqual(before.replicas.toSorted());
    await world.untilCondition(CLUSTER, 'Progressing', 'False/UpToDate');
    await world.untilReady(CLUSTER);
    console.log(`gap ${shard.takeLongestGap().toFixed(0)} ms`);
    const after = await shard.entry();
    expect(after.primary).not.toBe(before.primary);
    expect(after.epoch).toBe(before.epoch + 1);
    for (const pod of MEMBERS) {
      expect(await settingOf(pod, 'max_connections')).toBe(77);
    }
    expect(await shard.findLost()).toEqual([]);
  });
});

describe('a change that does not work', () => {
  it('stops at the first replica, and is mended by the next one', async () => {
    const { primary, epoch, replicas } = await shard.entry();
    const former = await uids();
    await world.changeSpec(CLUSTER, { engine: { image: 'registry.invalid/mariadb:11.8' } });
    const stopped = await world.until('one replica is made anew', async () => {
      const now = await uids();
      return replicas.find((pod) => now[pod] !== undefined && now[pod] !== former[pod]);
    });
    await world.untilCondition(CLUSTER, 'Ready', 'False/InstancesNotReady');
    await shard.untilAcknowledged(200);
    const others = MEMBERS.filter((pod) => pod !== stopped);
    expect(await uids()).toMatchObject(Object.fromEntries(others.map((pod) => [pod, former[pod]])));
    await world.changeSpec(CLUSTER, { engine: { image: null } });
    await world.untilReady(CLUSTER);
    await world.untilCondition(CLUSTER, 'Progressing', 'False/UpToDate');
    expect(await shard.entry()).toMatchObject({ primary, epoch });
    expect(await uids()).toMatchObject(Object.fromEntries(others.map((pod) => [pod, former[pod]])));
    expect(await shard.findLost()).toEqual([]);
  });
});
