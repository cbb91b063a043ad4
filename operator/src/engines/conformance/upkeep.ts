/** Retention, the user's configuration, and secrets. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import type { Position } from '../position.ts';
import {
  accountsOf,
  append,
  boot,
  eventually,
  eventuallyState,
  expectCaughtUp,
  expectRefusal,
  kill,
  memberAt,
  readNumbers,
  sessionAt,
  sourceAt,
  stateOf,
  valueOf,
  type ConformanceCase,
} from './story.ts';

const SHORT_TIMEOUT_MILLISECONDS = 500;

export const upkeepCases: readonly ConformanceCase[] = [
  {
    name: 'retention discards what every replica has, and never what one still needs',
    async run(story) {
      const primary = sessionAt(story, 0);
      const { received: late } = await sessionAt(story, 2).stopReceiving(story.signal);
      for (let part = 0; part < 3; part += 1) {
        await append(story, 0, 5);
        await memberAt(story, 0).rotateLog();
      }
      await expectCaughtUp(story, 1, 0);
      const { applied: current } = await stateOf(story, sessionAt(story, 1));
      const discard = (
        neededAfter: readonly Position[],
        maximumBytes = 0,
      ): ReturnType<typeof primary.applyRetention> =>
        primary.applyRetention({ neededAfter, maximumBytes }, story.signal);

      const before = valueOf((await stateOf(story, primary)).logBytes);
      assert.equal((await discard([late, current], before)).discardedBytes, 0);
      const held = await discard([late, current]);
      assert.equal(held.heldBy, late);

      const session = sessionAt(story, 2);
      await session.follow(sourceAt(story, 0), story.signal);
      await expectCaughtUp(story, 2, 0);
      // What was sent before is in use until the server has gone on.
      const freed = await eventually('something is discarded', async () => {
        const result = await discard([current]);
        return result.discardedBytes > 0 ? result : undefined;
      });
      assert.equal(freed.heldBy, undefined);
      await append(story, 0, 5);
      await expectCaughtUp(story, 1, 0);
      await expectCaughtUp(story, 2, 0);
    },
  },
  {
    name: 'limits that an administrator sets for applications are none for us',
    async run(story) {
      const hosted = memberAt(story, 1);
      const lift = await hosted.limitStatements();
      const session = await hosted.member.connect(story.signal);
      assert.equal((await stateOf(story, session)).role.kind, 'replica');
      session.close();
      await lift();
    },
  },
  {
    name: 'a primary that has lost all replicas is cloned closed, and opened once a replica acknowledges',
    async run(story) {
      for (const ordinal of [1, 2]) {
        const { files } = memberAt(story, ordinal).member;
        await kill(story, ordinal);
        await files.setAside('lost', story.signal);
        assert.deepEqual(await files.inspect(story.signal), { kind: 'empty' });
        await expectRefusal('Refused', files.setAside('lost', story.signal));
      }
      const client = await memberAt(story, 0).client();
      assert.equal(await client.append(2_000_000, SHORT_TIMEOUT_MILLISECONDS), 'unknown');
      client.close();

      await kill(story, 0);
      const primary = await boot(story, 0, { role: 'primary', epoch: 3, acknowledgement: 'oneReplica' });
      await primary.becomePrimary('oneReplica', story.signal);
      assert.deepEqual((await primary.ensureAccounts(accountsOf(story), story.signal)).changed, []);
      await expectRefusal('Refused', primary.writeHeartbeat(3, SHORT_TIMEOUT_MILLISECONDS, story.signal));
      await expectRefusal('Refused', primary.openWrites(3, story.signal));
      for (const ordinal of [1, 2]) {
        const stream = await memberAt(story, 0).member.cloneSource.open({}, story.signal);
        await memberAt(story, ordinal).member.cloneTarget.receive(stream.bytes, {}, story.signal);
        const session = await boot(story, ordinal, { role: 'replica', epoch: 3, acknowledgement: 'none' });
        await session.follow(sourceAt(story, 0), story.signal);
      }
      await eventuallyState(
        story,
        0,
        'both acknowledge',
        ({ acknowledgement }) => acknowledgement.acknowledgers === 2,
      );
      await primary.openWrites(3, story.signal);
      await append(story, 0, 5);
      const numbers = await readNumbers(story, 0);
      for (const ordinal of [1, 2]) {
        await expectCaughtUp(story, ordinal, 0);
        assert.deepEqual(await readNumbers(story, ordinal), numbers);
      }
    },
  },
  {
    name: 'certificates are reloaded under way',
    async run(story) {
      await sessionAt(story, 0).reloadCertificates(story.signal);
      await append(story, 0, 1);
    },
  },
  {
    name: 'passwords are in no argument, log or readable file',
    async run(story) {
      const secrets = await story.shard.secrets();
      assert.ok(secrets.length > Object.keys(story.shard.passwords).length);
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
