/** Steps that several cases of the suite share. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from '../accounts.ts';
import type { BootOrder } from '../boot.ts';
import { EngineError, type EngineErrorCode } from '../engine-error.ts';
import type { Measure } from '../measure.ts';
import type { MemberSession } from '../member-session.ts';
import type { Source } from '../source.ts';
import type { Following, MemberState } from '../member-state.ts';
import type { Position } from '../position.ts';
import type { HostedMember, HostedShard } from './host.ts';

/** No step of a case takes longer, on a machine that is busy with other things: what takes longer hangs. */
export const LONGEST_STEP_MILLISECONDS = 120_000;

/** How much is told of the log of a server that did not answer. */
const LOG_LENGTH = 4000;

export const APPLICATION_USER = 'conformance';
export const REPLICATION_USER = 'conformance_replication';

/** One case of the suite. Cases run in order: each goes on where the one before has left the shard. */
export interface ConformanceCase {
  readonly name: string;
  run(story: Story): Promise<void>;
}

/** The state that the cases hand on. */
export interface Story {
  readonly shard: HostedShard;
  readonly signal: AbortSignal;
  /** Sessions by ordinal, where the server runs. */
  readonly sessions: Map<number, MemberSession>;
  /** Every number whose append was acknowledged. */
  readonly acknowledged: Set<number>;
  /** Next number to append. */
  next: number;
}

/** Begins a story. */
export function beginStory(shard: HostedShard, signal: AbortSignal): Story {
  return { shard, signal, sessions: new Map(), acknowledged: new Set(), next: 1 };
}

/** The accounts that the story needs. */
export function accountsOf({ shard }: Story): readonly Account[] {
  const { passwords } = shard;
  return [
    {
      name: APPLICATION_USER,
      purpose: 'application',
      password: passwords.application,
      requireTls: true,
      schemas: ['conformance*'],
    },
    {
      name: REPLICATION_USER,
      purpose: 'replication',
      password: passwords.replication,
      requireTls: true,
      schemas: [],
    },
    ...(['administration', 'monitoring'] as const).map((purpose) => ({
      name: `conformance_${purpose}`,
      purpose,
      password: passwords.application,
      requireTls: false,
      schemas: [],
    })),
  ];
}

/** The member with an ordinal. */
export function memberAt({ shard }: Story, ordinal: number): HostedMember {
  const member = shard.members[ordinal];
  assert.ok(member, `there is no member ${ordinal}`);
  return member;
}

/** The running session of a member. */
export function sessionAt(story: Story, ordinal: number): MemberSession {
  const session = story.sessions.get(ordinal);
  assert.ok(session, `member ${ordinal} does not run`);
  return session;
}

/** Starts a member and waits until it answers. */
export async function boot(story: Story, ordinal: number, order: BootOrder): Promise<MemberSession> {
  const hosted = memberAt(story, ordinal);
  await hosted.start(order);
  const answers = eventually(`member ${ordinal} answers`, async () => {
    try {
      return await hosted.member.connect(story.signal);
    } catch (error) {
      // It listens before it has the time to answer.
      assert.match((error as EngineError).code, /^(Unreachable|Timeout)$/);
      return undefined;
    }
  });
  const ends = hosted
    .ended()
    .then((log) => assert.fail(`member ${ordinal} has ended: ${log.slice(-LOG_LENGTH)}`));
  const session = await Promise.race([answers, ends]);
  story.sessions.set(ordinal, session);
  return session;
}

/** Kills a member's server and waits until its session knows. */
export async function kill(story: Story, ordinal: number): Promise<void> {
  const session = sessionAt(story, ordinal);
  await memberAt(story, ordinal).signal('SIGKILL');
  await session.ended;
  story.sessions.delete(ordinal);
}

/** The first member as the source of another, with the account for it. */
export function sourceAt(story: Story, ordinal: number): Source {
  return {
    ...memberAt(story, ordinal).address,
    user: REPLICATION_USER,
    password: story.shard.passwords.replication,
  };
}

/** Appends numbers on a member, all of which must be acknowledged. */
export async function append(story: Story, ordinal: number, count: number): Promise<void> {
  const client = await memberAt(story, ordinal).client();
  try {
    for (let left = count; left > 0; left -= 1) {
      const number = story.next;
      story.next += 1;
      assert.equal(await client.append(number, LONGEST_STEP_MILLISECONDS), 'acknowledged');
      story.acknowledged.add(number);
    }
  } finally {
    client.close();
  }
}

/** The numbers on a member. */
export async function readNumbers(story: Story, ordinal: number): Promise<readonly number[]> {
  const client = await memberAt(story, ordinal).client();
  try {
    return await client.read();
  } finally {
    client.close();
  }
}

/** Waits until a member has applied all that another has, and checks that no acknowledged number is missing. */
export async function expectCaughtUp(story: Story, replica: number, primary: number): Promise<void> {
  const { applied } = await stateOf(story, sessionAt(story, primary));
  const done = await sessionAt(story, replica).awaitApplied(applied, LONGEST_STEP_MILLISECONDS, story.signal);
  assert.ok(done, `member ${replica} does not apply ${applied}`);
  const numbers = new Set(await readNumbers(story, replica));
  const missing = [...story.acknowledged].filter((number) => !numbers.has(number));
  assert.deepEqual(missing, [], `acknowledged and missing on member ${replica}`);
}

/** Repeats `look` until it yields something, and returns that; `describeLast` ends the error of one that never does. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  describeLast: () => string = () => '',
): Promise<T> {
  const deadline = performance.now() + LONGEST_STEP_MILLISECONDS;
  for (;;) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    if (performance.now() >= deadline) {
      assert.fail(`not in time: ${what}${describeLast()}`);
    }
    await delay(20);
  }
}

/** What a member tells of itself. One that is busy may not tell in time, and is asked again, as agents do. */
export function stateOf(story: Story, session: MemberSession): Promise<MemberState> {
  return eventually('the member tells its state', async () => {
    try {
      return await session.observe(story.signal);
    } catch (error) {
      if (error instanceof EngineError && error.code === 'Timeout') {
        return undefined;
      }
      throw error;
    }
  });
}

/** Repeats observing a member until its state satisfies `holds`, and returns that state. */
export function eventuallyState(
  story: Story,
  ordinal: number,
  what: string,
  holds: (state: MemberState) => boolean,
): Promise<MemberState> {
  let last: MemberState | undefined;
  return eventually(
    `member ${ordinal}: ${what}`,
    async () => {
      last = await stateOf(story, sessionAt(story, ordinal));
      return holds(last) ? last : undefined;
    },
    () => `; its last state was ${JSON.stringify(last)}`,
  );
}

/** What a replica's state says about following. */
export function followingOf(state: MemberState): Following {
  assert.equal(state.role.kind, 'replica');
  assert.ok(state.role.kind === 'replica');
  return state.role.following;
}

/** A measured value, which must be known. */
export function valueOf<T>(measure: Measure<T>): T {
  assert.ok(measure.kind === 'known', measure.kind === 'unknown' ? measure.reason : '');
  return measure.value;
}

/** Expects an EngineError with a code. */
export async function expectRefusal(code: EngineErrorCode, request: Promise<unknown>): Promise<void> {
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof EngineError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Expects one position to hold all of another. */
export function expectCovers({ shard }: Story, held: Position, needed: Position): void {
  assert.ok(shard.engine.positions.covers(held, needed), `${held} does not cover ${needed}`);
}
