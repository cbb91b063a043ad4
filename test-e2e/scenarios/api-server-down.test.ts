/**
 * The API server is down while the databases serve on; afterwards the operator takes care of them as before.
 *
 * SHARDWRIGHT_OUTAGE_SECONDS sets how long.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pods, services } from '../../operator/src/runtime/resources.ts';
import { actOnApiServer } from '../cluster/provider.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { eventually } from '../install/eventually.ts';
import { JOURNAL_TABLE, startJournal } from '../sharded-cluster/journal.ts';
import type { JournalReport } from '../sharded-cluster/journal.ts';
import { findProcesses } from '../sharded-cluster/pod-processes.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'alone';
const SHARD = 'alone-shard-0';
const INSTANCES = 3;
const OUTAGE_SECONDS = Number(process.env['SHARDWRIGHT_OUTAGE_SECONDS'] ?? 30);
/**
 * A third of the time without the API server: nobody waits for it. A client starts a process, connects and writes for each
 * row, and the machine has other things to do as well.
 */
const LONGEST_GAP_MILLISECONDS = 10_000;

let world: World;
let client: SqlClient;
let before: string[];
let isDown: boolean;
let report: JournalReport;

/** What would change if a pod, a container or a server had been started again. */
async function lives(): Promise<string[]> {
  const all = await world.list(pods, CLUSTER);
  const lines = all.map(({ metadata, status }) => {
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    return [metadata?.name, metadata?.uid, ...containers.map(({ restartCount }) => restartCount)].join(' ');
  });
  for (let ordinal = 0; ordinal < INSTANCES; ordinal += 1) {
    const pod = `${SHARD}-${ordinal}`;
    lines.push(`${pod} server ${String(await findProcesses(world, pod, 'server'))}`);
  }
  return lines.toSorted();
}

beforeAll(
  async () => {
    world = await World.open('api-server-down');
    await world.startOperator();
    await world.createCluster(CLUSTER, { shards: 1, instances: INSTANCES });
    await world.untilReady(CLUSTER);
    client = await world.sqlClient(CLUSTER);
    const { kubectl, namespace } = world;
    const journal = await startJournal(kubectl, {
      namespace,
      cluster: CLUSTER,
      shard: SHARD,
      instances: INSTANCES,
    });
    before = await lives();
    await actOnApiServer('stop');
    try {
      await delay(OUTAGE_SECONDS * 1000);
      isDown = (await kubectl.attempt(['get', 'namespaces', '--request-timeout=2s'])).exitCode !== 0;
    } finally {
      await actOnApiServer('start');
    }
    await world.untilReady(CLUSTER);
    report = await journal.stop();
  },
  (OUTAGE_SECONDS + 600) * 1000,
);

afterAll(async () => {
  await world?.close();
});

describe('databases whose API server is down', () => {
  it('take writes and acknowledge them all the time', () => {
    expect(isDown).toBe(true);
    expect(report.longestGapMilliseconds).toBeLessThan(LONGEST_GAP_MILLISECONDS);
    expect(report.acknowledged.length).toBeGreaterThan(OUTAGE_SECONDS);
    expect(report.doublePrimaries).toEqual([]);
  });

  it('go on as they are: no pod, container or server is started again', async () => {
    expect(await lives()).toEqual(before);
    expect(await world.shard(CLUSTER, 0)).toMatchObject({ epoch: 1, primary: `${SHARD}-0` });
  });

  it('hold what was acknowledged, on every member', async () => {
    for (let ordinal = 0; ordinal < INSTANCES; ordinal += 1) {
      const count = async (): Promise<number> => {
        const sql = `SELECT COUNT(*) FROM ${JOURNAL_TABLE}`;
        return Number((await client.query(`${SHARD}-${ordinal}.${SHARD}`, sql))[0]?.[0]);
      };
      const enough = report.acknowledged.length;
      expect(await eventually(count, (rows) => rows >= enough)).toBeGreaterThanOrEqual(enough);
    }
  });

  it('are taken care of again afterwards', async () => {
    await world.delete(services, `${SHARD}-primary`);
    const find = () => world.get(services, `${SHARD}-primary`);
    expect(await eventually(find, (service) => service !== undefined)).toBeDefined();
    await world.untilReady(CLUSTER);
    // Name servers, too, come back to the API server only after a while, and tell the former address until then.
    const ask = () => client.query(`${SHARD}-primary`, 'SELECT @@hostname');
    expect(await world.until('the new Service leads to the primary', ask)).toEqual([[`${SHARD}-0`]]);
  });
});
