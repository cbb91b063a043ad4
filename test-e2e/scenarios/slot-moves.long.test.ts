/** Every fault in every phase of a move, and a slot that goes away and comes back ten times, under a load that is checked. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectAsAgent } from '../agent/member-sql.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { CheckedLoad, connectToRouter } from '../moves/checked-load.ts';
import { KEYSPACE } from '../moves/cluster-objects.ts';
import { makeLoadTables } from '../moves/load-tables.ts';
import { MOVE_FAULTS } from '../moves/move-faults.ts';
import { moveThrough, nextShard, untilNoTrace } from '../moves/moves-story.ts';
import { MovesWorld } from '../moves/moves-world.ts';

const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_123);
const SLOT = 3;
const ROUNDS = 10;
const HELD = { timeoutMilliseconds: 60_000 };
const PHASES = ['Copying', 'Switching', 'Soaking', 'Finishing'] as const;

let world: MovesWorld;
let load: CheckedLoad;

beforeAll(async () => {
  world = await MovesWorld.open({ filledShards: 2, shards: 2, instances: 3 });
  const router = await connectToRouter(world);
  await makeLoadTables(router);
  router.close();
  load = new CheckedLoad(world, { seed: SEED, direct: [SLOT], busy: [1, SLOT] });
});

afterAll(async () => {
  await load?.stop();
  await world?.close();
});

describe('a slot under load', () => {
  it(`goes away and comes back ${ROUNDS} times`, async () => {
    for (let round = 0; round < 2 * ROUNDS; round += 1) {
      const { failures } = await moveThrough(world, load, SLOT);
      expect(failures).toEqual([]);
    }
    expect(await untilNoTrace(world)).toEqual([]);
  }, 600_000);

  it('waits while a replica is too far behind, says so, and goes on', async () => {
    const shard = world.ownerOf(SLOT);
    const [pod] = world.operator.map().shards.find(({ number }) => number === shard)?.replicas ?? [];
    const replica = world.members.find((member) => member.pod === pod);
    if (replica === undefined) {
      throw new Error(`shard ${shard} has no replica`);
    }
    await world.changeSpec({ rebalance: { maxReplicaLagSeconds: 1 } });
    const session = await connectAsAgent(replica);
    await session.run('LOCK TABLES shardwright.heartbeat READ');
    const name = await world.move({
      keyspace: KEYSPACE,
      unit: 'Slot',
      slot: SLOT,
      to: nextShard(world, SLOT),
    });
    const heldBecause = await waitFor(
      'the move to be held',
      () =>
        world.operator.rebalance(name)?.status?.moves?.find(({ heldBecause: held }) => held !== undefined),
      HELD,
    ).finally(() => session.close());
    expect(heldBecause).toMatchObject({
      slot: SLOT,
      heldBecause: expect.stringContaining(`${pod} is more than 1 s`),
    });
    await world.untilRebalance(name, 'Completed');
    await world.changeSpec({ rebalance: { maxReplicaLagSeconds: 3 } });
    expect(await untilNoTrace(world)).toEqual([]);
  }, 120_000);

  describe.each(PHASES)('in %s', (phase) => {
    it.each(MOVE_FAULTS)('moves although $name', async (fault) => {
      const { failures } = await moveThrough(world, load, SLOT, { phase, fault });
      expect(fault.isSeenByClients ? [] : failures).toEqual([]);
      expect(await untilNoTrace(world)).toEqual([]);
    });
  });

  it('has lost nothing and doubled nothing in the end', async () => {
    await load.stop();
    expect(await load.judge()).toEqual([]);
  });
});
