/**
 * Two clusters in one namespace, of different versions of MariaDB, the name of one beginning like that of the other
 * and like its shards: each is as if it were alone.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { fillDataSet, fingerprint } from '../database/data-set.ts';
import { eventually } from '../install/eventually.ts';
import { World } from '../sharded-cluster/world.ts';

const INSTANCES = 2;

interface Tested {
  readonly cluster: string;
  readonly version: '10.11' | '11.8';
  readonly shard: string;
  readonly rows: number;
}

const SHOP: Tested = { cluster: 'shop', version: '11.8', shard: 'shop-shard-0', rows: 3000 };
const TRAP: Tested = {
  cluster: 'shop-shard',
  version: '10.11',
  shard: 'shop-shard-shard-0',
  rows: 5000,
};
const BOTH = [SHOP, TRAP];

let world: World;
const clients = new Map<Tested, SqlClient>();

function clientOf(tested: Tested): SqlClient {
  const client = clients.get(tested);
  if (client === undefined) {
    throw new Error(`${tested.cluster} is not ready`);
  }
  return client;
}

beforeAll(async () => {
  world = await World.open('two-clusters', ['11.8', '10.11']);
  await world.startOperator();
  for (const { cluster, version } of BOTH) {
    await world.createCluster(cluster, {
      shards: 1,
      instances: INSTANCES,
      engine: { version },
      deletionPolicy: 'Delete',
    });
  }
  for (const tested of BOTH) {
    await world.untilReady(tested.cluster);
    clients.set(tested, await world.sqlClient(tested.cluster));
  }
});

afterAll(async () => {
  await world?.close();
});

describe.each(BOTH)('$cluster, of MariaDB $version', (tested) => {
  const { cluster, version, shard, rows } = tested;
  const members = Array.from({ length: INSTANCES }, (_, ordinal) => `${shard}-${ordinal}`);

  it('has its own servers, of its version, behind its own Services', async () => {
    for (const host of [
      `${shard}-primary`,
      `${shard}-replicas`,
      ...members.map((pod) => `${pod}.${shard}`),
    ]) {
      const [[found = '', name = ''] = []] = await clientOf(tested).query(
        host,
        'SELECT VERSION(), @@hostname',
      );
      expect(found).toContain(`${version}.`);
      expect(members).toContain(name);
    }
  });

  it('holds its own rows, equal on its members', async () => {
    const client = clientOf(tested);
    await fillDataSet(client, `${shard}-primary`, rows);
    const expected = await fingerprint(client, `${shard}-primary`);
    expect(expected.rows).toBe(rows);
    for (const pod of members) {
      const member = () => fingerprint(client, `${pod}.${shard}`);
      expect(await eventually(member, ({ checksum }) => checksum === expected.checksum)).toEqual(expected);
    }
  });

  it('lists its own pods, and keeps its passwords from the other', async () => {
    const pods = (await world.inventory(cluster)).filter((object) => object.startsWith('Pod/'));
    expect(pods).toEqual(members.map((pod) => `Pod/${pod}`));
    const other = BOTH.find((each) => each !== tested) ?? tested;
    await expect(clientOf(tested).query(`${other.shard}-primary`, 'SELECT 1')).rejects.toThrow(
      /certificate|Access denied/,
    );
  });
});

describe('one of them deleted, with its volumes', () => {
  it('leaves every object and row of the other', async () => {
    const objects = await world.uids(SHOP.cluster);
    const rows = await fingerprint(clientOf(SHOP), 'shop-shard-0-primary');
    await world.delete(shardedClusters, TRAP.cluster);
    await world.until('it is gone', async () => {
      const left = await world.inventory(TRAP.cluster);
      return left.length === 0 && (await world.get(shardedClusters, TRAP.cluster)) === undefined
        ? true
        : undefined;
    });
    expect(await world.uids(SHOP.cluster)).toEqual(objects);
    expect(await fingerprint(clientOf(SHOP), 'shop-shard-0-primary')).toEqual(rows);
    await world.untilReady(SHOP.cluster);
  });
});
