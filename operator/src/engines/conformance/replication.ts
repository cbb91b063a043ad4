/** Acknowledgements, lag and the positions of replicas. */
import assert from 'node:assert/strict';
import { finished } from 'node:stream/promises';
import type { EngineError, EngineErrorCode } from '../engine-error.ts';
import type { Measure } from '../measure.ts';
import {
  append,
  boot,
  eventually,
  eventuallyState,
  expectCaughtUp,
  expectRefusal,
  followingOf,
  kill,
  LONGEST_STEP_MILLISECONDS,
  memberAt,
  sessionAt,
  sourceAt,
  stateOf,
  valueOf,
  type ConformanceCase,
  type Story,
} from './story.ts';

const SHORT_TIMEOUT_MILLISECONDS = 500;
/** Stopping to receive from a source that is silent; engines' own time-outs are a minute. */
const LONGEST_STOP_MILLISECONDS = 30_000;

/** More than between two signs of life of a source that has nothing to send. */
const SILENCE_MILLISECONDS = 500;

/** Each takes as long as a look may. */
const WAITING_LOOKS = 3;

function exceeds(measure: Measure, limit: number): boolean {
  return measure.kind === 'known' && measure.value > limit;
}

/** Has both replicas stop receiving, until the primary knows that nobody acknowledges. */
async function stopReplicas(story: Story): Promise<void> {
  await Promise.all([1, 2].map((ordinal) => sessionAt(story, ordinal).stopReceiving(story.signal)));
  await eventuallyState(
    story,
    0,
    'nobody acknowledges',
    ({ acknowledgement }) => acknowledgement.acknowledgers === 0,
  );
}

async function followAgain(story: Story): Promise<void> {
  await Promise.all(
    [1, 2].map((ordinal) => sessionAt(story, ordinal).follow(sourceAt(story, 0), story.signal)),
  );
}

/** True once a request fails with that code; undefined while it succeeds. */
async function isRefused(code: EngineErrorCode, request: Promise<unknown>): Promise<true | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    assert.equal((error as EngineError).code, code);
    return true;
  }
}

/** True once a request succeeds; undefined where it fails with a code that tells of what passes. */
async function isOver(request: Promise<void>, passing: EngineErrorCode): Promise<true | undefined> {
  try {
    await request;
    return true;
  } catch (error) {
    assert.equal((error as EngineError).code, passing);
    return undefined;
  }
}

export const replicationCases: readonly ConformanceCase[] = [
  {
    name: 'commits wait for a replica once told so, and each acknowledgement counts',
    async run(story) {
      const primary = sessionAt(story, 0);
      await primary.setAcknowledgement('oneReplica', story.signal);
      const before = await eventuallyState(
        story,
        0,
        'both replicas acknowledge',
        ({ acknowledgement }) => acknowledgement.waiting && acknowledgement.acknowledgers === 2,
      );
      await append(story, 0, 10);
      const after = await stateOf(story, primary);
      assert.equal(after.acknowledgement.rule, 'oneReplica');
      assert.ok(after.acknowledgement.acknowledgedCommits >= before.acknowledgement.acknowledgedCommits + 10);
      assert.equal(after.acknowledgement.unacknowledgedCommits, before.acknowledgement.unacknowledgedCommits);
      for (const ordinal of [1, 2]) {
        assert.ok((await stateOf(story, sessionAt(story, ordinal))).acknowledgement.acknowledges);
      }
      await expectRefusal('Refused', primary.setAcknowledgement('none', story.signal));
    },
  },
  {
    name: 'lag is unknown before the first heartbeat, then milliseconds, and grows while applying is blocked',
    async run(story) {
      const unmeasured = followingOf(await stateOf(story, sessionAt(story, 1)));
      assert.equal(unmeasured.lagMilliseconds.kind, 'unknown');

      const primary = sessionAt(story, 0);
      const beat = (): Promise<void> => primary.writeHeartbeat(1, LONGEST_STEP_MILLISECONDS, story.signal);
      await beat();
      await expectCaughtUp(story, 1, 0);
      const caughtUp = await stateOf(story, sessionAt(story, 1));
      assert.ok(valueOf(followingOf(caughtUp).lagMilliseconds) < LONGEST_STEP_MILLISECONDS);
      assert.equal(valueOf(caughtUp.heartbeat), valueOf((await stateOf(story, primary)).heartbeat));

      const letGo = await memberAt(story, 1).blockApplying();
      await append(story, 0, 20);
      await beat();
      // That the other replica acknowledges does not tell that this one has received.
      const blocked = await eventuallyState(
        story,
        1,
        'lag grows',
        (state) =>
          exceeds(followingOf(state).lagMilliseconds, 300) && exceeds(followingOf(state).bytesBehind, 0),
      );
      const following = followingOf(blocked);
      assert.ok(valueOf(following.bytesBehind) > 0);
      assert.equal(story.shard.engine.positions.compare(valueOf(blocked.received), blocked.applied), 'ahead');
      assert.deepEqual(following.applying, { kind: 'running' });
      const later = await eventuallyState(story, 1, 'lag grows on', (state) =>
        exceeds(followingOf(state).lagMilliseconds, valueOf(following.lagMilliseconds) + 200),
      );
      assert.ok(valueOf(followingOf(later).secondsBehind) >= 0);

      await letGo();
      await beat();
      await expectCaughtUp(story, 1, 0);
      await eventuallyState(
        story,
        1,
        'nothing is behind',
        (state) => !exceeds(followingOf(state).bytesBehind, 0),
      );
    },
  },
  {
    name: 'a replica that does not receive has an unknown lag, never zero',
    async run(story) {
      const session = sessionAt(story, 1);
      const { received: position } = await session.stopReceiving(story.signal);
      assert.equal((await session.stopReceiving(story.signal)).received, position);
      const state = await stateOf(story, session);
      assert.deepEqual(followingOf(state).receiving, { kind: 'stopped' });
      assert.equal(followingOf(state).lagMilliseconds.kind, 'unknown');
      assert.equal(followingOf(state).secondsBehind.kind, 'unknown');
      assert.equal(valueOf(state.received), position);

      assert.ok(await session.awaitApplied(position, LONGEST_STEP_MILLISECONDS, story.signal));
      await append(story, 0, 3);
      const { applied } = await stateOf(story, sessionAt(story, 0));
      assert.equal(await session.awaitApplied(applied, SHORT_TIMEOUT_MILLISECONDS, story.signal), false);

      await session.follow(sourceAt(story, 0), story.signal);
      await session.follow(sourceAt(story, 0), story.signal);
      await expectCaughtUp(story, 1, 0);
    },
  },
  {
    name: 'nothing that would discard received changes is carried out while some are not applied',
    async run(story) {
      const session = sessionAt(story, 1);
      await memberAt(story, 1).stopApplying();
      const { received } = await stateOf(story, session);
      await append(story, 0, 5);
      const ahead = await eventuallyState(
        story,
        1,
        'it receives',
        (state) => valueOf(state.received) !== valueOf(received),
      );
      assert.deepEqual(followingOf(ahead).applying, { kind: 'stopped' });
      await expectRefusal('Refused', session.becomePrimary('oneReplica', story.signal));
      await expectRefusal('ReceivedNotApplied', session.follow(sourceAt(story, 0), story.signal));
      await expectRefusal('Refused', session.salvage(story.signal));
      assert.deepEqual(followingOf(await stateOf(story, session)).receiving, { kind: 'running' });
      await session.stopReceiving(story.signal);
      await expectRefusal('ReceivedNotApplied', session.becomePrimary('oneReplica', story.signal));

      assert.equal(await session.salvage(story.signal), valueOf((await stateOf(story, session)).received));
      await session.follow(sourceAt(story, 0), story.signal);
      await expectCaughtUp(story, 1, 0);
    },
  },
  {
    name: 'changes received and not applied when the server dies are salvaged at its next start',
    async run(story) {
      await memberAt(story, 1).stopApplying();
      await append(story, 0, 5);
      const client = await memberAt(story, 0).client();
      await client.appendLargest(story.next);
      client.close();
      story.acknowledged.add(story.next);
      story.next += 1;
      const before = await eventuallyState(
        story,
        1,
        'it receives',
        (state) => valueOf(state.received) !== state.applied,
      );
      const { applied: end } = await stateOf(story, sessionAt(story, 0));
      await eventuallyState(story, 1, 'it has received all', (state) => valueOf(state.received) === end);
      await kill(story, 1);
      await memberAt(story, 1).tearReceivedLog();
      assert.equal(valueOf(await memberAt(story, 1).member.files.readReceivedEnd(story.signal)), end);

      const session = await boot(story, 1, { role: 'replica', epoch: 1, acknowledgement: 'none' });
      const booted = await stateOf(story, session);
      assert.equal(booted.applied, before.applied);
      assert.equal(valueOf(booted.received), end);
      await expectRefusal('ReceivedNotApplied', session.follow(sourceAt(story, 0), story.signal));
      assert.equal(await session.salvage(story.signal), end);
      assert.equal(await session.salvage(story.signal), end);
      await session.follow(sourceAt(story, 0), story.signal);
      await append(story, 0, 5);
      await expectCaughtUp(story, 1, 0);
    },
  },
  {
    name: 'without a replica commits hang, observing goes on, and a heartbeat is given up but not doubled',
    async run(story) {
      const primary = sessionAt(story, 0);
      await stopReplicas(story);

      const beat = (): Promise<void> => primary.writeHeartbeat(1, SHORT_TIMEOUT_MILLISECONDS, story.signal);
      await expectRefusal('Timeout', beat());
      await expectRefusal('Busy', beat());
      const hanging = await eventuallyState(
        story,
        0,
        'the heartbeat waits',
        ({ acknowledgement }) => acknowledgement.waitingSessions > 0,
      );
      assert.equal(hanging.acknowledgement.waitingSessions, 1);
      assert.equal(hanging.acknowledgement.waiting, true);
      await expectRefusal('Refused', primary.openWrites(1, story.signal));

      const { cloneSource } = memberAt(story, 0).member;
      const copy = await cloneSource.open({ sourceTimeoutMilliseconds: 1000 }, story.signal);
      await expectRefusal('Timeout', finished(copy.bytes.resume()));
      await expectRefusal('Timeout', primary.closeWrites(SHORT_TIMEOUT_MILLISECONDS, story.signal));
      assert.equal((await stateOf(story, primary)).writable, true);

      await followAgain(story);
      await append(story, 0, 3);
      assert.equal((await stateOf(story, primary)).writable, true);
      await eventually('the heartbeat that was given up is over', () =>
        isOver(primary.writeHeartbeat(1, LONGEST_STEP_MILLISECONDS, story.signal), 'Busy'),
      );
    },
  },
  {
    name: 'a change of rights that waits for a replica holds up neither observing nor probing',
    async run(story) {
      const primary = sessionAt(story, 0);
      await stopReplicas(story);
      const made = memberAt(story, 0).makeUser('waits_for_a_replica', 'until it is acknowledged');
      const waits = eventuallyState(
        story,
        0,
        'the change waits',
        ({ acknowledgement }) => acknowledgement.waitingSessions > 0,
      );
      await Promise.race([waits, made.then(() => assert.fail('nobody was to acknowledge the change'))]);
      await stateOf(story, primary);
      await primary.probe(story.signal);
      await followAgain(story);
      await made;
      await append(story, 0, 3);
    },
  },
  {
    name: 'a look that has to wait holds up no probe, and shows something once it need not',
    async run(story) {
      const primary = sessionAt(story, 0);
      await primary.probe(story.signal);
      const release = await memberAt(story, 0).blockLooks();
      for (let round = 0; round < WAITING_LOOKS; round += 1) {
        const look = expectRefusal('Timeout', primary.observe(story.signal));
        await primary.probe(story.signal);
        await look;
        await primary.probe(story.signal);
      }
      await release();
      await stateOf(story, primary);
      await append(story, 0, 3);
    },
  },
  {
    name: 'a frozen primary is told from a working one in time, and its replicas stop receiving in time',
    async run(story) {
      const [primary, replica] = [sessionAt(story, 0), sessionAt(story, 1)];
      await memberAt(story, 0).signal('SIGSTOP');
      try {
        const started = performance.now();
        await Promise.all([
          // An answer may be on its way when the signal comes.
          eventually('no look is answered', () => isRefused('Timeout', primary.observe(story.signal))),
          eventually('no probe is answered', () => isRefused('Timeout', primary.probe(story.signal))),
          eventuallyState(story, 2, 'it hears nothing', (state) =>
            exceeds(followingOf(state).silentMilliseconds, SILENCE_MILLISECONDS),
          ),
          replica.stopReceiving(story.signal),
        ]);
        assert.ok(performance.now() - started < LONGEST_STOP_MILLISECONDS);
      } finally {
        await memberAt(story, 0).signal('SIGCONT');
      }
      await stateOf(story, primary);
      await eventually('it is probed', () => isOver(primary.probe(story.signal), 'Timeout'));
      await eventuallyState(story, 2, 'it hears its source', (state) => {
        const { silentMilliseconds } = followingOf(state);
        return silentMilliseconds.kind === 'known' && silentMilliseconds.value === 0;
      });
      await replica.follow(sourceAt(story, 0), story.signal);
      await append(story, 0, 3);
      await expectCaughtUp(story, 1, 0);
    },
  },
];
