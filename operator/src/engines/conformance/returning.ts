/**
 * A former primary comes back, with changes that nobody acknowledged of every kind there is. The beginning of a story of
 * its own; see `conformance.ts`.
 */
import assert from 'node:assert/strict';
import { expectSameNumbers, makeShard, promote, reclone, rejoin } from './recovery.ts';
import {
  append,
  boot,
  eventuallyState,
  expectCaughtUp,
  followingOf,
  kill,
  memberAt,
  readNumbers,
  sourceAt,
  valueOf,
  type ConformanceCase,
  type Story,
} from './story.ts';
import { killWithTail, change, makeUncuttableTail, tailOf, keptText } from './tails.ts';

/** Starts a former primary as a replica of the new one, which finds that it went another way. */
async function expectDiverged(story: Story, ordinal: number, primary: number, epoch: number): Promise<void> {
  const session = await boot(story, ordinal, { role: 'replica', epoch, acknowledgement: 'none' });
  assert.ok((await tailOf(story, ordinal, primary))?.certain);
  await session.salvage(story.signal);
  await session.follow(sourceAt(story, primary), story.signal);
  await eventuallyState(
    story,
    ordinal,
    'receiving fails',
    (state) => followingOf(state).receiving.kind === 'failed',
  );
  await kill(story, ordinal);
}

export const returningCases: readonly ConformanceCase[] = [
  {
    name: 'three members, of which the first is the primary',
    run: (story) => makeShard(story),
  },
  {
    name: 'what nobody acknowledged is found, kept as a file, cut off at the start as a replica, and no more of it',
    async run(story) {
      await killWithTail(story, 0, () =>
        Promise.all([
          change(story, 0, 'append', 1_000_001),
          change(story, 0, 'append', 1_000_002),
          change(story, 0, 'append', 1_000_003),
        ]),
      );
      await promote(story, { winner: 1, followers: [2], epoch: 2 });
      await append(story, 1, 5);
      await expectCaughtUp(story, 2, 1);

      const { files } = memberAt(story, 0).member;
      assert.ok(files.wrote(valueOf(await files.readOwnEnd(story.signal))));
      const tail = await tailOf(story, 0, 1);
      assert.ok(tail?.certain);
      assert.ok(tail.changes > 0);
      // A replica of the new primary tells the same: whoever is promoted next knows it, too.
      assert.deepEqual(await tailOf(story, 0, 2), tail);
      const text = await keptText(story, 0, 1, 'tail-epoch-2');
      // Not all of them may have reached the log: one may have waited for those before it.
      const found = [1_000_001, 1_000_002, 1_000_003].filter((number) => text.includes(`@1=${number}`));
      assert.equal(found.length, tail.changes);
      const acknowledged = Math.max(...story.acknowledged);
      assert.ok(!text.includes(`@1=${acknowledged}`), 'more is kept than nobody else has');

      await rejoin(story, { ordinal: 0, primary: 1, epoch: 2 });
      assert.equal(await tailOf(story, 0, 1), null);
      assert.ok(!(await readNumbers(story, 0)).some((number) => number > 1_000_000));
      await append(story, 1, 5);
      await expectSameNumbers(story, 1);
    },
  },
  {
    name: 'a definition among them is not cut off: the member has diverged, is set aside and cloned anew',
    async run(story) {
      await killWithTail(story, 1, async () => [await change(story, 1, 'define')]);
      await promote(story, { winner: 0, followers: [2], epoch: 3 });
      assert.ok((await keptText(story, 1, 0, 'tail-epoch-3')).includes('CREATE TABLE'));
      await expectDiverged(story, 1, 0, 3);
      const { files } = memberAt(story, 1).member;
      await files.setAside('data-epoch-3', story.signal);
      await reclone(story, { ordinal: 1, source: 2, primary: 0, epoch: 3 });
      assert.equal(await tailOf(story, 1, 0), null);
      await append(story, 0, 5);
      await expectSameNumbers(story, 0);
      assert.deepEqual(
        (await files.listKept(story.signal)).map(({ name, kind }) => [name, kind]),
        [
          ['tail-epoch-3.binlog', 'tail'],
          ['data-epoch-3', 'data'],
        ],
      );
    },
  },
  {
    name: 'a change outside transactions is not cut off, either; the data goes when there is no room to keep it',
    async run(story) {
      await killWithTail(story, 0, async () => [await change(story, 0, 'appendForGood', 1_000_004)]);
      await promote(story, { winner: 2, followers: [1], epoch: 4 });
      assert.ok((await keptText(story, 0, 2, 'tail-epoch-4')).includes('@1=1000004'));
      await expectDiverged(story, 0, 2, 4);
      const { files } = memberAt(story, 0).member;
      assert.ok((await files.dataBytes(story.signal)) > 1 << 20);
      await files.discardData(story.signal);
      assert.deepEqual(await files.inspect(story.signal), { kind: 'empty' });
      await reclone(story, { ordinal: 0, source: 1, primary: 2, epoch: 4 });
      await expectSameNumbers(story, 2);
    },
  },
  {
    name: 'a change and then a definition keep the server from starting as a replica: kept, and cloned anew',
    async run(story) {
      await killWithTail(story, 2, () => makeUncuttableTail(story, 2, 1_000_005));
      await promote(story, { winner: 0, followers: [1], epoch: 5 });
      for (const attempt of [1, 2]) {
        await memberAt(story, 2).start({ role: 'replica', epoch: 5, acknowledgement: 'none' });
        const log = await memberAt(story, 2).ended();
        assert.match(log, /Cannot truncate the binary log/, `attempt ${attempt}`);
        assert.equal((await tailOf(story, 2, 0))?.changes, 2);
      }
      const text = await keptText(story, 2, 0, 'tail-epoch-5');
      assert.ok(text.includes('@1=1000005') && text.includes('CREATE TABLE'));
      await memberAt(story, 2).member.files.discardData(story.signal);
      await reclone(story, { ordinal: 2, source: 1, primary: 0, epoch: 5 });
      await append(story, 0, 5);
      await expectSameNumbers(story, 0);
    },
  },
];
