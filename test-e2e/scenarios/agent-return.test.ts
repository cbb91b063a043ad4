/** Real agents, launchers and servers: members come back by themselves, with nothing lost that anybody could want. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';
import { runProgram, startProgram } from '../../operator/src/engines/programs.ts';
import { mariadbEngine } from '../../operator/src/engines/mariadb/engine.ts';
import { type AgentWorld, startAgentWorld } from '../agent/agent-world.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import {
  countInLog,
  holdUpApplying,
  insertBehindItsBack,
  stopReceiving,
  untilSent,
  untilUnacknowledged,
} from '../agent/member-sql.ts';
import { changeShard, readShard } from '../agent/operator-stand-in.ts';
import { createPromotionStandIn, type PromotionStandIn } from '../agent/promotion-stand-in.ts';
import { APPLICATION_USER } from '../agent/shard-processes.ts';
import { freezeProcesses } from '../cluster/machine/freeze-processes.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { confineCalls } from '../mariadb/confined-program.ts';
import { connectNumberClient } from '../mariadb/number-client.ts';

const MARIADB = { version: '11.8', suite: 'trixie' } as const;
const STEP = { timeoutMilliseconds: 240_000 };
/** No test here is about silence, and a busy machine is silent for a while. */
const FENCE_SECONDS = 60;
/** Until a client gives up a change that nobody acknowledges. */
const PATIENCE_MILLISECONDS = 700;

let world: AgentWorld;
let operator: PromotionStandIn;
let primary: MemberProcesses;
const acknowledged = new Set<number>();
let next = 1;

function others(): readonly MemberProcesses[] {
  return world.shard.members.filter((each) => each !== primary);
}

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

async function append(count: number): Promise<void> {
  const connection = await connectTo(primary);
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

async function read(from: MemberProcesses): Promise<readonly number[]> {
  const connection = await connectTo(from);
  try {
    return await connection.read();
  } finally {
    connection.close();
  }
}

/** One takes writes, and both others acknowledge them, are on record for it, and apply them. */
async function untilWhole(): Promise<void> {
  await waitFor(
    'two replicas acknowledge and are fit for reads',
    async () => {
      const { ackers } = await readShard(world.client);
      const state = operator.state(primary.pod);
      const areFit = others().every(({ pod }) => operator.state(pod)?.fitForReads === true);
      const isWhole = ackers.length === 2 && state?.member?.acknowledgement.acknowledgers === 2;
      return isWhole && areFit && state.member?.writable ? true : undefined;
    },
    STEP,
  );
}

/** One member takes writes, and all have exactly the same rows, every acknowledged one among them. */
async function expectNothingLost(): Promise<void> {
  const states = world.shard.members.map(({ pod }) => operator.state(pod));
  expect(states.filter((state) => state?.member?.writable === true)).toHaveLength(1);
  await append(5);
  const rows = await read(primary);
  const present = new Set(rows);
  expect([...acknowledged].filter((number) => !present.has(number))).toEqual([]);
  for (const other of others()) {
    await waitFor(
      `${other.pod} has the primary's rows`,
      async () => (JSON.stringify(await read(other)) === JSON.stringify(rows) ? true : undefined),
      STEP,
    );
  }
}

function signal(member: MemberProcesses, name: NodeJS.Signals): void {
  process.kill(-serverPid(member), name);
}

function serverPid({ pod }: MemberProcesses): number {
  const { server } = operator.state(pod) ?? {};
  if (server?.kind !== 'running') {
    throw new TypeError(`no server of ${pod} runs`);
  }
  return server.pid;
}

/** Has replicas receive nothing more. Their agents, which would mend that, are gone. */
async function cutOff(replicas: readonly MemberProcesses[]): Promise<void> {
  await Promise.all(replicas.map((each) => each.stopAgent('SIGKILL')));
  await Promise.all(replicas.map(stopReceiving));
}

/** Has a change made that nobody receives, and kills the primary. */
async function killWithTail(makeTail: () => Promise<string>): Promise<MemberProcesses> {
  const former = primary;
  const replicas = others();
  const agents = replicas.map(({ pod }) => operator.state(pod)?.agentId);
  await cutOff(replicas);
  expect(await makeTail()).toBe('unknown');
  signal(former, 'SIGKILL');
  await operator.until(former.pod, 'has ended', ({ server }) => server.kind === 'ended');
  // Agents may take longer to begin than a primary waits for somebody to take over.
  await operator.giveUp(former.pod);
  replicas.forEach((each) => each.startAgent());
  for (const [index, { pod }] of replicas.entries()) {
    await operator.until(
      pod,
      'has another agent',
      ({ agentId, member: observed }) => agentId !== agents[index] && observed !== null,
    );
  }
  return former;
}

/** A definition behind a change that waits, the heartbeat's: together they keep the server from starting as a replica. */
async function makeUncuttableTail(): Promise<string> {
  await untilUnacknowledged(primary);
  return change('define');
}

/** A change of a connection of its own. Resolves when the primary has logged it, whether or not its client waits. */
async function change(kind: 'append' | 'appendForGood' | 'define', number = 0): Promise<string> {
  const id = Buffer.alloc(8);
  id.writeBigInt64LE(BigInt(number));
  const logged = kind === 'define' ? Buffer.from('CREATE TABLE conformance.defined_') : id;
  const before = await countInLog(primary, logged);
  const connection = await connectTo(primary);
  try {
    const answer = await (kind === 'define'
      ? connection.define(PATIENCE_MILLISECONDS)
      : connection[kind](number, PATIENCE_MILLISECONDS));
    await waitFor(
      'the change is logged',
      async () => ((await countInLog(primary, logged)) > before ? true : undefined),
      STEP,
    );
    return answer;
  } finally {
    connection.close();
  }
}

async function failOver(): Promise<void> {
  await operator.promote(primary.pod, (winner) => (primary = member(winner)));
}

/** What the newest kept file of a member says. */
async function keptText(from: MemberProcesses): Promise<string> {
  const { returned } = await from.state();
  const path = returned.kept.findLast(({ kind }) => kind === 'tail')?.path ?? '';
  const { rootFileSystem, folder } = from.options;
  const confine = await confineCalls(rootFileSystem, folder);
  return runProgram(
    (call) => startProgram(confine(call)),
    { program: 'mariadb-binlog', arguments: ['--no-defaults', '--verbose', path] },
    AbortSignal.timeout(240_000),
  );
}

/** Waits until a former primary was made anew by itself, later than `since`. */
async function untilRecloned(former: MemberProcesses, since: number): Promise<AgentState> {
  return operator.until(
    former.pod,
    'was made anew',
    ({ returned, volume, member: observed }) =>
      (returned.vacated?.at ?? 0) >= since && volume?.kind === 'ready' && observed?.role.kind === 'replica',
  );
}

/** As when all nodes lose power at once: servers, launchers and agents. */
async function killEverything(): Promise<void> {
  await Promise.all(world.shard.members.map((each) => each.stopAgent('SIGKILL')));
  await Promise.all(world.shard.members.map((each) => each.restartLauncher()));
}

beforeAll(async () => {
  world = await startAgentWorld(MARIADB, { fenceSeconds: FENCE_SECONDS });
  const { members } = world.shard;
  [primary] = members;
  await world.begin();
  operator = createPromotionStandIn(world.client, members);
  await untilWhole();
  const connection = await connectTo(primary);
  await connection.prepare();
  connection.close();
  await append(10);
});

afterAll(async () => {
  await operator?.close();
  await world?.close();
});

describe('a former primary', () => {
  it('keeps what nobody acknowledged as a file, loses it, and follows its successor', async () => {
    const former = await killWithTail(() => change('append', 1_000_001));
    await failOver();
    await append(5);
    await untilWhole();
    await expectNothingLost();
    expect(await read(former)).not.toContain(1_000_001);
    const text = await keptText(former);
    expect(text).toContain('@1=1000001');
    const { returned, volume } = await former.state();
    expect(returned.kept.map(({ kind }) => kind)).toEqual(['tail']);
    expect(returned.vacated).toBeNull();
    expect(volume).toMatchObject({ kind: 'ready', origin: 'initialise' });
  });

  it('whose definition nobody acknowledged is set aside and made anew', async () => {
    const former = await killWithTail(() => change('define'));
    const since = Date.now();
    await failOver();
    const { returned } = await untilRecloned(former, since);
    expect(returned.vacated?.aside).toMatch(/kept\/data-epoch-/);
    expect(await keptText(former)).toContain('CREATE TABLE');
    await untilWhole();
    await expectNothingLost();
  });

  it('whose change outside transactions nobody acknowledged is made anew', async () => {
    const former = await killWithTail(() => change('appendForGood', 1_000_003));
    const since = Date.now();
    await failOver();
    await untilRecloned(former, since);
    expect(await keptText(former)).toContain('@1=1000003');
    await untilWhole();
    await expectNothingLost();
  });

  it('whose server does not start any more because of both is made anew after two attempts', async () => {
    const former = await killWithTail(makeUncuttableTail);
    const since = Date.now();
    await failOver();
    const { returned } = await untilRecloned(former, since);
    expect(returned.vacated?.reason).toMatch(/the server cannot cut off \d+ changes/);
    // One data directory at most is kept, the newest.
    expect(returned.kept.filter(({ kind }) => kind === 'data').length).toBeLessThanOrEqual(1);
    await untilWhole();
    await expectNothingLost();
  });
});

describe('a former primary whose last changes all reached its successor', () => {
  it('starts with them as they are, though they could not be cut off', async () => {
    const former = primary;
    const vacated = operator.state(former.pod)?.returned.vacated ?? null;
    const frozen = others();
    // What is sent to them now waits in their sockets.
    await freezeProcesses(frozen.map(serverPid));
    try {
      expect(await makeUncuttableTail()).toBe('unknown');
      await untilSent(former);
      signal(former, 'SIGKILL');
      await operator.until(former.pod, 'has ended', ({ server }) => server.kind === 'ended');
    } finally {
      frozen.forEach((each) => signal(each, 'SIGCONT'));
    }
    await failOver();
    await untilWhole();
    await expectNothingLost();
    expect(operator.state(former.pod)?.returned.vacated ?? null).toEqual(vacated);
  });
});

describe('a replica', () => {
  it('that cannot apply a change for good is made anew beside another that acknowledges', async () => {
    const [replica] = others();
    if (replica === undefined) {
      throw new TypeError('there is no replica');
    }
    const brokenAt = Date.now();
    await insertBehindItsBack(replica, next);
    await append(5);
    await operator.until(replica.pod, 'cannot apply', ({ problems }) =>
      problems.some(({ reason }) => reason === 'ApplyingFailed'),
    );
    const { returned } = await waitFor(
      'it is made anew',
      () => {
        const state = operator.state(replica.pod);
        return (state?.returned.vacated?.at ?? 0) >= brokenAt ? state : undefined;
      },
      STEP,
    );
    expect(returned.vacated?.reason).toContain('1062');
    await untilWhole();
    await expectNothingLost();
  });
});

describe('all members at once', () => {
  it('recover without anybody: the recorded primary in place, with nothing lost', async () => {
    await Promise.all(others().map(holdUpApplying));
    await append(20);
    await cutOff(others());
    expect(await change('append', 1_000_005)).toBe('unknown');
    await killEverything();
    world.shard.members.forEach((each) => each.startAgent());
    await untilWhole();
    await expectNothingLost();
    expect((await readShard(world.client)).primary).toBe(primary.pod);
    // Its log had it, and nobody else was promoted.
    expect(await read(primary)).toContain(1_000_005);
  });

  it('elect by their files when the promotion had begun, and the winner salvages before it opens', async () => {
    const former = primary;
    await Promise.all(others().map(holdUpApplying));
    await append(20);
    const candidates = others();
    await cutOff(candidates);
    expect(await change('append', 1_000_006)).toBe('unknown');
    await changeShard(world.client, (shard) => ({
      ...shard,
      epoch: shard.epoch + 1,
      primary: null,
      replicas: world.shard.members.map(({ pod }) => pod),
      formerPrimary: former.pod,
    }));
    await killEverything();
    world.shard.members.forEach((each) => each.startAgent());
    const [left, right] = await Promise.all(
      candidates.map(({ pod }) =>
        operator.until(
          pod,
          'its files tell what it received',
          ({ server, receivedEnd }) => server.kind === 'ended' && receivedEnd?.kind === 'known',
        ),
      ),
    );
    if (left?.receivedEnd?.kind !== 'known' || right?.receivedEnd?.kind !== 'known') {
      throw new TypeError('nothing is known');
    }
    const order = mariadbEngine.positions.compare(left.receivedEnd.value, right.receivedEnd.value);
    primary = member((order === 'behind' ? right : left).identity.pod);
    await changeShard(world.client, ({ formerPrimary, ...shard }) => ({
      ...shard,
      primary: primary.pod,
      replicas: shard.replicas.filter((pod) => pod !== primary.pod),
      ackers: shard.ackers.filter((pod) => pod !== primary.pod && pod !== formerPrimary),
    }));
    await untilWhole();
    await expectNothingLost();
    expect(await keptText(former)).toContain('@1=1000006');
  });
});
