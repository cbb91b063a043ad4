/** Steps of a failover and of what follows it, for the stories that need a shard to begin with. */
import assert from 'node:assert/strict';
import {
  accountsOf,
  append,
  boot,
  eventuallyState,
  expectCaughtUp,
  LONGEST_STEP_MILLISECONDS,
  memberAt,
  readNumbers,
  sessionAt,
  sourceAt,
  type Story,
} from './story.ts';

/** Makes a shard of three: the first is the primary of epoch 1, whose commits wait for one of the others. */
export async function makeShard(story: Story): Promise<void> {
  const { signal } = story;
  const first = memberAt(story, 0);
  await first.member.files.initialise(signal);
  const primary = await boot(story, 0, { role: 'primary', epoch: 1, acknowledgement: 'none' });
  await primary.ensureAccounts(accountsOf(story), signal);
  await primary.becomePrimary('none', signal);
  await primary.openWrites(1, signal);
  const client = await first.client();
  await client.prepare();
  client.close();
  await append(story, 0, 5);
  for (const ordinal of [1, 2]) {
    await reclone(story, { ordinal, source: 0, primary: 0, epoch: 1 });
  }
  await primary.setAcknowledgement('oneReplica', signal);
  await append(story, 0, 5);
  await expectSameNumbers(story, 0);
}

/** Has a replica take over from a dead primary, and others follow it. */
export async function promote(
  story: Story,
  change: { readonly winner: number; readonly followers: readonly number[]; readonly epoch: number },
): Promise<void> {
  const { winner, followers, epoch } = change;
  const { signal } = story;
  await Promise.all(
    [winner, ...followers].map(async (ordinal) => {
      const session = sessionAt(story, ordinal);
      const { received } = await session.stopReceiving(signal);
      assert.ok(await session.awaitApplied(received, LONGEST_STEP_MILLISECONDS, signal));
    }),
  );
  const session = sessionAt(story, winner);
  await session.becomePrimary('oneReplica', signal);
  await Promise.all(
    followers.map((ordinal) => sessionAt(story, ordinal).follow(sourceAt(story, winner), signal)),
  );
  assert.ok(await session.awaitAcknowledger(LONGEST_STEP_MILLISECONDS, signal));
  await session.openWrites(epoch, signal);
}

/** Starts a member as a replica, salvages, and has it follow the primary. */
export async function rejoin(
  story: Story,
  {
    ordinal,
    primary,
    epoch,
    keepsLog = false,
  }: {
    readonly ordinal: number;
    readonly primary: number;
    readonly epoch: number;
    readonly keepsLog?: boolean;
  },
): Promise<void> {
  const order = { role: 'replica', epoch, acknowledgement: 'none', keepsLog } as const;
  const session = await boot(story, ordinal, order);
  await session.salvage(story.signal);
  await session.follow(sourceAt(story, primary), story.signal);
  await eventuallyState(
    story,
    ordinal,
    'it receives',
    ({ role }) => role.kind === 'replica' && role.following.receiving.kind === 'running',
  );
}

/** Makes a member, whose volume is empty, a copy of another one, and has it follow the primary. */
export async function reclone(
  story: Story,
  {
    source,
    ...member
  }: { readonly ordinal: number; readonly source: number; readonly primary: number; readonly epoch: number },
): Promise<void> {
  const stream = await memberAt(story, source).member.cloneSource.open({}, story.signal);
  await memberAt(story, member.ordinal).member.cloneTarget.receive(stream.bytes, {}, story.signal);
  await rejoin(story, member);
}

/** All members have the primary's numbers, every acknowledged one among them. */
export async function expectSameNumbers(story: Story, primary: number): Promise<void> {
  const numbers = await readNumbers(story, primary);
  assert.deepEqual(
    [...story.acknowledged].filter((number) => !numbers.includes(number)),
    [],
  );
  for (const ordinal of [0, 1, 2].filter((ordinal) => ordinal !== primary)) {
    await expectCaughtUp(story, ordinal, primary);
    assert.deepEqual(await readNumbers(story, ordinal), numbers);
  }
}
