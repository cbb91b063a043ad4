/** From a minimal spec to replicated databases on a real cluster, and through everything that befalls their pods. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { persistentVolumeClaims, pods } from '../../operator/src/runtime/resources.ts';
import { fillDataSet, fingerprint } from '../database/data-set.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { createSqlClient } from '../database/sql-client.ts';
import { eventually } from '../install/eventually.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'quick';
const ROWS = 10_000;
const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? 20_261_123);
const KILLS = 5;
const READ_MILLISECONDS = 100;

let world: World;
let client: SqlClient;

beforeAll(async () => {
  world = await World.open('database-quickstart');
  await world.startOperator();
});

afterAll(async () => {
  await world?.close();
});

async function shardOf(number: number, cluster = CLUSTER): Promise<ShardMapShard> {
  const shard = (await world.map(cluster)).spec.shards.find((each) => each.number === number);
  if (shard === undefined) {
    throw new Error(`there is no shard ${number}`);
  }
  return shard;
}

/** Every member of a shard shows the rows of its primary, once they have come through. */
async function expectEqualMembers(number: number, instances: number): Promise<void> {
  const { name } = await shardOf(number);
  const expected = await fingerprint(client, `${name}-primary`);
  expect(expected.rows).toBeGreaterThanOrEqual(ROWS);
  for (let ordinal = 0; ordinal < instances; ordinal += 1) {
    const member = () => fingerprint(client, `${name}-${ordinal}.${name}`);
    expect(await eventually(member, ({ checksum }) => checksum === expected.checksum)).toEqual(expected);
  }
}

async function uidOf(pod: string): Promise<string | undefined> {
  return (await world.get(pods, pod))?.metadata?.uid;
}

/** Deletes a pod and waits until another of its name is ready, and the cluster with it. */
async function replacePod(pod: string): Promise<void> {
  const former = await uidOf(pod);
  await world.delete(pods, pod);
  await world.until(`${pod} is another`, async () => {
    const uid = await uidOf(pod);
    return uid !== undefined && uid !== former ? true : undefined;
  });
  await world.untilReady(CLUSTER);
}

describe('a cluster of two shards', () => {
  it('becomes ready from a minimal spec', async () => {
    await world.createCluster(CLUSTER, { shards: 2 });
    await world.untilReady(CLUSTER);
    client = await createSqlClient(world.kubectl, { namespace: world.namespace, name: CLUSTER });
    for (const number of [0, 1]) {
      const shard = await eventually(
        () => shardOf(number),
        ({ ackers }) => ackers.length === 2,
      );
      expect(shard).toMatchObject({
        epoch: 1,
        primary: `quick-shard-${number}-0`,
        initialised: true,
        acknowledgement: 'OneReplica',
      });
      expect(shard.ackers.toSorted()).toEqual([`quick-shard-${number}-1`, `quick-shard-${number}-2`]);
    }
  });

  it('takes rows by way of -primary over TLS, and shows them equal on all members', async () => {
    const session = await client.query('quick-shard-0-primary', "SHOW STATUS LIKE 'Ssl_version'");
    expect(session[0]?.[1]).toMatch(/^TLSv1\.[23]$/);
    for (const number of [0, 1]) {
      await fillDataSet(client, `quick-shard-${number}-primary`, ROWS);
      await expectEqualMembers(number, 3);
    }
  });

  it('leads -replicas to replicas, which refuse writes', async () => {
    const asked = () => client.query('quick-shard-0-replicas', 'SELECT @@hostname, @@global.read_only');
    // While no replica was fit for reads yet, the primary took them.
    const [[host = '', readOnly] = []] = await eventually(asked, ([row]) => row?.[1] === '1');
    expect([host, readOnly]).toEqual([expect.stringMatching(/^quick-shard-0-[12]$/), '1']);
    for (const replica of ['quick-shard-0-1', 'quick-shard-0-2']) {
      await expect(client.query(`${replica}.quick-shard-0`, 'DELETE FROM app.sbtest1')).rejects.toThrow(
        'read-only',
      );
    }
  });

  it('tells position and lag of every instance', async () => {
    const read = async () => {
      const { status } = await world.require(shardedClusters, CLUSTER);
      return status?.shards?.flatMap((shard) => shard.instances ?? []) ?? [];
    };
    const instances = await eventually(read, (told) =>
      told.every(
        ({ gtid, lagSeconds, healthy }) => healthy && gtid !== undefined && typeof lagSeconds === 'number',
      ),
    );
    expect(instances).toHaveLength(6);
    for (const { gtid, lagSeconds, lagBytes, lastChecked, healthy } of instances) {
      expect(gtid).toMatch(/^\d+-\d+-\d+/);
      expect(lagSeconds).toEqual(expect.any(Number));
      expect(lagBytes).toEqual(expect.any(Number));
      expect(lastChecked).toEqual(expect.any(String));
      expect(healthy).toBe(true);
    }
  });
});

describe('a pod that is deleted', () => {
  it('comes back as a replica that follows', async () => {
    await replacePod('quick-shard-0-1');
    expect(await shardOf(0)).toMatchObject({ epoch: 1, primary: 'quick-shard-0-0' });
    await expectEqualMembers(0, 3);
  });

  it('hands over first when it is the primary, and comes back as a replica', async () => {
    await replacePod('quick-shard-1-0');
    const isWhole = ({ replicas, ackers }: ShardMapShard) => replicas.every((pod) => ackers.includes(pod));
    expect(await eventually(() => shardOf(1), isWhole)).toMatchObject({
      epoch: 2,
      primary: expect.stringMatching(/^quick-shard-1-[12]$/),
      replicas: expect.arrayContaining(['quick-shard-1-0']),
    });
    await expectEqualMembers(1, 3);
  });
});

describe('a replica whose volume is deleted', () => {
  it('is cloned anew, and never read while it is empty', async () => {
    const stop = new AbortController();
    const counts = new Set<string>();
    const reading = (async () => {
      while (!stop.signal.aborted) {
        const rows = await client
          .query('quick-shard-0-replicas', 'SELECT COUNT(*) FROM app.sbtest1')
          .catch(() => undefined);
        if (rows !== undefined) {
          counts.add(rows[0]?.[0] ?? '');
        }
        await delay(READ_MILLISECONDS);
      }
    })();
    await world.delete(persistentVolumeClaims, 'data-quick-shard-0-2');
    await replacePod('quick-shard-0-2');
    await world.until('somebody has read', async () => (counts.size > 0 ? true : undefined));
    stop.abort();
    await reading;
    expect([...counts]).toEqual([String(ROWS)]);
    await expectEqualMembers(0, 3);
  });
});

describe('the number of instances', () => {
  it.each([4, 3, 1, 3])('becomes %i', async (instances) => {
    await world.changeSpec(CLUSTER, { instances });
    await world.untilReady(CLUSTER);
    await world.until('the map has as many members', async () => {
      const { ackers, replicas } = await shardOf(0);
      return replicas.length === instances - 1 && ackers.length === instances - 1 ? true : undefined;
    });
    await client.query('quick-shard-0-primary', "INSERT INTO app.sbtest1 (k, c) VALUES (1, 'scaled')");
    await expectEqualMembers(0, instances);
    expect(await shardOf(0)).toMatchObject({
      epoch: 1,
      acknowledgement: instances === 1 ? 'None' : 'OneReplica',
    });
  });
});

describe('an operator that is killed while databases are made', () => {
  const random = seededRandom(SEED);
  const moments = Array.from({ length: KILLS }, () => 500 + random() * 8000);

  it(`converges with one primary, seed ${SEED}`, async () => {
    await world.createCluster('killed', { shards: 1, instances: 2 });
    for (const moment of moments) {
      await delay(moment);
      await world.operator.kill();
      await world.startOperator();
    }
    await world.untilReady('killed');
    const killedShard = await eventually(
      () => shardOf(0, 'killed'),
      ({ ackers }) => ackers.length === 1,
    );
    expect(killedShard).toMatchObject({
      epoch: 1,
      primary: 'killed-shard-0-0',
      ackers: ['killed-shard-0-1'],
      initialised: true,
    });
    const killed = { namespace: world.namespace, name: 'killed' };
    const other = await createSqlClient(world.kubectl, killed);
    const writable = () =>
      Promise.all(
        [0, 1].map((ordinal) =>
          other.query(`killed-shard-0-${ordinal}.killed-shard-0`, 'SELECT @@global.read_only'),
        ),
      );
    const expected = [[['0']], [['1']]];
    expect(await eventually(writable, (answers) => isDeepStrictEqual(answers, expected))).toEqual(expected);
  });
});
