/** From an empty volume to a first primary. */
import assert from 'node:assert/strict';
import {
  accountsOf,
  append,
  boot,
  expectRefusal,
  memberAt,
  sessionAt,
  stateOf,
  type ConformanceCase,
} from './story.ts';

export const beginningCases: readonly ConformanceCase[] = [
  {
    name: 'an interrupted initialisation is recognised and done again',
    async run(story) {
      const hosted = memberAt(story, 0);
      const { member } = hosted;
      const { signal } = story;
      assert.deepEqual(await member.files.inspect(signal), { kind: 'empty' });
      await expectRefusal(
        'Refused',
        member.prepareBoot({ role: 'primary', epoch: 1, acknowledgement: 'none' }, signal),
      );

      const cut = new AbortController();
      const interrupted = hosted.withPrograms((start) => (call) => {
        setTimeout(() => cut.abort(new Error('cut short')), 100);
        return start(call);
      });
      await assert.rejects(interrupted.files.initialise(cut.signal), /cut short/);
      assert.deepEqual(await member.files.inspect(signal), { kind: 'interrupted', step: 'initialise' });

      await member.files.initialise(signal);
      const state = await member.files.inspect(signal);
      assert.equal(state.kind, 'ready');
      await expectRefusal('Refused', member.files.initialise(signal));
    },
  },
  {
    name: 'a server boots closed for writes and following nobody',
    async run(story) {
      const session = await boot(story, 0, { role: 'primary', epoch: 1, acknowledgement: 'none' });
      const state = await stateOf(story, session);
      assert.deepEqual(state.role, { kind: 'detached' });
      assert.equal(state.writable, false);
      assert.deepEqual(state.epoch, { kind: 'known', value: 0 });
      assert.equal(state.heartbeat.kind, 'unknown');
    },
  },
  {
    name: 'accounts are made once, and again only when something about them changes',
    async run(story) {
      const session = sessionAt(story, 0);
      const accounts = accountsOf(story);
      const first = await session.ensureAccounts(accounts, story.signal);
      assert.deepEqual(
        first.changed,
        accounts.map(({ name }) => name),
      );
      const before = await stateOf(story, session);
      assert.deepEqual((await session.ensureAccounts(accounts, story.signal)).changed, []);
      const after = await stateOf(story, session);
      assert.equal(after.applied, before.applied);

      const renewed = accounts.map((account) => ({ ...account, password: `${account.password}-renewed` }));
      assert.equal((await session.ensureAccounts(renewed, story.signal)).changed.length, accounts.length);
      assert.equal((await session.ensureAccounts(accounts, story.signal)).changed.length, accounts.length);
    },
  },
  {
    name: 'a closed server refuses an application, an opened one takes its writes under the epoch',
    async run(story) {
      const client = await memberAt(story, 0).client();
      await assert.rejects(client.prepare());
      client.close();

      const session = sessionAt(story, 0);
      await session.becomePrimary('none', story.signal);
      await session.openWrites(1, story.signal);
      const opened = await memberAt(story, 0).client();
      await opened.prepare();
      opened.close();
      await append(story, 0, 10);

      const state = await stateOf(story, session);
      assert.deepEqual(state.role, { kind: 'primary' });
      assert.equal(state.writable, true);
      assert.deepEqual(state.epoch, { kind: 'known', value: 1 });
    },
  },
];
