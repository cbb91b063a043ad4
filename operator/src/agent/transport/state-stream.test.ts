import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../runtime/testing/fake-clock.ts';
import { parseFrame } from '../protocol/frame.ts';
import { replicaState } from '../testing/agent-states.ts';
import { createStateFeed, type StateFeed } from './state-feed.ts';
import { streamState } from './state-stream.ts';

/** A reader that takes a frame when the test says so. */
class Reader extends Writable {
  readonly sequences: number[] = [];
  #take: (() => void) | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sequences.push(parseFrame(chunk.toString().trimEnd()).sequence);
    this.#take = done;
  }

  take(): Promise<void> {
    const take = this.#take;
    this.#take = undefined;
    take?.();
    return new Promise(setImmediate);
  }
}

let clock: FakeClock;
let feed: StateFeed;
let reader: Reader;
let epoch = 0;
beforeEach(() => {
  clock = new FakeClock();
  feed = createStateFeed(clock);
  reader = new Reader();
  epoch = 0;
});

/** Publishes a state that differs from all before. */
function change(): void {
  epoch += 1;
  feed.publish(replicaState({ epoch }));
}

describe('state stream', () => {
  it('sends the state at once, at every change, and when a quarter of a second has passed', async () => {
    change();
    streamState(feed, reader, clock);
    expect(reader.sequences).toEqual([1]);
    await reader.take();
    change();
    expect(reader.sequences).toEqual([1, 2]);
    await reader.take();
    await clock.advance(249);
    expect(reader.sequences).toEqual([1, 2]);
    await clock.advance(1);
    expect(reader.sequences).toEqual([1, 2, 2]);
  });

  it('sends nothing for a state that is published again unchanged', async () => {
    change();
    streamState(feed, reader, clock);
    await reader.take();
    feed.publish(replicaState({ epoch }));
    expect(reader.sequences).toEqual([1]);
  });

  it('waits for the first state', () => {
    streamState(feed, reader, clock);
    expect(reader.sequences).toEqual([]);
    change();
    expect(reader.sequences).toEqual([1]);
  });

  it('owes a slow reader one frame, and that is the newest', async () => {
    change();
    streamState(feed, reader, clock);
    for (let count = 0; count < 10_000; count += 1) {
      change();
    }
    expect(reader.sequences).toEqual([1]);
    expect(reader.writableLength).toBeLessThan(4096);
    await reader.take();
    expect(reader.sequences).toEqual([1, 10_001]);
    await reader.take();
    expect(reader.sequences).toEqual([1, 10_001]);
  });

  it('gives up a reader that takes nothing for fifteen seconds, and leaves nothing behind', async () => {
    change();
    streamState(feed, reader, clock);
    await clock.advance(14_999);
    expect(reader.destroyed).toBe(false);
    await clock.advance(1);
    expect(reader.destroyed).toBe(true);
    await clock.advance(0);
    change();
    expect(reader.sequences).toEqual([1]);
    expect(clock.pending).toBe(0);
  });

  it('stops with its reader', async () => {
    change();
    streamState(feed, reader, clock);
    await reader.take();
    reader.destroy();
    await clock.advance(10_000);
    expect(reader.sequences).toEqual([1]);
    expect(clock.pending).toBe(0);
  });
});
