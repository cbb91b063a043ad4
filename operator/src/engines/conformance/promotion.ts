/** The primary dies: its replicas' positions decide, one takes over, and it comes back as a replica. */
import assert from 'node:assert/strict';
import {
  APPLICATION_USER,
  append,
  boot,
  eventually,
  eventuallyState,
  expectCaughtUp,
  expectCovers,
  expectRefusal,
  kill,
  LONGEST_STEP_MILLISECONDS,
  memberAt,
  readNumbers,
  sessionAt,
  sourceAt,
  stateOf,
  valueOf,
  type ConformanceCase,
  type Story,
} from './story.ts';
import { change, untilLogged } from './tails.ts';

const SHORT_TIMEOUT_MILLISECONDS = 500;
/** Nobody is told of a dead server by silence before that: what a connection says itself is known at once. */
const SILENCE_MILLISECONDS = 20_000;

export const promotionCases: readonly ConformanceCase[] = [
  {
    name: 'a killed primary ends its session at once, and a request after that is not sent anywhere',
    async run(story) {
      // One change that nobody acknowledges: the tail that a promotion leaves behind.
      await Promise.all([1, 2].map((ordinal) => sessionAt(story, ordinal).stopReceiving(story.signal)));
      const answer = await untilLogged(story, 0, () => change(story, 0, 'append', 1_000_000));
      assert.equal(answer, 'unknown');

      const session = sessionAt(story, 0);
      const killed = performance.now();
      await kill(story, 0);
      assert.ok(performance.now() - killed < SILENCE_MILLISECONDS);
      await expectRefusal('Unreachable', session.observe(story.signal));
      await expectRefusal('Unreachable', session.openWrites(1, story.signal));
    },
  },
  {
    name: "a dead primary's log tells its end, and what a replica lacks of it",
    async run(story) {
      const end = valueOf(await memberAt(story, 0).member.files.readOwnEnd(story.signal));
      const candidate = valueOf((await stateOf(story, sessionAt(story, 1))).received);
      assert.equal(story.shard.engine.positions.compare(end, candidate), 'ahead');
    },
  },
  {
    name: 'a replica that has applied all it received becomes the primary, and the other follows it',
    async run(story) {
      const [candidate, other] = [sessionAt(story, 1), sessionAt(story, 2)];
      const { received } = await candidate.stopReceiving(story.signal);
      await Promise.all(
        [candidate, other].map(async (session) => {
          const { received: own } = await session.stopReceiving(story.signal);
          assert.ok(await session.awaitApplied(own, LONGEST_STEP_MILLISECONDS, story.signal));
        }),
      );
      await candidate.becomePrimary('oneReplica', story.signal);
      await candidate.becomePrimary('oneReplica', story.signal);
      assert.equal(await candidate.awaitAcknowledger(SHORT_TIMEOUT_MILLISECONDS, story.signal), false);
      const closed = await stateOf(story, candidate);
      assert.deepEqual(closed.role, { kind: 'detached' });
      assert.equal(closed.writable, false);
      expectCovers(story, closed.applied, received);
      await expectRefusal('Refused', candidate.openWrites(2, story.signal));

      await other.follow(sourceAt(story, 1), story.signal);
      assert.equal(await candidate.awaitAcknowledger(LONGEST_STEP_MILLISECONDS, story.signal), true);
      await candidate.openWrites(2, story.signal);
      await expectRefusal('Refused', candidate.stopReceiving(story.signal));
      await expectRefusal('Refused', candidate.openWrites(1, story.signal));
      await expectRefusal('Refused', candidate.follow(sourceAt(story, 2), story.signal));
      await append(story, 1, 10);
      await expectCaughtUp(story, 2, 1);
      assert.equal(valueOf((await stateOf(story, sessionAt(story, 2))).epoch), 2);
    },
  },
  {
    name: 'the old primary, booted as a replica, drops what nobody acknowledged and rejoins',
    async run(story) {
      const session = await boot(story, 0, { role: 'replica', epoch: 2, acknowledgement: 'none' });
      const state = await stateOf(story, session);
      assert.deepEqual(state.role, { kind: 'detached' });
      assert.equal(state.writable, false);
      assert.ok(!(await readNumbers(story, 0)).includes(1_000_000));
      await session.salvage(story.signal);
      await session.follow(sourceAt(story, 1), story.signal);
      await append(story, 1, 5);
      await expectCaughtUp(story, 0, 1);
      await expectCaughtUp(story, 2, 1);
      const numbers = await readNumbers(story, 1);
      assert.deepEqual(await readNumbers(story, 0), numbers);
      assert.deepEqual(await readNumbers(story, 2), numbers);
    },
  },
  {
    name: 'the recorded primary, killed and booted as one, keeps its log and is followed on',
    async run(story) {
      await kill(story, 1);
      const session = await boot(story, 1, { role: 'primary', epoch: 2, acknowledgement: 'oneReplica' });
      assert.equal((await stateOf(story, session)).writable, false);
      await session.becomePrimary('oneReplica', story.signal);
      await eventuallyState(
        story,
        1,
        'replicas return',
        ({ acknowledgement }) => acknowledgement.acknowledgers === 2,
      );
      await session.openWrites(2, story.signal);
      await append(story, 1, 5);
      await expectCaughtUp(story, 0, 1);
      await expectCaughtUp(story, 2, 1);
    },
  },
  {
    name: 'a planned change of primary closes, drains, opens, and turns the old one round without a restart',
    async run(story) {
      const [old, candidate, other] = [sessionAt(story, 1), sessionAt(story, 0), sessionAt(story, 2)];
      const client = await memberAt(story, 1).client();
      const end = await old.closeWrites(LONGEST_STEP_MILLISECONDS, story.signal);
      assert.equal((await stateOf(story, old)).applied, end);
      await expectRefusal('Refused', candidate.stepDown(end, story.signal));
      assert.ok(await candidate.awaitApplied(end, LONGEST_STEP_MILLISECONDS, story.signal));
      assert.ok(await other.awaitApplied(end, LONGEST_STEP_MILLISECONDS, story.signal));
      assert.deepEqual(await candidate.stopReceiving(story.signal), { received: end, applied: end });
      await old.stepDown(end, story.signal);
      await assert.rejects(client.read());
      client.close();
      await expectMisdirectedToLeave(story, 1);
      const { acknowledgement, writable } = await stateOf(story, old);
      assert.deepEqual([acknowledgement.rule, writable], ['none', false]);
      await candidate.becomePrimary('oneReplica', story.signal);
      await other.follow(sourceAt(story, 0), story.signal);
      await old.follow(sourceAt(story, 0), story.signal);
      await eventuallyState(
        story,
        0,
        'both acknowledge',
        ({ acknowledgement }) => acknowledgement.acknowledgers === 2,
      );
      await candidate.openWrites(3, story.signal);
      await append(story, 0, 5);
      await expectCaughtUp(story, 1, 0);
      await expectCaughtUp(story, 2, 0);
      assert.equal(valueOf((await stateOf(story, old)).epoch), 3);
    },
  },
];

/** Clients that come to a server that nobody should come to go when they are told, but for those whose account is named. */
async function expectMisdirectedToLeave(story: Story, ordinal: number): Promise<void> {
  const session = sessionAt(story, ordinal);
  const client = await memberAt(story, ordinal).client();
  await client.read();
  // Those of clients that were ended before leave by themselves, and whoever was answered is idle a moment later.
  const ids = await eventually('there is one client', async () => {
    const found = await session.endIdleClients({ ids: [], besides: [] }, story.signal);
    return found.length === 1 ? found : undefined;
  });
  assert.deepEqual(await session.endIdleClients({ ids, besides: [APPLICATION_USER] }, story.signal), []);
  await client.read();
  await eventually('it is ended', async () => {
    const left = await session.endIdleClients({ ids, besides: [] }, story.signal);
    return left.length === 0 ? true : undefined;
  });
  await assert.rejects(client.read());
  client.close();
}
