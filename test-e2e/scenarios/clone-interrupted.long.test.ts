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
const BYTES_PER_SECOND = 12_000_000;
const RECEIVER = 'cut-shard-0-2';
/** The clone's first choice: a replica, so that the primary is spared. */
const SOURCE = 'cut-shard-0-1';
const FINISH_ATTEMPTS = 5;

let world: World;
let client: SqlClient;
let expected: Fingerprint;

/** Every figure that the status has told of a clone, by the pod that was made. */
const told = new Map<string, NonNullable<InstanceStatus['clone']>[]>();

beforeAll(async () => {
  world = await World.open('clone-interrupted');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: 1, clone: { bytesPerSecond: BYTES_PER_SECOND } });
  await world.until('all instances are made', async () => {
    for (const pod of [SOURCE, RECEIVER]) {
      const clone = (await world.instance(CLUSTER, pod))?.clone;
      const before = told.get(pod) ?? [];
      if (clone !== undefined && clone.bytes !== before.at(-1)?.bytes) {
        told.set(pod, [...before, clone]);
      }
    }
    return (await world.condition(CLUSTER, 'Ready')) === 'True/AllShardsReady' ? true : undefined;
  });
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

  it('told its progress and its rate, and its source sent no faster than it may', () => {
    expect([...told.keys()].toSorted()).toEqual([SOURCE, RECEIVER]);
    for (const [pod, figures] of told) {
      const bytes = figures.map((each) => each.bytes);
      expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
      for (const { source, estimatedBytes, bytesPerSecond } of figures) {
        expect(source).not.toBe(pod);
        expect(estimatedBytes ?? Infinity).toBeGreaterThan(0);
        expect(bytesPerSecond).toBeLessThan(1.2 * BYTES_PER_SECOND);
      }
    }
    const rates = [...told.values()].flat().map(({ bytesPerSecond }) => bytesPerSecond);
    expect(Math.max(...rates)).toBeGreaterThan(BYTES_PER_SECOND / 10);
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
  it.each(['agent', 'server'] as const)(
    'by its %s process, is made again from the start',
    async (program) => {
      await loseReplica();
      await untilCopied(SOURCE);
      await signalProgram(world, SOURCE, program);
      expect(await recovered()).toEqual(expected);
    },
  );

  it('was told by an event each time it came to its end', async () => {
    const notes = await eventually(
      () => world.notes(CLUSTER, 'ReplicaRecloned'),
      ({ length }) => length > 0,
    );
    expect(notes).not.toEqual([]);
    const others = notes.filter(
      (note) => !/^cut-shard-0-2 was made anew as a copy of cut-shard-0-[01]\.$/.test(note),
    );
    expect(others).toEqual([]);
  });
});
