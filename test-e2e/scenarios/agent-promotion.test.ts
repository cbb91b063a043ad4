/** Real agents, launchers and servers: a primary fails under load, and the winner opens itself. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';
import { type AgentWorld, startAgentWorld } from '../agent/agent-world.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { type NumberWriters, startNumberWriters } from '../agent/number-writers.ts';
import { createShardMap, readShard } from '../agent/operator-stand-in.ts';
import { createPromotionStandIn, type PromotionStandIn } from '../agent/promotion-stand-in.ts';
import { APPLICATION_USER } from '../agent/shard-processes.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectNumberClient } from '../mariadb/number-client.ts';

const MARIADB = { version: '11.8', suite: 'trixie' } as const;
const STEP = { timeoutMilliseconds: 60_000 };
const WRITERS = 4;
const KILLS = 5;

let world: AgentWorld;
let operator: PromotionStandIn;
let writers: NumberWriters;
let primary: MemberProcesses;

function member(pod: string): MemberProcesses {
  const found = world.shard.members.find((each) => each.pod === pod);
  if (found === undefined) {
    throw new TypeError(`no member ${pod}`);
  }
  return found;
}

function connectTo({ options }: MemberProcesses): Promise<WorkloadClient> {
  return connectNumberClient({
    host: '127.0.0.1',
    port: options.ports.server,
    user: APPLICATION_USER,
    password: world.shard.applicationPassword,
    authorityFile: world.shard.authorityFile,
  });
}

/** All three are at work: one takes writes, and both others acknowledge them and are on record for it. */
async function untilWhole(): Promise<void> {
  await waitFor(
    'two replicas acknowledge',
    async () => {
      const { ackers } = await readShard(world.client);
      const acknowledgement = operator.state(primary.pod)?.member?.acknowledgement;
      return ackers.length === 2 && acknowledgement?.acknowledgers === 2 ? true : undefined;
    },
    STEP,
  );
}

async function read(from: MemberProcesses): Promise<readonly number[]> {
  const connection = await connectTo(from);
  try {
    return await connection.read();
  } finally {
    connection.close();
  }
}

/** Stops the load, and finds the same rows on every member, every acknowledged one among them. */
async function expectNothingLost(): Promise<void> {
  await writers.stop();
  await untilWhole();
  const rows = await read(primary);
  const present = new Set(rows);
  expect([...writers.acknowledged].filter((number) => !present.has(number))).toEqual([]);
  for (const other of world.shard.members) {
    await waitFor(
      `${other.pod} has the primary's rows`,
      async () => (JSON.stringify(await read(other)) === JSON.stringify(rows) ? true : undefined),
      STEP,
    );
  }
  startLoad(Math.max(...rows) + 1_000_000);
}

function startLoad(first: number): void {
  writers = startNumberWriters({ count: WRITERS, first, connect: () => connectTo(primary) });
}

async function untilWriting(): Promise<void> {
  const before = writers.acknowledged.size;
  await waitFor(
    'writes are acknowledged',
    () => (writers.acknowledged.size > before + 20 ? true : undefined),
    STEP,
  );
}

function show(what: string, figures: Readonly<Record<string, number>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(1)}`);
  console.log(`${what}, ms: ${text.join(', ')}`);
}

async function killServer({ pod }: MemberProcesses): Promise<number> {
  const { server } = operator.state(pod) ?? {};
  if (server?.kind !== 'running') {
    throw new TypeError(`no server of ${pod} runs`);
  }
  process.kill(-server.pid, 'SIGKILL');
  return performance.now();
}

/** Promotes, and lets the clients know the winner as soon as it is on record. */
async function failOver(): Promise<Readonly<Record<string, number>>> {
  return { ...(await operator.promote(primary.pod, (winner) => (primary = member(winner)))) };
}

beforeAll(async () => {
  world = await startAgentWorld(MARIADB);
  const { members } = world.shard;
  [primary] = members;
  await createShardMap(
    world.client,
    members.map(({ pod }) => pod),
  );
  members.forEach((each) => {
    each.startLauncher();
    each.startAgent();
  });
  operator = createPromotionStandIn(world.client, members);
  await untilWhole();
  const connection = await connectTo(primary);
  await connection.prepare();
  connection.close();
  startLoad(1);
  await untilWriting();
});

afterAll(async () => {
  await writers?.stop();
  await operator?.close();
  await world?.close();
});

describe('agents of a shard whose primary fails', () => {
  it('open the winner of an election, and lose nothing that was acknowledged, kill after kill', async () => {
    for (let round = 1; round <= KILLS; round += 1) {
      await untilWhole();
      await untilWriting();
      writers.forgetGap();
      const former = primary;
      const killedAt = await killServer(former);
      await operator.until(former.pod, 'has ended', ({ server }) => server.kind === 'ended');
      const told = performance.now() - killedAt;
      const phases = await failOver();
      await untilWriting();
      show(`kill ${round}`, { told, ...phases, gap: writers.longestGap() });
      await operator.until(former.pod, 'is back', ({ member }) => member?.role.kind === 'replica');
    }
    await expectNothingLost();
  });
});
