/** All members of a shard go at once, again and again: it recovers without a person, and nothing acknowledged is lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pods } from '../../operator/src/runtime/resources.ts';
import { findPodProcesses, podProcesses, sendTo } from '../chaos/stage/pod-processes.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { World } from '../sharded-cluster/world.ts';
import { WrittenShard } from '../sharded-cluster/written-shard.ts';

const CLUSTER = 'outage';

let world: World;
let shard: WrittenShard;

beforeAll(async () => {
  world = await World.open('full-outage');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, failover: { minSecondsBetween: 0 } });
  await world.untilReady(CLUSTER);
  shard = new WrittenShard(world, CLUSTER);
  await shard.start();
});

afterAll(async () => {
  await shard?.stop();
  await world?.close();
});

/** Keeps replicas from applying, for as long as their servers run. */
async function holdUpApplying(replicas: readonly string[]): Promise<void> {
  for (const pod of replicas) {
    const session = await shard.connect(pod);
    await session.query('START TRANSACTION');
    // A shared lock: an exclusive one is refused by a read-only server.
    await session.query('SELECT * FROM app.written_rows LOCK IN SHARE MODE');
  }
  await shard.untilAcknowledged(50);
}

/** The uids of pods, in their order. */
async function uidsOf(names: readonly string[]): Promise<readonly string[]> {
  return Promise.all(names.map(async (name) => (await world.require(pods, name)).metadata?.uid ?? ''));
}

/** Waits until all is well again; resolves with what was lost. */
async function recover(): Promise<readonly string[]> {
  await shard.untilAcknowledged(20);
  await shard.untilWhole();
  await world.untilReady(CLUSTER);
  return shard.findLost();
}

describe('a shard all of whose members go at once', () => {
  it('recovers from the death of all servers, with changes received and not applied', async () => {
    const { replicas } = await shard.untilWhole();
    await holdUpApplying(replicas);
    await shard.signal(await shard.members(), 'server', 'SIGKILL');
    expect(await recover()).toEqual([]);
  });

  it('recovers from the death of everything in its pods', async () => {
    const { replicas } = await shard.untilWhole();
    await holdUpApplying(replicas);
    const uids = await uidsOf(await shard.members());
    sendTo(
      uids.flatMap((uid) => podProcesses(uid)),
      'SIGKILL',
    );
    expect(await recover()).toEqual([]);
  });

  it('recovers from the deletion of all its pods by force', async () => {
    const names = await shard.members();
    await world.kubectl.run([
      'delete',
      'pods',
      ...names,
      `--namespace=${world.namespace}`,
      '--force',
      '--grace-period=0',
    ]);
    expect(await recover()).toEqual([]);
  });

  it('recovers with the operator gone as well, once that is back', async () => {
    await world.operator.kill();
    await shard.signal(await shard.members(), 'server', 'SIGKILL');
    await world.startOperator();
    expect(await recover()).toEqual([]);
  });

  it('promotes another where the recorded primary does not come back', async () => {
    const { primary, replicas, epoch } = await shard.untilWhole();
    await holdUpApplying(replicas);
    const uids = await uidsOf(await shard.members());
    const agent = findPodProcesses((await uidsOf([primary ?? '']))[0] ?? '', 'agent');
    sendTo(
      uids.flatMap((uid) => findPodProcesses(uid, 'server')),
      'SIGKILL',
    );
    // Without its agent its server stays down. Nothing comes between: soon the operator has the agent start it again.
    await freezeProcesses(agent);
    try {
      await world.until('another is promoted', async () => {
        const entry = await shard.entry();
        return entry.epoch > epoch && entry.primary !== null && entry.primary !== primary ? true : undefined;
      });
      await shard.untilAcknowledged(20);
    } finally {
      await shard.signal([primary ?? ''], 'agent', 'SIGCONT');
    }
    expect(await recover()).toEqual([]);
  });
});
