/** A cluster with a keyspace gets a third shard, and gives it back, while applications use it by way of its router. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShardMapSpec } from '../../operator/src/api/v1alpha1/index.ts';
import { shardRebalances } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { auditCluster } from '../../operator/src/core/audit/audit-cluster.ts';
import { nativePasswordHash } from '../../operator/src/engines/mariadb/credentials.ts';
import { keyspaceRole } from '../../operator/src/engines/mariadb/keyspace-roles.ts';
import { routerPasswordHash } from '../../operator/src/engines/mariadb/router-credential.ts';
import { readSlotOwners, shardOf } from '../../operator/src/core/keyspace/slot-owners.ts';
import {
  configMaps,
  persistentVolumeClaims,
  pods,
  secrets,
  statefulSets,
} from '../../operator/src/runtime/resources.ts';
import { monotonicTime } from '../chaos/clients/monotonic-time.ts';
import { CheckedLoad, connectToRouter } from '../moves/checked-load.ts';
import { KEYSPACE_SPEC, SLOTS } from '../moves/cluster-objects.ts';
import type { LoadTarget } from '../moves/load-target.ts';
import { makeLoadTables } from '../moves/load-tables.ts';
import { queryAsAgent } from '../sharded-cluster/agent-query.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'scale';
const SEED = 20_261_123;
const VISITOR = 'visitor';

let world: World;
let load: CheckedLoad;
let map: ShardMapSpec;
let target: LoadTarget;

beforeAll(async () => {
  world = await World.open('scale-out');
  await world.startOperator();
  await world.createCluster(CLUSTER, {
    shards: 2,
    instances: 2,
    router: { replicas: 1 },
    rebalance: { soakSeconds: 2 },
    keyspaces: [KEYSPACE_SPEC],
  });
  await world.untilReady(CLUSTER);
  target = await reachCluster();
  const router = await world.until('the router serves', () => connectToRouter(target));
  await makeLoadTables(router);
  router.close();
  load = new CheckedLoad(target, { seed: SEED, direct: [], busy: [1, 3, 6] });
});

afterAll(async () => {
  await load?.stop();
  await world?.close();
});

/** The cluster as a load sees it. */
async function reachCluster(): Promise<LoadTarget> {
  map = (await world.map(CLUSTER)).spec;
  const router = await world.until('a router is ready', async () =>
    (await world.list(pods, CLUSTER)).find(
      ({ metadata, status }) =>
        metadata?.labels?.['app.kubernetes.io/component'] === 'router' &&
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    ),
  );
  const password = (await world.require(secrets, `${CLUSTER}-app`)).data?.['password'] ?? '';
  const authority = (await world.require(configMaps, `${CLUSTER}-ca`)).data?.['ca.crt'] ?? '';
  return {
    reach: () => ({
      host: router.status?.podIP ?? '',
      user: 'app',
      password: Buffer.from(password, 'base64').toString('utf8'),
      authority,
    }),
    ownerOf(slot) {
      const [keyspace] = map.keyspaces ?? [];
      return (keyspace && shardOf(readSlotOwners(keyspace.slotsByShard, keyspace.slots), slot)) ?? -1;
    },
    primaryPod: (shard) => map.shards.find(({ number }) => number === shard)?.primary ?? undefined,
    query: (shard, sql) =>
      queryAsAgent(world, map.shards.find(({ number }) => number === shard)?.primary ?? '', sql),
  };
}

/** Scales, and resolves when all moves have ended. */
async function scaleTo(shards: number, rebalance: string): Promise<void> {
  const since = monotonicTime();
  await world.kubectl.run([
    'scale',
    'shardedcluster',
    CLUSTER,
    `--replicas=${shards}`,
    `--namespace=${world.namespace}`,
  ]);
  const { status } = await world.until('all moves have ended', async () => {
    const found = await world.get(shardRebalances, rebalance);
    if (found?.status?.phase !== 'Completed') {
      throw new Error(
        `${found?.status?.phase}: ${found?.status?.message} ${found?.status?.held?.message ?? ''}`,
      );
    }
    return found;
  });
  map = (await world.map(CLUSTER)).spec;
  await load.untilAllAnswered();
  const { plan, progress } = status ?? {};
  console.log(
    `${plan?.shardsBefore} to ${plan?.shardsAfter} shards: ${plan?.moveCount} moves, ${plan?.shareMoved} of the slots, ` +
      `longest switch ${progress?.longestPauseMilliseconds} ms, longest pause of a client ${load.longestGap(since).toFixed(0)} ms`,
  );
  expect(load.routerFailures(since, { withTransactions: false })).toEqual([]);
}

async function expectCleanAudit(): Promise<void> {
  expect(await auditCluster(map, (shard, sql) => target.query(shard, sql))).toMatchObject({
    slots: SLOTS,
    problems: [],
  });
}

/** A user as `CREATE USER` through a router makes it, on the shards that there are. */
async function makeVisitor(): Promise<void> {
  const { key = '' } = (await world.require(secrets, `${CLUSTER}-router`)).data ?? {};
  const derived = routerPasswordHash(Buffer.from(key, 'base64').toString('utf8'), VISITOR);
  const role = keyspaceRole(KEYSPACE_SPEC.name, 'readOnly');
  for (const { number } of map.shards) {
    await target.query(
      number,
      `CREATE USER ${VISITOR}@'%' IDENTIFIED VIA mysql_native_password USING '${derived}' OR mysql_native_password USING '${nativePasswordHash('visit')}' REQUIRE SSL;
       GRANT \`${role}\` TO ${VISITOR}@'%'; SET DEFAULT ROLE \`${role}\` FOR ${VISITOR}@'%'`,
    );
  }
}

/** What a shard knows of that user. */
async function visitorOn(shard: number): Promise<unknown> {
  return target.query(shard, `SHOW CREATE USER ${VISITOR}@'%'; SHOW GRANTS FOR ${VISITOR}@'%'`);
}

describe('a cluster with a keyspace', () => {
  it('gives a new shard its share, and no client errs', async () => {
    await makeVisitor();
    await scaleTo(3, `${CLUSTER}-r1`);
    expect([0, 1, 2].map((shard) => countSlots(shard))).toEqual([3, 3, 2]);
    expect(await visitorOn(2)).toEqual(await visitorOn(0));
    await expectCleanAudit();
  }, 600_000);

  it('takes it back before the shard goes', async () => {
    await scaleTo(2, `${CLUSTER}-r2`);
    expect([0, 1].map((shard) => countSlots(shard))).toEqual([4, 4]);
    map = await world.until('the shard has left the map', async () => {
      const { spec } = await world.map(CLUSTER);
      return spec.shards.length === 2 ? spec : undefined;
    });
    await world.until('its StatefulSet is gone', async () =>
      (await world.get(statefulSets, `${CLUSTER}-shard-2`)) === undefined ? true : undefined,
    );
    const kept = (await world.list(persistentVolumeClaims, CLUSTER)).map(({ metadata }) => metadata?.name);
    expect(kept).toContain(`data-${CLUSTER}-shard-2-0`);
    await expectCleanAudit();
  }, 600_000);

  it('has lost nothing and doubled nothing', async () => {
    await load.stop();
    expect(await load.judge()).toEqual([]);
  });
});

function countSlots(shard: number): number {
  return Array.from({ length: SLOTS }, (_, slot) => target.ownerOf(slot)).filter((owner) => owner === shard)
    .length;
}
