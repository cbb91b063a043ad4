/** Real agents, launchers and servers on a real API server: three members become a shard, and stay one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';
import { type AgentWorld, startAgentWorld } from '../agent/agent-world.ts';
import {
  createShardMap,
  readShard,
  startOperatorStandIn,
  type OperatorStandIn,
} from '../agent/operator-stand-in.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { APPLICATION_USER, REPLICATION_USER, type ShardProcesses } from '../agent/shard-processes.ts';
import type { ControlPlane } from '../cluster/control-plane/index.ts';
import { readProcess } from '../cluster/machine/process-table.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectNumberClient } from '../mariadb/number-client.ts';
import type { PlainClient } from '../specs/plain-client.ts';

const MARIADB = { version: '11.8', suite: 'trixie' } as const;
const STEP = { timeoutMilliseconds: 240_000 };
/** Nobody plays the leader here, and acknowledgements are late where the machine is. */
const FENCE_SECONDS = 60;

let world: AgentWorld;
let controlPlane: ControlPlane;
let client: PlainClient;
let shard: ShardProcesses;
let operator: OperatorStandIn | undefined;
const acknowledged = new Set<number>();
let next = 1;

function member(ordinal: 0 | 1 | 2): MemberProcesses {
  return shard.members[ordinal];
}

function connectTo(
  ordinal: 0 | 1 | 2,
  account = { user: APPLICATION_USER, password: shard.applicationPassword },
): Promise<WorkloadClient> {
  return connectNumberClient({
    host: '127.0.0.1',
    port: member(ordinal).options.ports.server,
    ...account,
    authorityFile: shard.authorityFile,
  });
}

/** Appends numbers on the primary; each must be acknowledged. */
async function append(count: number): Promise<void> {
  const connection = await connectTo(0);
  try {
    for (let left = count; left > 0; left -= 1) {
      const number = next;
      next += 1;
      expect(await connection.append(number, 120_000)).toBe('acknowledged');
      acknowledged.add(number);
    }
  } finally {
    connection.close();
  }
}

async function isReady(ordinal: 0 | 1 | 2): Promise<boolean> {
  return (await member(ordinal).page('/readyz')).status === 200;
}

/** All are fit for reads, and the first takes writes. */
async function untilAllReady(): Promise<void> {
  for (const ordinal of [0, 1, 2] as const) {
    await waitFor(
      `member ${ordinal} is fit for reads`,
      async () => ((await isReady(ordinal)) ? true : undefined),
      STEP,
    );
  }
  await waitFor(
    'writes are taken',
    async () => {
      const connection = await connectTo(0);
      await connection.prepare().finally(() => connection.close());
      return true;
    },
    STEP,
  );
}

/** Every member has exactly the same rows, every acknowledged one among them. */
async function expectEqualRows(): Promise<void> {
  const read = async (ordinal: 0 | 1 | 2): Promise<readonly number[]> => {
    const connection = await connectTo(ordinal);
    try {
      return await connection.read();
    } finally {
      connection.close();
    }
  };
  const primary = await read(0);
  expect([...acknowledged].filter((number) => !primary.includes(number))).toEqual([]);
  for (const ordinal of [1, 2] as const) {
    await waitFor(
      `member ${ordinal} has the primary's rows`,
      async () => (JSON.stringify(await read(ordinal)) === JSON.stringify(primary) ? true : undefined),
      STEP,
    );
  }
}

async function pidOf(ordinal: 0 | 1 | 2): Promise<number> {
  return waitFor(`server ${ordinal} runs`, () => member(ordinal).serverPid(), STEP);
}

/** As when a pod comes back on another node, on a new volume. */
async function loseVolume(ordinal: 0 | 1): Promise<void> {
  const pid = await pidOf(ordinal);
  await member(ordinal).stopAgent('SIGKILL');
  await member(ordinal).restartLauncher();
  await waitFor('the server is gone', () => (readProcess(pid) === undefined ? true : undefined), STEP);
  await member(ordinal).emptyVolume();
  member(ordinal).startAgent();
}

async function hasProblem(ordinal: 0 | 1 | 2, reason: string): Promise<true | undefined> {
  const { problems } = await member(ordinal).state();
  return problems.some((problem) => problem.reason === reason) ? true : undefined;
}

beforeAll(async () => {
  world = await startAgentWorld(MARIADB, { fenceSeconds: FENCE_SECONDS });
  ({ client, controlPlane, shard } = world);
});

afterAll(async () => {
  await operator?.stop();
  await world?.close();
});

describe('agents of a shard', () => {
  it('leave their servers down until a map names a primary', async () => {
    shard.members.forEach((each) => {
      each.startLauncher();
      each.startAgent();
    });
    await waitFor('the missing map is told of', () => hasProblem(1, 'ShardMissing'), STEP);
    expect((await member(1).state()).server.kind).toBe('ended');
  });

  it('bootstrap, though each is killed again and again meanwhile', async () => {
    await createShardMap(
      client,
      shard.members.map(({ pod }) => pod),
    );
    operator = startOperatorStandIn(client, shard.members);
    for (const [index, pause] of [400, 900, 700, 300, 1500, 1100].entries()) {
      await delay(pause);
      await shard.members[index % 3]?.restartAgent();
    }
    await untilAllReady();
    await append(50);
    await expectEqualRows();
    const recorded = await readShard(client);
    expect(recorded.initialised).toBe(true);
    expect(recorded.epoch).toBe(1);
    const states = await Promise.all(shard.members.map((each) => each.state()));
    expect(states.map(({ member }) => member?.writable)).toEqual([true, false, false]);
    expect(states.map(({ volume }) => volume?.kind === 'ready' && volume.origin)).toEqual([
      'initialise',
      'clone',
      'clone',
    ]);
  });

  it('come back after a kill or an orderly stop to a server that went on', async () => {
    const before = await Promise.all(([0, 1, 2] as const).map(pidOf));
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      for (const ordinal of [0, 1, 2] as const) {
        await member(ordinal).restartAgent(signal);
        await append(5);
      }
    }
    await untilAllReady();
    expect(await Promise.all(([0, 1, 2] as const).map(pidOf))).toEqual(before);
    await expectEqualRows();
  });

  it('start a killed server again, in the role and epoch that the map records', async () => {
    for (const ordinal of [1, 0] as const) {
      const before = await pidOf(ordinal);
      await member(ordinal).killServer();
      await waitFor(
        `another server ${ordinal}`,
        async () => ((await pidOf(ordinal)) !== before ? true : undefined),
        STEP,
      );
      await untilAllReady();
      await append(10);
    }
    await expectEqualRows();
    expect((await readShard(client)).epoch).toBe(1);
  });

  it('start the server again after the death of its launcher', async () => {
    const before = await pidOf(2);
    await member(2).restartLauncher();
    await waitFor('another server', async () => ((await pidOf(2)) !== before ? true : undefined), STEP);
    await untilAllReady();
    await append(10);
    await expectEqualRows();
    expect((await member(2).state()).volume).toMatchObject({ kind: 'ready', origin: 'clone' });
  });

  it('clone a replica whose volume was lost', async () => {
    await loseVolume(1);
    await waitFor(
      'it is cloned',
      async () => {
        const { volume } = await member(1).state();
        return volume?.kind === 'ready' ? true : undefined;
      },
      STEP,
    );
    await untilAllReady();
    await append(10);
    await expectEqualRows();
    expect((await member(1).state()).volume).toMatchObject({ kind: 'ready', origin: 'clone' });
  });

  it('take over a renewed password of replication, at the latest when replicas connect anew', async () => {
    const password = await shard.renewReplicationPassword();
    await waitFor(
      'the primary knows it',
      async () => {
        const connection = await connectTo(0, { user: REPLICATION_USER, password });
        connection.close();
        return true;
      },
      STEP,
    );
    const refusals = async (): Promise<number> =>
      (await member(1).serverLog()).split(`Access denied for user '${REPLICATION_USER}'`).length;
    const before = await refusals();
    await member(0).killServer();
    // The agent mends it at once, so that its state may tell of it for no longer than a moment.
    await waitFor('a replica is refused', async () => ((await refusals()) > before ? true : undefined), STEP);
    await untilAllReady();
    await append(10);
    await expectEqualRows();
    expect((await member(0).state()).member?.acknowledgement.acknowledgers).toBe(2);
  });

  it('let the databases serve on while the API server is down, and start nothing', async () => {
    await operator?.stop();
    const before = await Promise.all(([0, 1] as const).map(pidOf));
    await controlPlane.stopApiServer('SIGKILL');
    await append(10);
    await member(0).restartAgent();
    await member(1).restartAgent();
    await append(10);
    await waitFor('the replica stays fit', async () => ((await isReady(1)) ? true : undefined), STEP);
    await waitFor('the primary stays fit', async () => ((await isReady(0)) ? true : undefined), STEP);
    expect(await Promise.all(([0, 1] as const).map(pidOf))).toEqual(before);
    await member(2).killServer();
    await waitFor('what is missing is told of', () => hasProblem(2, 'ShardMapUnreadable'), STEP);
    expect((await member(2).state()).server.kind).toBe('ended');
    await controlPlane.startApiServer();
    operator = startOperatorStandIn(client, shard.members);
    await untilAllReady();
    await append(10);
    await expectEqualRows();
  });

  it('never let an empty primary serve', async () => {
    await loseVolume(0);
    await waitFor('what happened is told of', () => hasProblem(0, 'PrimaryVolumeEmpty'), STEP);
    await delay(1000);
    const { server, volume } = await member(0).state();
    expect(server.kind).toBe('ended');
    expect(volume).toEqual({ kind: 'empty' });
    expect(await isReady(0)).toBe(false);
  });
});
