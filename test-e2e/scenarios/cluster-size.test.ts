/** A cluster grows by shards and instances, is left alone while suspended, and stops and starts whole. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  persistentVolumeClaims,
  podDisruptionBudgets,
  pods,
  services,
} from '../../operator/src/runtime/resources.ts';
import { eventually } from '../install/eventually.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'size';
let world: World;

beforeAll(async () => {
  world = await World.open('cluster-size');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, instances: 2 });
  await world.untilReady(CLUSTER);
});

afterAll(async () => {
  await world?.close();
});

describe('the size of a cluster', () => {
  it('grows by a shard through the scale sub-resource', async () => {
    const anonymous = async (shard: string) =>
      (await world.inventory(CLUSTER))
        .filter((object) => object.includes(shard))
        .map((object) => object.replace(shard, 'SHARD'));
    const scale = ['scale', 'shardedcluster', CLUSTER, '--replicas=2', '--namespace', world.namespace];
    await world.kubectl.run(scale);
    await world.untilReady(CLUSTER);
    expect((await world.map(CLUSTER)).spec.shards).toHaveLength(2);
    const expected = await anonymous('size-shard-0');
    const found = await eventually(
      () => anonymous('size-shard-1'),
      (objects) => objects.length === expected.length,
    );
    expect(found).toEqual(expected);
  });

  it('goes up and down by instances, and volumes stay', async () => {
    const data = await world.dataOf('size-shard-1-1');
    await world.changeSpec(CLUSTER, { instances: 1 });
    await world.until('two pods have gone', async () =>
      (await world.list(pods, CLUSTER)).length === 2 ? true : undefined,
    );
    await world.untilReady(CLUSTER);
    await world.until('the map knows', async () =>
      (await world.shard(CLUSTER, 1)).replicas.length === 0 ? true : undefined,
    );
    expect(await world.list(persistentVolumeClaims, CLUSTER)).toHaveLength(4);
    await world.changeSpec(CLUSTER, { instances: 2 });
    await world.untilReady(CLUSTER);
    expect(await world.dataOf('size-shard-1-1')).toEqual(data);
  });
});

describe('hands off', () => {
  it('while suspended nothing is repaired, and afterwards it is', async () => {
    await world.changeSpec(CLUSTER, { suspend: true });
    await world.untilCondition(CLUSTER, 'Ready', 'Unknown/Suspended');
    await world.delete(services, 'size-shard-0-primary');
    await world.patch(podDisruptionBudgets, 'size-shard-0-primary', { spec: { minAvailable: 0 } });
    // Longer than any repair takes.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await world.get(services, 'size-shard-0-primary')).toBeUndefined();
    expect((await world.require(podDisruptionBudgets, 'size-shard-0-primary')).spec?.minAvailable).toBe(0);
    await world.changeSpec(CLUSTER, { suspend: false });
    await world.untilReady(CLUSTER);
    const service = () => world.get(services, 'size-shard-0-primary');
    expect(await eventually(service, (found) => found !== undefined)).toBeDefined();
  });

  it('hibernation stops all pods and keeps volumes and passwords', async () => {
    const passwords = await world.passwords(CLUSTER);
    await world.changeSpec(CLUSTER, { hibernated: true });
    await world.untilCondition(CLUSTER, 'Progressing', 'False/Hibernated');
    expect(await world.list(pods, CLUSTER)).toEqual([]);
    expect(await world.list(persistentVolumeClaims, CLUSTER)).toHaveLength(4);
    await world.changeSpec(CLUSTER, { hibernated: false });
    await world.untilReady(CLUSTER);
    expect(await world.passwords(CLUSTER)).toEqual(passwords);
  });
});
