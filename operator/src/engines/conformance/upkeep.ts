/** Retention, the user's configuration, and secrets. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import type { Position } from '../position.ts';
import {
  append,
  expectCaughtUp,
  memberAt,
  sessionAt,
  sourceAt,
  valueOf,
  type ConformanceCase,
} from './story.ts';

export const upkeepCases: readonly ConformanceCase[] = [
  {
    name: 'retention discards what every replica has, and never what one still needs',
    async run(story) {
      const primary = sessionAt(story, 0);
      const late = await sessionAt(story, 2).stopReceiving(story.signal);
      for (let part = 0; part < 3; part += 1) {
        await append(story, 0, 5);
        await memberAt(story, 0).rotateLog();
      }
      await expectCaughtUp(story, 1, 0);
      const { applied: current } = await sessionAt(story, 1).observe(story.signal);
      const discard = (
        neededAfter: readonly Position[],
        maximumBytes = 0,
      ): ReturnType<typeof primary.applyRetention> =>
        primary.applyRetention({ neededAfter, maximumBytes }, story.signal);

      const before = valueOf((await primary.observe(story.signal)).logBytes);
      assert.equal((await discard([late, current], before)).discardedBytes, 0);
      const held = await discard([late, current]);
      assert.equal(held.heldBy, late);

      const session = sessionAt(story, 2);
      await session.follow(sourceAt(story, 0), story.signal);
      await expectCaughtUp(story, 2, 0);
      const freed = await discard([current]);
      assert.ok(freed.discardedBytes > 0);
      assert.equal(freed.heldBy, undefined);
      await append(story, 0, 5);
      await expectCaughtUp(story, 1, 0);
      await expectCaughtUp(story, 2, 0);
    },
  },
  {
    name: 'passwords are in no argument, log or readable file',
    async run(story) {
      const secrets = Object.values(story.shard.passwords);
      for (const hosted of story.shard.members) {
        const logs = await hosted.logs();
        assert.ok(logs.length > 0);
        assert.deepEqual(
          secrets.filter((secret) => logs.includes(secret)),
          [],
        );
      }
      const lines = await story.shard.commandLines();
      assert.ok(lines.length > 0);
      assert.deepEqual(
        lines.filter((line) => secrets.some((secret) => line.includes(secret))),
        [],
      );
      for (const file of await story.shard.secretFiles()) {
        const { mode } = await stat(file);
        assert.equal(mode & 0o077, 0, `${file} is readable by others`);
      }
    },
  },
];
