/** A volume fills up for real: a condition says so while there is still room, and no row is given up to make more. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { eventually } from '../install/eventually.ts';
import { runInPod } from '../sharded-cluster/pod-processes.ts';
import { makeSmallVolumes } from '../sharded-cluster/small-volumes.ts';
import type { SmallVolumes } from '../sharded-cluster/small-volumes.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'full';
const SHARD = 'full-shard-0';
const PRIMARY = 'full-shard-0-primary';
const INSTANCES = 2;
const VOLUME_MEBIBYTES = 500;
/** Rows of a megabyte that one statement adds: a server also keeps them in its logs of changes. */
const BATCH = 4;
/** Agents look at their volumes every five seconds. */
const LOOK_MILLISECONDS = 1000;
/** Nothing is written beyond this, so that a condition that does not come is no full volume. */
const MOST_PERCENT = 94;

let world: World;
let volumes: SmallVolumes;
let client: SqlClient;
let rows = 0;

beforeAll(async () => {
  world = await World.open('volume-nearly-full');
  volumes = await makeSmallVolumes(world.kubectl, 'volume-nearly-full', {
    count: INSTANCES,
    mebibytes: VOLUME_MEBIBYTES,
  });
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 1,
    instances: INSTANCES,
    deletionPolicy: 'Delete',
    storage: { size: '1Gi', storageClassName: volumes.storageClassName },
  });
  await world.untilReady(CLUSTER);
  client = await world.sqlClient(CLUSTER);
  await client.query(
    PRIMARY,
    'CREATE DATABASE app; CREATE TABLE app.big (id INT AUTO_INCREMENT PRIMARY KEY, content LONGTEXT)',
  );
});

afterAll(async () => {
  await world?.close();
  await volumes?.remove();
});

/** How full the fullest volume is, as the file system says. */
async function usedPercent(): Promise<number> {
  const used = await Promise.all(
    Array.from({ length: INSTANCES }, (_, ordinal) =>
      runInPod(world, `${SHARD}-${ordinal}`, 'df --output=pcent /var/lib/shardwright/volume | tail -n 1'),
    ),
  );
  return Math.max(...used.map((text) => Number.parseInt(text, 10)));
}

async function fill(): Promise<void> {
  const content = "REPEAT(CONCAT(MD5(RAND()), '-'), 30000)";
  await client.query(PRIMARY, `INSERT INTO app.big (content) SELECT ${content} FROM app.seq_1_to_${BATCH}`);
  rows += BATCH;
}

async function count(host: string): Promise<number> {
  const sql = 'SELECT COUNT(*) FROM app.big WHERE CRC32(content) <> 0 AND LENGTH(content) = 990000';
  return Number((await client.query(host, sql))[0]?.[0]);
}

async function degraded(): Promise<string> {
  const { status } = await world.require(shardedClusters, CLUSTER);
  const found = status?.conditions?.find(({ type }) => type === 'Degraded');
  return `${found?.status}/${found?.reason}: ${found?.message}`;
}

describe('a volume', () => {
  it('of which much is left is no cause of complaint', async () => {
    while ((await usedPercent()) < 70) {
      await fill();
    }
    await delay(2 * LOOK_MILLISECONDS);
    expect(await degraded()).toContain('False/AsExpected');
  });

  it('that is nearly full is told of, by a condition and an event, while there is room', async () => {
    while (!(await degraded()).startsWith('True/VolumeNearlyFull')) {
      if ((await usedPercent()) < MOST_PERCENT - 3) {
        await fill();
      }
      await delay(LOOK_MILLISECONDS);
    }
    const used = await usedPercent();
    expect(used).toBeGreaterThanOrEqual(85);
    expect(used).toBeLessThan(MOST_PERCENT);
    expect(await degraded()).toMatch(/full-shard-0-[01]: The volume is (8[5-9]|9[0-4]) % full\./);
    expect(await world.condition(CLUSTER, 'Available')).toBe('True/PrimariesAvailable');
    const notes = await eventually(
      () => world.notes(CLUSTER, 'VolumeNearlyFull'),
      ({ length }) => length > 0,
    );
    expect(notes).toEqual([expect.stringContaining('% full')]);
  });

  it('that is nearly full takes writes, and keeps every row', async () => {
    await fill();
    for (const host of [PRIMARY, `${SHARD}-0.${SHARD}`, `${SHARD}-1.${SHARD}`]) {
      expect(
        await eventually(
          () => count(host),
          (found) => found === rows,
        ),
      ).toBe(rows);
    }
  });

  it('of which a person has freed a part is well again', async () => {
    await client.query(PRIMARY, 'DROP TABLE app.big');
    await world.untilCondition(CLUSTER, 'Degraded', 'False/AsExpected');
    expect(await usedPercent()).toBeLessThan(85);
  });
});
