/** Changes that a primary has alone when it dies, and looking at them. */
import assert from 'node:assert/strict';
import type { LogTail } from '../member-files.ts';
import type { Lineage, Position } from '../position.ts';
import { eventuallyState, kill, memberAt, sessionAt, stateOf, valueOf, type Story } from './story.ts';

/** Until an application gives up a change that nobody acknowledges. */
const PATIENCE_MILLISECONDS = 700;

/** Has changes made on a primary that no replica receives any more, and kills it. */
export async function killWithTail(
  story: Story,
  primary: number,
  makeTail: () => Promise<readonly ('acknowledged' | 'unknown')[]>,
): Promise<void> {
  const others = [0, 1, 2].filter((ordinal) => ordinal !== primary);
  await Promise.all(others.map((ordinal) => sessionAt(story, ordinal).stopReceiving(story.signal)));
  const answers = await untilLogged(story, primary, makeTail);
  assert.deepEqual([...new Set(answers)], ['unknown']);
  await kill(story, primary);
}

/** Has changes made on a member, and waits until one is logged: on a slow disk its client gives up before. */
export async function untilLogged<T>(
  story: Story,
  ordinal: number,
  makeChanges: () => Promise<T>,
): Promise<T> {
  const { applied } = await stateOf(story, sessionAt(story, ordinal));
  const answer = await makeChanges();
  await eventuallyState(story, ordinal, 'a change is logged', (state) => state.applied !== applied);
  return answer;
}

/** A change in a connection of its own, so that several wait at once. */
export async function change(
  story: Story,
  ordinal: number,
  kind: 'append' | 'appendForGood' | 'define',
  number = 0,
): Promise<'acknowledged' | 'unknown'> {
  const client = await memberAt(story, ordinal).client();
  try {
    return kind === 'define'
      ? await client.define(PATIENCE_MILLISECONDS)
      : await client[kind](number, PATIENCE_MILLISECONDS);
  } finally {
    client.close();
  }
}

/** A change that waits, and then a definition: together they keep a server from starting as a replica. */
export async function makeUncuttableTail(
  story: Story,
  ordinal: number,
  number: number,
): Promise<readonly ('acknowledged' | 'unknown')[]> {
  const first = change(story, ordinal, 'append', number);
  const { applied } = await unlessAnswered(
    first,
    eventuallyState(
      story,
      ordinal,
      'the change waits',
      ({ acknowledgement }) => acknowledgement.waitingSessions > 0,
    ),
  );
  const second = change(story, ordinal, 'define');
  // Its client gives up after a while; on a slow disk the server has not logged the definition by then.
  await unlessAnswered(
    second,
    eventuallyState(story, ordinal, 'the definition is logged', (state) => state.applied !== applied),
  );
  return Promise.all([first, second]);
}

/** What is waited for, unless the change meanwhile fails or is acknowledged, which nothing would tell of otherwise. */
async function unlessAnswered<T>(
  answer: Promise<'acknowledged' | 'unknown'>,
  awaited: Promise<T>,
): Promise<T> {
  const refused = answer.then((kind) => {
    assert.equal(kind, 'unknown', 'nobody was to acknowledge the change');
    return awaited;
  });
  return Promise.race([awaited, refused]);
}

/** Whose changes a member has. */
export async function lineageOf(story: Story, ordinal: number): Promise<Lineage> {
  return (await stateOf(story, sessionAt(story, ordinal))).lineage;
}

/** What of its own changes a member has alone, by what the primary says. */
export async function tailOf(story: Story, ordinal: number, primary: number): Promise<LogTail | null> {
  const lineage = await lineageOf(story, primary);
  return memberAt(story, ordinal).member.files.findTail(lineage, story.signal);
}

/** Keeps the tail and returns what can be read in it. */
export async function keptText(
  story: Story,
  ordinal: number,
  primary: number,
  name: string,
): Promise<string> {
  const lineage = await lineageOf(story, primary);
  const { files } = memberAt(story, ordinal).member;
  const kept = await files.keepTail(lineage, name, story.signal);
  assert.ok(kept);
  assert.deepEqual(await files.keepTail(lineage, `${name}-again`, story.signal), kept);
  return memberAt(story, ordinal).readKept(kept.path);
}

/** What a member whose server is down has received, by its files. */
export async function receivedEnd(story: Story, ordinal: number): Promise<Position> {
  return valueOf(await memberAt(story, ordinal).member.files.readReceivedEnd(story.signal));
}
