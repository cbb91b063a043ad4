/**
 * Agents are killed, with SIGKILL, at twenty random moments from the creation of a cluster until its databases are
 * ready. Their successors must finish the work: the data of every member equal, one primary, and never two that
 * wrote.
 *
 * SHARDWRIGHT_SEED repeats the choices of a former run, which every run prints.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { shardedClusters } from '../../operator/src/controllers/sharded-cluster/resource-types.ts';
import { pods } from '../../operator/src/runtime/resources.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { signalProgram } from '../sharded-cluster/pod-processes.ts';
import { seededRandom } from '../sharded-cluster/random.ts';
import { World } from '../sharded-cluster/world.ts';

const KILLS = 20;
const SHARDS = 5;
const INSTANCES = 2;
/** Between one kill and the next; together they take about as long as the databases do. */
const LONGEST_PAUSE_MILLISECONDS = 2500;
/** Each agent is killed once in its life, as a kubelet waits longer with every further start. */
const MOST_CLUSTERS = 5;
const TIMEOUT_MILLISECONDS = 600_000;
const SEED = Number(process.env['SHARDWRIGHT_SEED'] ?? Date.now() % 1_000_000);

let world: World;

beforeAll(async () => {
  world = await World.open('agent-killed');
  await world.startOperator();
});

afterAll(async () => {
  await world?.close();
});

/** Pods of the cluster whose agent runs. */
async function podsWithAgent(cluster: string): Promise<string[]> {
  const all = await world.list(pods, cluster);
  return all
    .filter(({ status }) =>
      status?.containerStatuses?.some(({ name, state }) => name === 'mariadb' && state?.running),
    )
    .map(({ metadata }) => metadata?.name ?? '');
}

/** Kills an agent of the cluster now and then until it is ready, or `kills` are done; returns how many were. */
async function killMeanwhile(cluster: string, random: () => number, kills: number): Promise<number> {
  const killed = new Set<string>();
  while (killed.size < kills && (await world.condition(cluster, 'Ready')) !== 'True/AllShardsReady') {
    await delay(random() * LONGEST_PAUSE_MILLISECONDS);
    const alive = (await podsWithAgent(cluster)).filter((pod) => !killed.has(pod));
    const pod = alive[Math.floor(random() * alive.length)];
    if (pod !== undefined) {
      await signalProgram(world, pod, 'agent');
      killed.add(pod);
    }
  }
  return killed.size;
}

/** Who ever wrote in a shard, by what each of its members has in its log of changes; who takes writes now. */
async function primariesOf(cluster: string, shard: string): Promise<{ wrote: string[]; writable: string[] }> {
  const client = await world.sqlClient(cluster);
  const wrote = new Set<string>();
  const writable: string[] = [];
  for (let ordinal = 0; ordinal < INSTANCES; ordinal += 1) {
    const member = `${shard}-${ordinal}`;
    const sql = 'SELECT @@global.gtid_binlog_state, @@global.read_only';
    const [[state = '', readOnly] = []] = await client.query(`${member}.${shard}`, sql);
    state.split(',').forEach((gtid) => wrote.add(gtid.split('-')[1] ?? ''));
    if (readOnly === '0') {
      writable.push(member);
    }
  }
  return { wrote: [...wrote], writable };
}

/** The shards once each has a primary, and had the same a while ago. */
async function settledShards(cluster: string): Promise<ShardMapShard[]> {
  let before = '';
  return waitFor(
    `the primaries of ${cluster} to stay`,
    async () => {
      const { shards } = (await world.map(cluster)).spec;
      const present = shards.map(({ primary, epoch }) => `${primary} ${epoch}`).join();
      const hasSettled = present === before && shards.every(({ primary }) => primary !== null);
      before = present;
      return hasSettled ? shards : undefined;
    },
    { timeoutMilliseconds: 120_000, everyMilliseconds: 3000 },
  );
}

describe('agents killed during creation', () => {
  it(
    `leave each shard whole, with one primary, seed ${SEED}`,
    async () => {
      const random = seededRandom(SEED);
      let kills = 0;
      for (let run = 0; kills < KILLS; run += 1) {
        expect(run).toBeLessThan(MOST_CLUSTERS);
        const cluster = `killed-${run}`;
        const started = performance.now();
        await world.createCluster(cluster, {
          shards: SHARDS,
          instances: INSTANCES,
          deletionPolicy: 'Delete',
        });
        const done = await killMeanwhile(cluster, random, KILLS - kills);
        const killedFor = performance.now() - started;
        kills += done;
        await world.untilReady(cluster);
        const took = performance.now() - started;
        console.log(
          `${cluster}: ${done} kills in ${Math.round(killedFor)} ms, ready after ${Math.round(took)} ms`,
        );
        // The last kills may have led to a promotion that Ready is yet to hear of.
        for (const shard of await settledShards(cluster)) {
          expect(shard).toMatchObject({ initialised: true, acknowledgement: 'OneReplica' });
          const { wrote, writable } = await primariesOf(cluster, shard.name);
          expect(writable).toEqual([shard.primary]);
          expect(wrote.length).toBeLessThanOrEqual(shard.epoch);
          expect([shard.primary ?? '', ...shard.ackers].toSorted()).toEqual([
            `${shard.name}-0`,
            `${shard.name}-1`,
          ]);
        }
        await world.delete(shardedClusters, cluster);
      }
      expect(kills).toBe(KILLS);
    },
    TIMEOUT_MILLISECONDS,
  );
});
