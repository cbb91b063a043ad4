/** Real agents, launchers and servers: a primary fails under load, and the winner opens itself. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgentState } from '../../operator/src/agent/protocol/agent-state.ts';
import type { WorkloadClient } from '../../operator/src/engines/conformance/host.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { type AgentWorld, startAgentWorld } from '../agent/agent-world.ts';
import type { MemberProcesses } from '../agent/member-processes.ts';
import { blockLooks } from '../agent/member-sql.ts';
import { type NumberWriters, startNumberWriters } from '../agent/number-writers.ts';
import { readShard } from '../agent/operator-stand-in.ts';
import { createPromotionStandIn, type PromotionStandIn } from '../agent/promotion-stand-in.ts';
import { APPLICATION_USER } from '../agent/shard-processes.ts';
import { waitFor } from '../cluster/machine/wait.ts';
import { connectNumberClient } from '../mariadb/number-client.ts';

const MARIADB = { version: '11.8', suite: 'trixie' } as const;
const STEP = { timeoutMilliseconds: 240_000 };
const WRITERS = 4;
const KILLS = 5;
/** As the operator judges a server that hangs. */
const SILENCE_MILLISECONDS = 1000;
/** Longer than a look may take: more than one has shown nothing. */
const UNSEEN_MILLISECONDS = 3000;
/** In which a server that is stopped is told of, and more than that on a machine that has nothing else to do. */
const DETECTION_MILLISECONDS = 2500;
/** So that a busy machine is not taken for silence. */
const FENCE_SECONDS = 5;
/** Of a pod, for all that an operator does until another has taken over. */
const GRACE_SECONDS = 120;
/** While a switchover goes on. */
const HOLD_MILLISECONDS = 60_000;
const SHORT_HOLD_MILLISECONDS = 6000;
/** A second, where nothing else runs: between two looks of an agent, two of its ticks, and a kill and its end. */
const FENCE_SLACK_MILLISECONDS = 10_000;

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
  // A row that its writer has given up may still be on its way to the primary: that one is asked again, too.
  const rows = await waitFor(
    'all members have the same rows',
    async () => {
      const expected = await read(primary);
      const text = JSON.stringify(expected);
      for (const other of replicas()) {
        if (JSON.stringify(await read(other)) !== text) {
          throw new Error(`${other.pod} has others than ${primary.pod}`);
        }
      }
      return expected;
    },
    STEP,
  );
  const present = new Set(rows);
  expect([...writers.acknowledged].filter((number) => !present.has(number))).toEqual([]);
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

/** Sends a signal to a server, and returns when that was. */
function signalServer({ pod }: MemberProcesses, name: NodeJS.Signals): number {
  const { server } = operator.state(pod) ?? {};
  if (server?.kind !== 'running') {
    throw new TypeError(`no server of ${pod} runs`);
  }
  process.kill(-server.pid, name);
  return performance.now();
}

function replicas(): readonly MemberProcesses[] {
  return world.shard.members.filter((each) => each !== primary);
}

function isSilent({ unresponsive }: AgentState): boolean {
  return (unresponsive?.forMilliseconds ?? 0) >= SILENCE_MILLISECONDS;
}

/** Whether nothing has come to a replica for a while from its source. */
function receivesNothing({ member }: AgentState): boolean {
  if (member?.role.kind !== 'replica') {
    return false;
  }
  const { receiving, silentMilliseconds } = member.role.following;
  const isSilent = silentMilliseconds.kind === 'known' && silentMilliseconds.value >= SILENCE_MILLISECONDS;
  return receiving.kind !== 'running' || isSilent;
}

/** Promotes, and lets the clients know the winner as soon as it is on record. */
async function failOver(): Promise<Readonly<Record<string, number>>> {
  return { ...(await operator.promote(primary.pod, (winner) => (primary = member(winner)))) };
}

beforeAll(async () => {
  world = await startAgentWorld(MARIADB, { fenceSeconds: FENCE_SECONDS, graceSeconds: GRACE_SECONDS });
  const { members } = world.shard;
  [primary] = members;
  await world.begin();
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
    const { epoch } = await readShard(world.client);
    for (let round = 1; round <= KILLS; round += 1) {
      await untilWhole();
      await untilWriting();
      writers.forgetGap();
      const former = primary;
      const killedAt = signalServer(former, 'SIGKILL');
      await operator.until(former.pod, 'has ended', ({ server }) => server.kind === 'ended');
      const told = performance.now() - killedAt;
      const phases = await failOver();
      await untilWriting();
      show(`kill ${round}`, { told, ...phases, gap: writers.longestGap() });
      await operator.until(former.pod, 'is back', ({ member }) => member?.role.kind === 'replica');
    }
    await expectNothingLost();
    expect(await readShard(world.client)).toMatchObject({ epoch: epoch + KILLS, primary: primary.pod });
  });

  it('tell of a primary that hangs, whose replicas hear nothing, and kill it when another is promoted', async () => {
    await untilWhole();
    await untilWriting();
    writers.forgetGap();
    const former = primary;
    const stoppedAt = signalServer(former, 'SIGSTOP');
    const since = (): number => performance.now() - stoppedAt;
    const { unresponsive } = await operator.until(former.pod, 'does not answer', isSilent);
    const unanswered = since();
    expect(unresponsive?.usedProcessor).toBe(false);
    await Promise.all(replicas().map(({ pod }) => operator.until(pod, 'receives nothing', receivesNothing)));
    const unheard = since();
    const phases = await failOver();
    await untilWriting();
    show('hang', { unanswered, unheard, ...phases, gap: writers.longestGap() });
    await operator.until(former.pod, 'is back', ({ member }) => member?.role.kind === 'replica');
    await expectNothingLost();
  });

  it('tell of a primary that answers while looks at it wait, and of its hanging then as soon as ever', async () => {
    await untilWhole();
    await untilWriting();
    const release = await blockLooks(primary);
    let longest = 0;
    const noted = (state: AgentState): boolean => {
      longest = Math.max(longest, state.unresponsive?.forMilliseconds ?? 0);
      return state.unseenMilliseconds >= UNSEEN_MILLISECONDS;
    };
    await operator.until(primary.pod, 'cannot be looked at', noted);
    expect(longest).toBe(0);
    await untilWriting();
    const stoppedAt = signalServer(primary, 'SIGSTOP');
    await operator.until(primary.pod, 'does not answer', isSilent);
    const unanswered = performance.now() - stoppedAt;
    signalServer(primary, 'SIGCONT');
    release();
    show('hang while looks wait', { unanswered });
    expect(unanswered).toBeLessThan(DETECTION_MILLISECONDS);
    await operator.until(
      primary.pod,
      'is seen',
      (state) => state.unresponsive === null && state.unseenMilliseconds === 0 && state.member !== null,
    );
    await untilWriting();
    await expectNothingLost();
  });

  it('kill a primary that hears neither operator nor replicas, and open it again when it does', async () => {
    await untilWhole();
    await untilWriting();
    const [first, second] = replicas();
    operator.lead(false);
    const cutOffAt = performance.now();
    [first, second].forEach((each) => each !== undefined && signalServer(each, 'SIGSTOP'));
    const { problems } = await operator.until(
      primary.pod,
      'is killed',
      ({ server }) => server.kind === 'ended',
    );
    const killed = performance.now() - cutOffAt;
    show('cut off', { killed });
    const cutOff = problems.find(({ reason }) => reason === 'CutOff');
    const silence = Number(/heard for (\d+) ms/.exec(cutOff?.message ?? '')?.[1]);
    expect(silence).toBeGreaterThanOrEqual(FENCE_SECONDS * 1000);
    expect(killed).toBeLessThan(FENCE_SECONDS * 1000 + FENCE_SLACK_MILLISECONDS);
    [first, second].forEach((each) => each !== undefined && signalServer(each, 'SIGCONT'));
    operator.lead(true);
    await operator.until(primary.pod, 'takes writes', ({ member }) => member?.writable === true);
    await untilWriting();
    await expectNothingLost();
  });

  it('keep a primary at work whose pod is being stopped, until another has taken over', async () => {
    await untilWhole();
    await untilWriting();
    const former = primary;
    const ended = former.terminateLauncher();
    await operator.until(former.pod, 'is to end', ({ terminating }) => terminating);
    await untilWriting();
    expect(operator.state(former.pod)?.member?.writable).toBe(true);
    await failOver();
    await ended;
    await untilWriting();
    await operator.until(former.pod, 'is back', ({ member }) => member?.role.kind === 'replica');
    await expectNothingLost();
  });

  it('turn a primary round that a switchover has closed, without a restart of its server', async () => {
    await untilWhole();
    await untilWriting();
    writers.forgetGap();
    const former = primary;
    const before = operator.state(former.pod)?.server;
    const session = await connectTo(former);
    const position = await operator.closeWrites(former.pod, HOLD_MILLISECONDS);
    const phases = await operator.promote(former.pod, (winner) => (primary = member(winner)), position);
    await untilWriting();
    show('switchover', { ...phases, gap: writers.longestGap() });
    await expect(session.read()).rejects.toThrow(/./u);
    session.close();
    const { server } = await operator.until(
      former.pod,
      'follows',
      ({ member }) => member?.role.kind === 'replica' && member.role.following.receiving.kind === 'running',
    );
    const { epoch } = await readShard(world.client);
    expect(server).toMatchObject({ ...before, role: 'replica', epoch });
    await expectNothingLost();
  });

  it('keep a primary closed that a switchover has closed, and open it again when nothing follows', async () => {
    await untilWhole();
    await untilWriting();
    const askedAt = performance.now();
    const position = await operator.closeWrites(primary.pod, SHORT_HOLD_MILLISECONDS);
    await operator.until(primary.pod, 'is closed', ({ member }) => member?.writable === false);
    // What was acknowledged before may be on its way to its client.
    await delay(500);
    const before = writers.acknowledged.size;
    await delay(1000);
    expect(writers.acknowledged.size).toBe(before);
    expect(operator.state(primary.pod)?.member?.applied).toBe(position);
    await operator.until(primary.pod, 'takes writes', ({ member }) => member?.writable === true);
    // It is held from some time after it was asked for.
    expect(performance.now() - askedAt).toBeGreaterThan(SHORT_HOLD_MILLISECONDS);
    await untilWriting();
    await expectNothingLost();
  });
});
