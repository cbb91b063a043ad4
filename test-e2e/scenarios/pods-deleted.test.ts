/** Pods are deleted in every way a person or a node's drain may: a client goes on, and nothing acknowledged is lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pods } from '../../operator/src/runtime/resources.ts';
import { fillDataSet, fingerprint } from '../database/data-set.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { eventually } from '../install/eventually.ts';
import { JOURNAL_TABLE, startJournal } from '../sharded-cluster/journal.ts';
import type { Journal } from '../sharded-cluster/journal.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'lost';
const SHARD = 'lost-shard-0';
const SHARDS = ['lost-shard-0', 'lost-shard-1'];
const INSTANCES = 3;
const ROWS = 2000;

let world: World;
let client: SqlClient;
let journal: Journal;

beforeAll(async () => {
  world = await World.open('pods-deleted');
  await world.startOperator();
  // So that a member of each shard is on every node.
  await world.createCluster(CLUSTER, { shards: SHARDS.length, podAntiAffinity: 'Required' });
  await world.untilReady(CLUSTER);
  client = await world.sqlClient(CLUSTER);
  for (const shard of SHARDS) {
    await fillDataSet(client, `${shard}-primary`, ROWS);
  }
  const { kubectl, namespace } = world;
  journal = await startJournal(kubectl, {
    namespace,
    cluster: CLUSTER,
    shard: SHARD,
    instances: INSTANCES,
  });
});

afterAll(async () => {
  await world?.close();
});

async function uidOf(pod: string): Promise<string | undefined> {
  return (await world.get(pods, pod))?.metadata?.uid;
}

/** Deletes pods at once, and waits until there are others of their names and the cluster is ready again. */
async function replacePods(names: readonly string[], ...options: string[]): Promise<void> {
  const former = new Map(await Promise.all(names.map(async (name) => [name, await uidOf(name)] as const)));
  const inNamespace = `--namespace=${world.namespace}`;
  await world.kubectl.run(['delete', 'pods', ...names, inNamespace, '--wait=false', ...options]);
  for (const [name, uid] of former) {
    await world.until(`${name} is another`, async () => {
      const now = await uidOf(name);
      return now !== undefined && now !== uid ? true : undefined;
    });
  }
  await world.untilReady(CLUSTER);
}

async function primaryOf(number: number): Promise<string> {
  return (await world.shard(CLUSTER, number)).primary ?? '';
}

/** Whether every member of a shard shows its rows, all of them. */
async function hasEqualMembers(shard: string): Promise<boolean> {
  // The nodes' tables follow a change of the Service's endpoints, and so does the status, after a moment.
  const expected = await eventually(
    () => fingerprint(client, `${shard}-primary`),
    ({ rows }) => rows === ROWS,
  );
  const found = await Promise.all(
    Array.from({ length: INSTANCES }, (_, ordinal) =>
      eventually(
        () => fingerprint(client, `${shard}-${ordinal}.${shard}`),
        ({ checksum }) => checksum === expected.checksum,
      ),
    ),
  );
  return found.every(({ checksum, rows }) => checksum === expected.checksum && rows === ROWS);
}

describe('pods that are deleted come back by themselves', () => {
  it('all of one node, the primary of a shard among them', async () => {
    const { spec } = await world.require(pods, await primaryOf(0));
    const onNode = (await world.list(pods, CLUSTER))
      .filter((pod) => pod.spec?.nodeName === spec?.nodeName)
      .map(({ metadata }) => metadata?.name ?? '');
    expect(onNode.length).toBeGreaterThanOrEqual(SHARDS.length);
    await replacePods(onNode);
    expect(await Promise.all(SHARDS.map(hasEqualMembers))).toEqual([true, true]);
  });

  it('those of a shard, one after another', async () => {
    for (let ordinal = 0; ordinal < INSTANCES; ordinal += 1) {
      await replacePods([`${SHARD}-${ordinal}`]);
    }
    expect(await hasEqualMembers(SHARD)).toBe(true);
  });

  it('those of a shard, all at once', async () => {
    await replacePods(Array.from({ length: INSTANCES }, (_, ordinal) => `${SHARD}-${ordinal}`));
    expect(await hasEqualMembers(SHARD)).toBe(true);
  });

  it('the primary, by force: its successor starts while it still ends', async () => {
    await replacePods([await primaryOf(0)], '--force', '--grace-period=0');
    expect(await hasEqualMembers(SHARD)).toBe(true);
  });

  it('and the client that wrote meanwhile finds everything that was acknowledged, of one primary at a time', async () => {
    const { acknowledged, doublePrimaries, looks } = await journal.stop();
    expect(looks).toBeGreaterThan(10);
    expect(doublePrimaries).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(50);
    for (let ordinal = 0; ordinal < INSTANCES; ordinal += 1) {
      const member = async (): Promise<number[]> => {
        const rows = await client.query(`${SHARD}-${ordinal}.${SHARD}`, `SELECT n FROM ${JOURNAL_TABLE}`);
        const found = new Set(rows.map(([number]) => Number(number)));
        return acknowledged.filter((number) => !found.has(number));
      };
      expect(await eventually(member, ({ length }) => length === 0)).toEqual([]);
    }
  });
});
