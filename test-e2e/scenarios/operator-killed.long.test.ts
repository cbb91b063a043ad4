/**
 * The operator is killed, with SIGKILL, at twenty random moments from the creation of a cluster until its databases
 * are ready. The next one must finish the work: no object twice, none left over, no password changed, no primary
 * decided anew, never two that take writes.
 *
 * SHARDWRIGHT_SEED repeats the moments of a former run, which every run prints.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { shardedClusters, shardMaps } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { createSqlClient } from '../database/sql-client.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { World } from '../sharded-cluster/world.ts';

const RUNS = 20;
const SPEC = { shards: 1, instances: 2, deletionPolicy: 'Delete' };
const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? Date.now() % 1_000_000);

let world: World;
/** What an undisturbed creation makes, with `NAME` for the name of the cluster. */
let expected: string[];
/** How long an undisturbed creation takes from the request until the databases are ready, in milliseconds. */
let creationMilliseconds: number;

beforeAll(async () => {
  world = await World.open('operator-killed');
  await world.startOperator();
  // The first creation also warms up the operator's code, as it does not in a process that was just started.
  await world.createCluster('undisturbed', SPEC);
  const start = performance.now();
  await world.untilReady('undisturbed');
  creationMilliseconds = performance.now() - start;
  expected = await anonymous('undisturbed');
  await world.delete(shardedClusters, 'undisturbed');
  console.log(`seed ${SEED}, an undisturbed creation takes ${Math.round(creationMilliseconds)} ms`);
});

afterAll(async () => {
  await world?.close();
});

/** Members that take writes. */
async function writableMembers(cluster: string): Promise<string[]> {
  const shard = `${cluster}-shard-0`;
  const client = await createSqlClient(world.kubectl, { namespace: world.namespace, name: cluster });
  const answers = await Promise.all(
    [0, 1].map(async (ordinal) => {
      const rows = await client.query(`${shard}-${ordinal}.${shard}`, 'SELECT @@global.read_only');
      return rows[0]?.[0] === '0' ? [`${shard}-${ordinal}`] : [];
    }),
  );
  return answers.flat();
}

async function anonymous(cluster: string): Promise<string[]> {
  return (await world.inventory(cluster)).map((object) => object.replace(cluster, 'NAME')).toSorted();
}

describe('an operator killed during creation', () => {
  const random = seededRandom(SEED);
  const moments = Array.from({ length: RUNS }, (_, run) => ({ run, share: random() }));

  it.each(moments)('run $run, at $share of the time', async ({ run, share }) => {
    const cluster = `killed-${run}`;
    if (world.operator.exit() !== undefined) {
      await world.startOperator();
    }
    const created = world.createCluster(cluster, SPEC);
    await delay(share * creationMilliseconds);
    await world.operator.kill();
    await created;
    const objects = await world.inventory(cluster);
    const passwords = await world.passwords(cluster);
    const map = await world.get(shardMaps, cluster);
    console.log(`run ${run}: killed with ${objects.length} objects written`);

    await world.startOperator();
    await world.untilReady(cluster);
    expect(await anonymous(cluster)).toEqual(expected);
    expect(await world.passwords(cluster)).toMatchObject(passwords);
    const shards = (await world.map(cluster)).spec.shards;
    expect(map?.spec.shards.map(({ primary }) => primary) ?? []).toEqual(
      map === undefined ? [] : shards.map(({ primary }) => primary),
    );
    expect(shards).toMatchObject([
      {
        epoch: 1,
        primary: `${cluster}-shard-0-0`,
        ackers: [`${cluster}-shard-0-1`],
        initialised: true,
        acknowledgement: 'OneReplica',
      },
    ]);
    expect(await writableMembers(cluster)).toEqual([`${cluster}-shard-0-0`]);
    await world.delete(shardedClusters, cluster);
  });

  it('leaves nothing behind once the clusters are deleted', async () => {
    for (const { run } of moments) {
      const left = await world.until(`killed-${run} is gone`, async () => {
        const objects = await world.inventory(`killed-${run}`);
        return objects.length === 0 ? objects : undefined;
      });
      expect(left).toEqual([]);
    }
  });
});
