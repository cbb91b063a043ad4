/** Clones that are cut short at every phase and at either end are made again, and come to their end. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InstanceStatus } from '../../operator/src/api/v1alpha1/index.ts';
import { persistentVolumeClaims, pods } from '../../operator/src/runtime/resources.ts';
import type { Fingerprint } from '../database/data-set.ts';
import { fillDataSet, fingerprint } from '../database/data-set.ts';
import type { SqlClient } from '../database/sql-client.ts';
import { eventually } from '../install/eventually.ts';
import type { ClonePhase } from '../sharded-cluster/pod-processes.ts';
import { findProcesses, killReceiverIn, signalProgram } from '../sharded-cluster/pod-processes.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'cut';
const ROWS = 50_000;
/** Slow enough to be seen, and met, on its way. */
const BYTES_PER_SECOND = 8_000_000;
const RECEIVER = 'cut-shard-0-2';
/** The clone's first choice: a replica, so that the primary is spared. */
const SOURCE = 'cut-shard-0-1';
const FINISH_ATTEMPTS = 5;

let world: World;
let client: SqlClient;
let expected: Fingerprint;

beforeAll(async () => {
  world = await World.open('clone-interrupted');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, clone: { bytesPerSecond: BYTES_PER_SECOND } });
  await world.untilReady(CLUSTER);
  client = await world.sqlClient(CLUSTER);
  await fillDataSet(client, 'cut-shard-0-primary', ROWS);
  expected = await fingerprint(client, 'cut-shard-0-primary');
});

afterAll(async () => {
  await world?.close();
});

/** Takes the replica's volume and pod away; resolves once another pod of that name runs. */
async function loseReplica(): Promise<void> {
  const former = (await world.require(pods, RECEIVER)).metadata?.uid;
  await world.delete(persistentVolumeClaims, `data-${RECEIVER}`);
  await world.delete(pods, RECEIVER);
  await world.until(`another ${RECEIVER} runs`, async () => {
    const pod = await world.get(pods, RECEIVER);
    const runs = pod?.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false;
    return pod?.metadata?.uid !== former && runs ? true : undefined;
  });
}

/** What the replica holds once the cluster is whole again; it was never made the primary, being empty. */
async function recovered(): Promise<Fingerprint> {
  await world.untilReady(CLUSTER);
  const { replicas } = await world.shard(CLUSTER, 0);
  if (!replicas.includes(RECEIVER)) {
    throw new Error(`${RECEIVER} is no replica`);
  }
  const member = (): Promise<Fingerprint> => fingerprint(client, `${RECEIVER}.cut-shard-0`);
  return eventually(member, ({ checksum }) => checksum === expected.checksum);
}

async function untilCopied(from: string): Promise<void> {
  await world.until(`${from} is copied`, async () =>
    (await findProcesses(world, from, 'copying')).length > 0 ? true : undefined,
  );
}

describe('a clone', () => {
  it('made a new replica of each empty volume, and an event tells of it', async () => {
    const notes = await eventually(
      () => world.notes(CLUSTER, 'ReplicaCloned'),
      ({ length }) => length >= 2,
    );
    expect(notes.toSorted()).toEqual([
      expect.stringMatching(/^cut-shard-0-1 was cloned from cut-shard-0-[02]\.$/),
      expect.stringMatching(/^cut-shard-0-2 was cloned from cut-shard-0-[01]\.$/),
    ]);
  });

  it('tells its progress and its rate, and its source sends no faster than it may', async () => {
    await loseReplica();
    const seen: NonNullable<InstanceStatus['clone']>[] = [];
    await world.until('the clone ends', async () => {
      const clone = (await world.instance(CLUSTER, RECEIVER))?.clone;
      if (clone !== undefined && clone.bytes !== seen.at(-1)?.bytes) {
        seen.push(clone);
      }
      return seen.length > 1 && clone === undefined ? true : undefined;
    });
    expect(seen.at(-1)).toEqual({
      source: SOURCE,
      bytes: expect.any(Number),
      estimatedBytes: expect.any(Number),
      bytesPerSecond: expect.any(Number),
    });
    const figures = seen.map(({ bytes }) => bytes);
    expect(figures).toEqual(figures.toSorted((a, b) => a - b));
    const rates = seen.map(({ bytesPerSecond }) => bytesPerSecond).filter((rate) => rate > 0);
    expect(rates).not.toEqual([]);
    expect(Math.max(...rates)).toBeLessThan(1.2 * BYTES_PER_SECOND);
    expect(await recovered()).toEqual(expected);
    const notes = await eventually(
      () => world.notes(CLUSTER, 'ReplicaRecloned'),
      ({ length }) => length > 0,
    );
    expect(notes).toEqual([`${RECEIVER} was made anew as a copy from ${SOURCE}.`]);
  });
});

describe('a clone whose receiving agent is killed', () => {
  it.each<ClonePhase>(['transfer', 'prepare', 'finish'])('in the phase %s, is made again', async (phase) => {
    // The last phase takes some hundredths of a second, and may be over before the kill.
    for (let attempt = 0, met = false; !met; attempt += 1) {
      expect(attempt).toBeLessThan(FINISH_ATTEMPTS);
      await loseReplica();
      met = await killReceiverIn(world, RECEIVER, phase);
      expect(await recovered()).toEqual(expected);
    }
  });
});

describe('a clone whose source dies', () => {
  it.each(['agent', 'server', 'copying'] as const)(
    'by its %s process, is made again from the start',
    async (program) => {
      await loseReplica();
      await untilCopied(SOURCE);
      await signalProgram(world, SOURCE, program);
      expect(await recovered()).toEqual(expected);
    },
  );
});
