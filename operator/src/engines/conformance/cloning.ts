/** Becoming a copy of a member that serves. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { CloneProgress } from '../clone.ts';
import {
  append,
  boot,
  eventuallyState,
  expectCaughtUp,
  expectCovers,
  expectRefusal,
  followingOf,
  memberAt,
  sessionAt,
  sourceAt,
  stateOf,
  type ConformanceCase,
  type Story,
} from './story.ts';

/** Appends on a member until the function returned is called, which waits for the last one. */
function keepAppending(story: Story, ordinal: number): () => Promise<void> {
  const stop = new AbortController();
  const done = (async () => {
    while (!stop.signal.aborted) {
      await append(story, ordinal, 5);
    }
  })();
  done.catch(() => {});
  return async () => {
    stop.abort();
    await done;
  };
}

async function expectInterrupted(story: Story, ordinal: number): Promise<void> {
  const state = await memberAt(story, ordinal).member.files.inspect(story.signal);
  assert.deepEqual(state, { kind: 'interrupted', step: 'clone' });
}

/** Passes on the beginning of a stream and then does `after`. */
async function* beginningOf(bytes: Readable, count: number, after: () => void): AsyncGenerator<Buffer> {
  let passed = 0;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    yield chunk;
    passed += chunk.length;
    if (passed >= count) {
      after();
      return;
    }
  }
}

export const cloningCases: readonly ConformanceCase[] = [
  {
    name: 'a copy of a server under writes is consistent, and follows it over TLS',
    async run(story) {
      const [source, target] = [memberAt(story, 0).member, memberAt(story, 1).member];
      const before = await stateOf(story, sessionAt(story, 0));
      const stopAppending = keepAppending(story, 0);
      const seen: CloneProgress[] = [];
      const stream = await source.cloneSource.open({}, story.signal);
      const position = await target.cloneTarget.receive(
        stream.bytes,
        { onProgress: (progress) => seen.push(progress) },
        story.signal,
      );
      await stopAppending();
      expectCovers(story, position, before.applied);
      expectCovers(story, (await stateOf(story, sessionAt(story, 0))).applied, position);
      assert.deepEqual([...new Set(seen.map(({ step }) => step))], ['transfer', 'prepare', 'finish']);
      assert.ok(seen.every(({ bytes }, index) => bytes >= (seen[index - 1]?.bytes ?? 0)));
      assert.ok(stream.estimatedBytes > 0);

      const session = await boot(story, 1, { role: 'replica', epoch: 1, acknowledgement: 'none' });
      assert.equal((await stateOf(story, session)).applied, position);
      assert.equal(await session.salvage(story.signal), position);
      await session.follow(sourceAt(story, 0), story.signal);
      await expectCaughtUp(story, 1, 0);
      const state = await eventuallyState(
        story,
        1,
        'it runs',
        (state) => followingOf(state).receiving.kind === 'running',
      );
      assert.equal(state.writable, false);
      assert.deepEqual(followingOf(state).source, memberAt(story, 0).address);
      assert.deepEqual(followingOf(state).applying, { kind: 'running' });
    },
  },
  {
    name: 'a clone interrupted while it is transferred is recognised and done again',
    async run(story) {
      const source = memberAt(story, 0).member;
      const target = memberAt(story, 2).member;

      const failing = await source.cloneSource.open({}, story.signal);
      const failed = Readable.from(
        beginningOf(failing.bytes, 1 << 20, () => {
          throw new Error('the source died');
        }),
      );
      await assert.rejects(target.cloneTarget.receive(failed, {}, story.signal), /the source died/);
      await expectInterrupted(story, 2);

      const ending = await source.cloneSource.open({}, story.signal);
      const ended = Readable.from(beginningOf(ending.bytes, 1 << 20, () => {}));
      await assert.rejects(target.cloneTarget.receive(ended, {}, story.signal));
      await expectInterrupted(story, 2);

      const cut = new AbortController();
      const slow = await source.cloneSource.open({ bytesPerSecond: 1 << 20 }, story.signal);
      const aborted = target.cloneTarget.receive(
        slow.bytes,
        { onProgress: () => cut.abort(new Error('cut short')) },
        cut.signal,
      );
      await assert.rejects(aborted, /cut short/);
      await expectInterrupted(story, 2);
    },
  },
  {
    name: 'a clone interrupted while it is prepared or finished is recognised and done again',
    async run(story) {
      for (const step of ['prepare', 'finish']) {
        const cut = new AbortController();
        const stream = await memberAt(story, 0).member.cloneSource.open({}, story.signal);
        const aborted = memberAt(story, 2).member.cloneTarget.receive(
          stream.bytes,
          { onProgress: (progress) => progress.step === step && cut.abort(new Error('cut short')) },
          cut.signal,
        );
        await assert.rejects(aborted, /cut short/);
        await expectInterrupted(story, 2);
      }
    },
  },
  {
    name: 'a source is throttled, and a reader that takes nothing is given up',
    async run(story) {
      const { cloneSource } = memberAt(story, 0).member;
      const stalled = await cloneSource.open({ idleTimeoutMilliseconds: 100 }, story.signal);
      await assert.rejects(
        (async () => {
          for await (const chunk of stalled.bytes as AsyncIterable<Buffer>) {
            assert.ok(chunk.length > 0);
            await new Promise((resolve) => setTimeout(resolve, 300));
          }
        })(),
        { code: 'Timeout' },
      );

      const throttled = await cloneSource.open({ bytesPerSecond: 4 << 20 }, story.signal);
      const started = performance.now();
      let bytes = 0;
      for await (const chunk of throttled.bytes as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes >= 4 << 20) {
          break;
        }
      }
      assert.ok(performance.now() - started > 800, 'as fast as without a limit');
    },
  },
  {
    name: 'a replica is a source as well as a primary is',
    async run(story) {
      const stream = await memberAt(story, 1).member.cloneSource.open({}, story.signal);
      const target = memberAt(story, 2).member;
      const position = await target.cloneTarget.receive(stream.bytes, {}, story.signal);
      await expectRefusal('Refused', target.cloneTarget.receive(Readable.from([]), {}, story.signal));
      const session = await boot(story, 2, { role: 'replica', epoch: 1, acknowledgement: 'none' });
      assert.equal((await stateOf(story, session)).applied, position);
      await session.follow(sourceAt(story, 0), story.signal);
      await append(story, 0, 5);
      await expectCaughtUp(story, 2, 0);
    },
  },
];
