/** A ShardMap that somebody deletes comes back from what is known, or not at all. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { services } from '../../runtime/resources.ts';
import { settle } from '../../runtime/testing/fake-clock.ts';
import { shardMaps, shardedClusters } from './resource-types.ts';
import { Harness } from './testing/harness.ts';

describe('a controller that finds the ShardMap gone', () => {
  let world: Harness;

  beforeEach(() => {
    world = new Harness();
    world.start();
  });
  afterEach(async () => {
    await world.stop();
  });

  it('restores it from the status, with a higher revision', async () => {
    await world.readyCluster({ shards: 1 });
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    const map = await world.get(shardMaps, 'demo');
    expect(map?.spec.revision).toBe(Math.floor(world.clock.now() / 1000));
    expect(map?.spec.shards).toEqual([
      {
        number: 0,
        name: 'demo-shard-0',
        epoch: 1,
        primary: 'demo-shard-0-0',
        replicas: ['demo-shard-0-1', 'demo-shard-0-2'],
        ackers: ['demo-shard-0-1', 'demo-shard-0-2'],
        initialised: true,
        acknowledgement: 'OneReplica',
      },
    ]);
  });

  it('asks the members what it said before it believes the status, and tells of it', async () => {
    await world.readyCluster({ shards: 1 });
    const members = [0, 1, 2].map((ordinal) => ({
      pod: `demo-shard-0-${ordinal}`,
      epoch: 7,
      recordedEpoch: 7,
      isPrimary: ordinal === 2,
      isWritable: ordinal === 2,
      isAcknowledged: ordinal === 2,
      isUntouched: false,
    }));
    const shard = { number: 0, members, silent: [], holdings: null, because: 'nobody asked', revision: 5 };
    world.reports = { ...world.reports, evidence: async () => [shard] };
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    const map = await world.get(shardMaps, 'demo');
    expect(map?.spec.shards).toMatchObject([{ epoch: 7, primary: 'demo-shard-0-2' }]);
    expect(world.events.map(({ reason }) => reason)).toContain('ShardMapRebuilt');
  });

  it('changes nothing when its record is lost as well, and says so', async () => {
    await world.readyCluster({ shards: 1 });
    await world.stop();
    await world.delete(shardMaps, 'demo');
    const { status } = await world.cluster();
    await world.server.mergePatch(
      shardedClusters,
      { namespace: 'test', name: 'demo' },
      { status: { ...status, shards: null } },
      { subresource: 'status' },
      new AbortController().signal,
    );
    await world.delete(services, 'demo-shard-0-primary');
    world.start();
    await world.untilQuiet();
    expect(await world.condition('Degraded')).toBe('True/ShardMapMissing');
    expect(await world.condition('Ready')).toBe('False/ShardMapMissing');
    expect(await world.message('Ready')).toContain('demo-shard-0');
    expect(await world.get(shardMaps, 'demo')).toBeUndefined();
    expect(await world.get(services, 'demo-shard-0-primary')).toBeUndefined();
  });

  it('waits for nobody who is no longer asked for, though the map that was restored keeps them as ackers', async () => {
    await world.readyCluster({ shards: 1 });
    await world.delete(shardMaps, 'demo');
    await world.untilQuiet();
    const degraded: string[] = [];
    await world.changeSpec({ instances: 2 });
    for (let turn = 0; turn < 20; turn += 1) {
      await settle();
      degraded.push(await world.condition('Degraded'));
    }
    await world.untilQuiet();
    expect(new Set(degraded)).toEqual(new Set(['False/AsExpected']));
    expect(await world.condition('Ready')).toBe('True/AllShardsReady');
    expect((await world.get(shardMaps, 'demo'))?.spec.shards[0]?.ackers).toContain('demo-shard-0-2');
  });
});
