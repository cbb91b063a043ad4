/** Winners whose servers were down, all members at once, and histories that went apart. Goes on from `returning.ts`. */
import assert from 'node:assert/strict';
import { expectSameNumbers, promote, reclone, rejoin } from './recovery.ts';
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
  readNumbers,
  sessionAt,
  sourceAt,
  stateOf,
  valueOf,
  type ConformanceCase,
} from './story.ts';
import {
  killWithTail,
  change,
  makeUncuttableTail,
  lineageOf,
  tailOf,
  keptText,
  receivedEnd,
  untilLogged,
} from './tails.ts';

export const outageCases: readonly ConformanceCase[] = [
  {
    name: 'a winner whose server was down is started as the primary, salvages before it opens, and is followed',
    async run(story) {
      await Promise.all([1, 2].map((ordinal) => memberAt(story, ordinal).stopApplying()));
      await append(story, 0, 20);
      const { applied: end } = await stateOf(story, sessionAt(story, 0));
      for (const ordinal of [1, 2]) {
        await eventuallyState(
          story,
          ordinal,
          'it has received all',
          (state) => valueOf(state.received) === end,
        );
      }
      await Promise.all([0, 1, 2].map((ordinal) => kill(story, ordinal)));
      assert.equal(await receivedEnd(story, 1), end);

      // With no rule: a salvaged change would wait for an acknowledgement, and nobody follows yet.
      const winner = await boot(story, 1, { role: 'primary', epoch: 6, acknowledgement: 'none' });
      await expectRefusal('ReceivedNotApplied', winner.becomePrimary('oneReplica', story.signal));
      assert.equal(await winner.salvage(story.signal), end);
      await winner.becomePrimary('oneReplica', story.signal);
      assert.equal((await stateOf(story, winner)).writable, false);
      for (const ordinal of [0, 2]) {
        assert.equal(await tailOf(story, ordinal, 1), null);
        await rejoin(story, { ordinal, primary: 1, epoch: 6 });
      }
      assert.ok(await winner.awaitAcknowledger(LONGEST_STEP_MILLISECONDS, story.signal));
      await winner.openWrites(6, story.signal);
      await append(story, 1, 5);
      await expectSameNumbers(story, 1);
    },
  },
  {
    name: 'all members die at once, with changes not applied, parts torn and only begun, and one not acknowledged',
    async run(story) {
      // Member 0 has more than member 2, of neither of which all is applied; in more than one part.
      await Promise.all([0, 2].map((ordinal) => memberAt(story, ordinal).stopApplying()));
      await append(story, 1, 5);
      await memberAt(story, 0).rotateReceivedLog();
      await append(story, 1, 5);
      await memberAt(story, 0).rotateReceivedLog();
      const { received: less } = await sessionAt(story, 2).stopReceiving(story.signal);
      await append(story, 1, 5);
      const { received: more } = await sessionAt(story, 0).stopReceiving(story.signal);
      const answer = await untilLogged(story, 1, () => change(story, 1, 'append', 1_000_006));
      assert.equal(answer, 'unknown');
      await Promise.all([0, 1, 2].map((ordinal) => kill(story, ordinal)));
      await memberAt(story, 0).tearReceivedLog();
      await memberAt(story, 0).beginReceivedLog();
      await memberAt(story, 2).tearReceivedLog();

      const { positions } = story.shard.engine;
      assert.equal(await receivedEnd(story, 0), more);
      assert.equal(await receivedEnd(story, 2), less);
      const own = valueOf(await memberAt(story, 1).member.files.readOwnEnd(story.signal));
      assert.equal(positions.compare(own, more), 'ahead');
      assert.equal(positions.compare(more, less), 'ahead');

      const winner = await boot(story, 0, { role: 'primary', epoch: 7, acknowledgement: 'none' });
      assert.equal(await winner.salvage(story.signal), more);
      await winner.becomePrimary('oneReplica', story.signal);
      assert.equal((await tailOf(story, 1, 0))?.changes, 1);
      assert.ok((await keptText(story, 1, 0, 'tail-epoch-7')).includes('@1=1000006'));
      for (const ordinal of [1, 2]) {
        await rejoin(story, { ordinal, primary: 0, epoch: 7 });
      }
      assert.ok(await winner.awaitAcknowledger(LONGEST_STEP_MILLISECONDS, story.signal));
      await winner.openWrites(7, story.signal);
      await append(story, 0, 5);
      await expectSameNumbers(story, 0);
    },
  },
  {
    name: 'changes that could not be cut off need not be, where the new primary has received them',
    async run(story) {
      await Promise.all([1, 2].map((ordinal) => memberAt(story, ordinal).signal('SIGSTOP')));
      try {
        const answers = await makeUncuttableTail(story, 0, 1_000_008);
        assert.deepEqual(answers, ['unknown', 'unknown']);
        await memberAt(story, 0).sentAll();
        await kill(story, 0);
      } finally {
        await Promise.all([1, 2].map((ordinal) => memberAt(story, ordinal).signal('SIGCONT')));
      }
      const end = valueOf(await memberAt(story, 0).member.files.readOwnEnd(story.signal));
      for (const ordinal of [1, 2]) {
        await eventuallyState(story, ordinal, 'it has what was on its way', (state) =>
          story.shard.engine.positions.covers(state.applied, end),
        );
      }
      await promote(story, { winner: 2, followers: [1], epoch: 8 });
      assert.equal(await tailOf(story, 0, 2), null);
      await memberAt(story, 0).start({ role: 'replica', epoch: 8, acknowledgement: 'none' });
      assert.match(await memberAt(story, 0).ended(), /Cannot truncate the binary log/);
      await rejoin(story, { ordinal: 0, primary: 2, epoch: 8, keepsLog: true });
      await append(story, 2, 5);
      await expectSameNumbers(story, 2);
      assert.ok((await readNumbers(story, 0)).includes(1_000_008));

      // Back to the first, as the story goes on.
      await kill(story, 2);
      await promote(story, { winner: 0, followers: [1], epoch: 9 });
      assert.equal(await tailOf(story, 2, 0), null);
      await rejoin(story, { ordinal: 2, primary: 0, epoch: 9, keepsLog: true });
      await expectSameNumbers(story, 0);
    },
  },
  {
    name: 'the recorded primary, started in place after all died, keeps what nobody acknowledged, and all have it',
    async run(story) {
      await killWithTail(story, 0, async () => [await change(story, 0, 'append', 1_000_007)]);
      await Promise.all([1, 2].map((ordinal) => kill(story, ordinal)));
      const primary = await boot(story, 0, { role: 'primary', epoch: 9, acknowledgement: 'none' });
      await primary.salvage(story.signal);
      await primary.becomePrimary('oneReplica', story.signal);
      for (const ordinal of [1, 2]) {
        await rejoin(story, { ordinal, primary: 0, epoch: 9 });
      }
      assert.ok(await primary.awaitAcknowledger(LONGEST_STEP_MILLISECONDS, story.signal));
      await primary.openWrites(9, story.signal);
      await append(story, 0, 5);
      await expectSameNumbers(story, 0);
      assert.ok((await readNumbers(story, 2)).includes(1_000_007));
    },
  },
  {
    name: 'a replica of which the primary has discarded what it still needs says so',
    async run(story) {
      await sessionAt(story, 2).stopReceiving(story.signal);
      await append(story, 0, 5);
      await memberAt(story, 0).rotateLog();
      await append(story, 0, 5);
      await expectCaughtUp(story, 1, 0);
      const rule = { neededAfter: [], maximumBytes: 0 };
      // What was sent to the one that has left is in use until that is known.
      await eventually('something is discarded', async () => {
        const { discardedBytes } = await sessionAt(story, 0).applyRetention(rule, story.signal);
        return discardedBytes > 0 ? true : undefined;
      });
      await sessionAt(story, 2).follow(sourceAt(story, 0), story.signal);
      await eventuallyState(
        story,
        2,
        'receiving fails',
        (state) => followingOf(state).receiving.kind === 'failed',
      );
      await kill(story, 2);
      await memberAt(story, 2).member.files.discardData(story.signal);
      await reclone(story, { ordinal: 2, source: 1, primary: 0, epoch: 9 });
      await append(story, 0, 5);
      await expectSameNumbers(story, 0);
    },
  },
  {
    name: 'after a promotion that gave changes up, who has them keeps them as a file before it is made anew',
    async run(story) {
      await expectCaughtUp(story, 2, 0);
      await sessionAt(story, 2).stopReceiving(story.signal);
      const first = story.next;
      await append(story, 0, 3);
      await memberAt(story, 1).stopApplying();
      await append(story, 0, 2);
      await eventuallyState(
        story,
        1,
        'it has received all',
        (state) => valueOf(state.received) !== state.applied,
      );
      await kill(story, 0);
      await kill(story, 1);
      const lost = [...story.acknowledged].filter((number) => number >= first);
      lost.forEach((number) => story.acknowledged.delete(number));
      const winner = sessionAt(story, 2);
      await winner.becomePrimary('none', story.signal);
      await winner.openWrites(10, story.signal);
      await append(story, 2, 5);

      const lineage = await lineageOf(story, 2);
      for (const ordinal of [0, 1]) {
        const { files } = memberAt(story, ordinal).member;
        const kept = await files.keepEverything(lineage, 'all-epoch-10', story.signal);
        const texts = await Promise.all(kept.map(({ path }) => memberAt(story, ordinal).readKept(path)));
        const text = texts.join('\n');
        const missing = lost.filter((number) => !text.includes(`@1=${number}`));
        assert.deepEqual(missing, [], `not kept by member ${ordinal}`);
        await files.discardData(story.signal);
        await reclone(story, { ordinal, source: 2, primary: 2, epoch: 10 });
      }
      await winner.setAcknowledgement('oneReplica', story.signal);
      await append(story, 2, 5);
      await expectSameNumbers(story, 2);
    },
  },
];
