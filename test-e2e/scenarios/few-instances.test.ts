/** Shards of one instance and of two: what they promise, what their condition says of it, and the way between. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { findPodProcesses, sendTo } from '../chaos/stage/pod-processes.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { eventually } from '../install/eventually.ts';
import { findProcesses, signalProgram } from '../sharded-cluster/pod-processes.ts';
import { waitingWrites } from '../sharded-cluster/waiting-writes.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'few';
const SHARD = 'few-shard-0';
const PRIMARY = 'few-shard-0-primary';
/** Longer than an acknowledgement takes, and shorter than a replica may be silent. */
const WAIT_MILLISECONDS = 1000;

let world: World;
let client: SqlClient;

beforeAll(async () => {
  world = await World.open('few-instances');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, instances: 1 });
  await world.untilReady(CLUSTER);
  client = await world.sqlClient(CLUSTER);
  await client.query(PRIMARY, 'CREATE DATABASE app; CREATE TABLE app.notes (n INT PRIMARY KEY)');
});

afterAll(async () => {
  await world?.close();
});

async function write(number: number): Promise<void> {
  await client.query(PRIMARY, `REPLACE INTO app.notes VALUES (${number})`);
}

async function numbers(host = PRIMARY): Promise<number[]> {
  return (await client.query(host, 'SELECT n FROM app.notes ORDER BY n')).map(([number]) => Number(number));
}

async function semiSync(): Promise<string | undefined> {
  return (await client.query(PRIMARY, 'SELECT @@global.rpl_semi_sync_master_enabled'))[0]?.[0];
}

async function promotions(): Promise<string> {
  const { status } = await world.require(shardedClusters, CLUSTER);
  return status?.conditions?.find(({ type }) => type === 'FailoverBlocked')?.message ?? '';
}

async function resize(instances: number): Promise<void> {
  await world.changeSpec(CLUSTER, { instances });
  await world.untilReady(CLUSTER);
  await world.until('the map has as many members', async () => {
    const { ackers, replicas } = await world.shard(CLUSTER, 0);
    return replicas.length === instances - 1 && ackers.length === instances - 1 ? true : undefined;
  });
}

describe('one instance', () => {
  it('commits alone, and its condition says that nobody can be promoted', async () => {
    expect(await world.shard(CLUSTER, 0)).toMatchObject({ acknowledgement: 'None', ackers: [] });
    expect(await semiSync()).toBe('0');
    await write(1);
    await world.untilCondition(CLUSTER, 'FailoverBlocked', 'False/SingleInstance');
    expect(await promotions()).toContain('restarted in place');
  });

  it('is restarted in place when its server dies: same pod, same container, same data', async () => {
    const life = async () => {
      const { metadata, status } = await world.require(pods, `${SHARD}-0`);
      return [metadata?.uid, status?.containerStatuses?.map(({ restartCount }) => restartCount)];
    };
    const before = await life();
    const former = await findProcesses(world, `${SHARD}-0`, 'server');
    await signalProgram(world, `${SHARD}-0`, 'server');
    await eventually(
      () => write(2),
      () => true,
    );
    expect(await numbers()).toEqual([1, 2]);
    expect(await life()).toEqual(before);
    expect(await findProcesses(world, `${SHARD}-0`, 'server')).not.toEqual(former);
    await world.untilReady(CLUSTER);
  });
});

describe('two instances', () => {
  it('commit on both, and the condition says what NoDataLoss then means', async () => {
    await resize(2);
    expect((await world.shard(CLUSTER, 0)).acknowledgement).toBe('OneReplica');
    expect(await eventually(semiSync, (answer) => answer === '1')).toBe('1');
    await write(3);
    expect(
      await eventually(
        () => numbers(`${SHARD}-1.${SHARD}`),
        ({ length }) => length === 3,
      ),
    ).toEqual([1, 2, 3]);
    await world.untilCondition(CLUSTER, 'FailoverBlocked', 'False/OneReplicaOnly');
    expect(await promotions()).toMatch(/NoDataLoss means that writes wait while the one replica is away/);
  });

  it('let a write wait while the replica is away, and acknowledge it when it is back', async () => {
    const { metadata } = await world.require(pods, `${SHARD}-1`);
    const uid = metadata?.uid ?? '';
    await freezeProcesses(findPodProcesses(uid, 'server'));
    let isDone = false;
    const written = write(4).then(() => (isDone = true));
    let wasDone: boolean;
    try {
      await world.until('the write waits for an acknowledgement', async () =>
        (await waitingWrites(world, `${SHARD}-0`)) > 0 ? true : undefined,
      );
      await delay(WAIT_MILLISECONDS);
      wasDone = isDone;
    } finally {
      sendTo(findPodProcesses(uid, 'server'), 'SIGCONT');
    }
    await written;
    expect(wasDone).toBe(false);
    // What a replica has received it applies a moment later.
    const applied = await eventually(
      () => numbers(`${SHARD}-1.${SHARD}`),
      ({ length }) => length === 4,
    );
    expect(applied).toEqual([1, 2, 3, 4]);
    await world.untilReady(CLUSTER);
  });
});

describe('from one to three and back', () => {
  it.each([
    [1, '0', 'False/SingleInstance'],
    [3, '1', 'False/NotBlocked'],
    [1, '0', 'False/SingleInstance'],
  ])('%i: acknowledgement and condition follow, and every row stays', async (instances, rule, condition) => {
    await resize(instances);
    await world.untilCondition(CLUSTER, 'FailoverBlocked', condition);
    expect(await eventually(semiSync, (answer) => answer === rule)).toBe(rule);
    for (let ordinal = 0; ordinal < instances; ordinal += 1) {
      const member = () => numbers(`${SHARD}-${ordinal}.${SHARD}`);
      expect(await eventually(member, ({ length }) => length === 4)).toEqual([1, 2, 3, 4]);
    }
  });
});
