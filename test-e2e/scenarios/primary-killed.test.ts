/** A primary's server is killed: a replica takes over at once, nothing acknowledged is lost, and the old primary follows. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RowDataPacket } from 'mysql2/promise';
import type { ShardMapShard } from '../../operator/src/api/v1alpha1/index.ts';
import { configMaps, pods, secrets } from '../../operator/src/runtime/resources.ts';
import { openSession, type Session } from '../chaos/clients/session.ts';
import { signalPod } from '../chaos/stage/pod-processes.ts';
import { makeRowTable, ROW_TABLE, type RowWriter, startRowWriter } from '../database/row-writer.ts';
import { World } from '../sharded-cluster/world.ts';

const CLUSTER = 'lost';
const NUMBERS = [0, 1] as const;
/** A busy machine may be slow; the figures of an idle one are measured elsewhere. */
const LONGEST_GAP_MILLISECONDS = 10_000;
/** A writer that waits for a server that is gone does not look for another; a test asks once, of one that runs. */
const WRITER_CONNECT_MILLISECONDS = 2000;
const CONNECT_MILLISECONDS = 30_000;

let world: World;
let writers: RowWriter[] = [];

beforeAll(async () => {
  world = await World.open('primary-killed');
  await world.startOperator();
  await world.createCluster(CLUSTER, { shards: NUMBERS.length, failover: { minSecondsBetween: 0 } });
  await world.untilReady(CLUSTER);
  for (const number of NUMBERS) {
    const session = await connectTo((await shardOf(number)).primary ?? '');
    await makeRowTable(session);
    session.close();
  }
  writers = NUMBERS.map((number) =>
    startRowWriter({
      name: `writer-${number}`,
      connect: (host) => connectHost(host, WRITER_CONNECT_MILLISECONDS),
      async target() {
        const { primary } = await shardOf(number);
        return primary === null ? undefined : { pod: primary, host: await addressOf(primary) };
      },
    }),
  );
});

afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.stop()));
  await world?.close();
});

async function shardOf(number: number): Promise<ShardMapShard> {
  const shard = (await world.map(CLUSTER)).spec.shards.find((each) => each.number === number);
  if (shard === undefined) {
    throw new Error(`there is no shard ${number}`);
  }
  return shard;
}

async function addressOf(pod: string): Promise<string> {
  return (await world.require(pods, pod)).status?.podIP ?? '';
}

async function uidOf(pod: string): Promise<string> {
  return (await world.require(pods, pod)).metadata?.uid ?? '';
}

async function connectTo(pod: string): Promise<Session> {
  return connectHost(await addressOf(pod));
}

async function connectHost(host: string, connectMilliseconds = CONNECT_MILLISECONDS): Promise<Session> {
  const secret = await world.require(secrets, `${CLUSTER}-app`);
  const value = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
  const authority = (await world.require(configMaps, `${CLUSTER}-ca`)).data?.['ca.crt'] ?? '';
  return openSession({
    host,
    authority,
    user: value('username'),
    password: value('password'),
    connectMilliseconds,
    statementMilliseconds: 20_000,
  });
}

/** Rows that a member shows of a shard's writer. */
async function rowsOf(pod: string, number: number): Promise<readonly number[]> {
  const session = await connectTo(pod);
  try {
    const rows = await session.query<RowDataPacket[]>(
      `SELECT id FROM ${ROW_TABLE} WHERE writer = ? ORDER BY id`,
      [`writer-${number}`],
    );
    return rows.map(({ id }) => Number(id));
  } finally {
    session.close();
  }
}

async function untilAcknowledged(number: number, more: number): Promise<void> {
  const writer = writers[number];
  const goal = (writer?.acknowledged.size ?? 0) + more;
  await world.until(`shard ${number} acknowledges`, async () =>
    (writer?.acknowledged.size ?? 0) >= goal ? true : undefined,
  );
}

/** Another pod is primary in a later epoch, and the former one follows it and may acknowledge. */
async function untilReplaced(number: number, before: ShardMapShard): Promise<ShardMapShard> {
  return world.until(`shard ${number} has another primary, and the old one follows`, async () => {
    const shard = await shardOf(number);
    const isReplaced =
      shard.epoch > before.epoch && shard.primary !== null && shard.primary !== before.primary;
    return isReplaced && shard.ackers.includes(before.primary ?? '') ? shard : undefined;
  });
}

/** Every row that was acknowledged is on every member, and all members show the same. */
async function expectNothingLost(number: number): Promise<void> {
  const shard = await shardOf(number);
  const writer = writers[number];
  // Read after the acknowledgements were counted: what comes later may or may not be there.
  const acknowledged = [...(writer?.acknowledged ?? [])];
  for (const pod of [shard.primary ?? '', ...shard.replicas]) {
    await world.until(`${pod} shows every acknowledged row`, async () => {
      const rows = new Set(await rowsOf(pod, number));
      const missing = acknowledged.filter((id) => !rows.has(id));
      if (missing.length > 0) {
        throw new Error(`${missing.length} rows are missing, the first is ${missing[0]}`);
      }
      return true;
    });
  }
}

async function killServerOfPrimary(number: number): Promise<ShardMapShard> {
  const shard = await shardOf(number);
  const uid = await uidOf(shard.primary ?? '');
  await untilAcknowledged(number, 20);
  writers[number]?.takeLongestGap();
  signalPod(uid, 'server', 'SIGKILL');
  return shard;
}

describe('a primary whose server is killed', () => {
  it.each([1, 2, 3])('is replaced at once, and comes back as a replica (%i)', async () => {
    const before = await killServerOfPrimary(0);
    await untilReplaced(0, before);
    await untilAcknowledged(0, 20);
    const gap = writers[0]?.takeLongestGap() ?? Infinity;
    expect(gap).toBeLessThan(LONGEST_GAP_MILLISECONDS);
    expect((await shardOf(0)).epoch).toBe(before.epoch + 1);
    await expectNothingLost(0);
  });

  it('leaves other shards alone', async () => {
    expect(await shardOf(1)).toMatchObject({ epoch: 1, primary: `${CLUSTER}-shard-1-0` });
  });

  it('is told of, with what each part took', async () => {
    const promoted = await world.until('the event is there', async () => {
      const text = await world.kubectl.run([
        'get',
        'events',
        '--namespace',
        world.namespace,
        '--output=json',
      ]);
      const { items } = JSON.parse(text) as { items: { reason: string; message: string }[] };
      return items.find(({ reason }) => reason === 'Promoted');
    });
    expect(promoted.message).toMatch(
      /in epoch \d+, after lost-shard-0-\d \(ServerEnded\).*detect \d+ ms.*promote \d+ ms/u,
    );
  });
});

describe('an operator that is killed between the two writes of a promotion', () => {
  it('leaves a promotion that the next one goes on with', async () => {
    const before = await shardOf(1);
    const uid = await uidOf(before.primary ?? '');
    await untilAcknowledged(1, 20);
    signalPod(uid, 'server', 'SIGKILL');
    await world.until('the first write is there', async () =>
      (await shardOf(1)).epoch > before.epoch ? true : undefined,
    );
    await world.operator.kill();
    await world.startOperator();
    await untilReplaced(1, before);
    await untilAcknowledged(1, 20);
    expect((await shardOf(1)).epoch).toBe(before.epoch + 1);
    await expectNothingLost(1);
  });
});
