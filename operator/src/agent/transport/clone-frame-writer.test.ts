import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import { FRAME_LIMIT_BYTES } from '../protocol/clone.ts';
import { createCloneFrameWriter } from './clone-frame-writer.ts';

/** A target that keeps what it was written, and takes the next piece when told. */
function createTarget(): {
  readonly target: Writable;
  readonly written: Buffer[];
  readonly take: () => void;
} {
  const written: Buffer[] = [];
  let take = (): void => {};
  const target = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      take = done;
    },
  });
  return { target, written, take: () => take() };
}

/** A target that takes everything at once. */
function createGreedyTarget(): { readonly target: Writable; readonly written: Buffer[] } {
  const written: Buffer[] = [];
  const target = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      setImmediate(done);
    },
  });
  return { target, written };
}

function unframe(wire: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < wire.length;) {
    const length = wire.readUInt32BE(at);
    frames.push(wire.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

describe('createCloneFrameWriter', () => {
  it('writes everything, in frames that a reader has room for, and counts', async () => {
    const { target, written } = createGreedyTarget();
    let count = 0;
    const sizes = [1, 65_536, 3_000_000, 70_000, 5];
    const pieces = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    const expected = Buffer.concat(pieces);
    await pipeline(
      Readable.from(pieces, { objectMode: false }),
      createCloneFrameWriter(target, (bytes) => (count += bytes)),
    );
    const frames = unframe(Buffer.concat(written));
    expect(Buffer.concat(frames).equals(expected)).toBe(true);
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(FRAME_LIMIT_BYTES);
    expect(Math.min(...frames.map(({ length }) => length))).toBeGreaterThan(0);
    expect(count).toBe(expected.length);
    expect(target.writableEnded).toBe(false);
  });

  it('sends the first piece at once, and gathers those that come meanwhile', () => {
    const { target, written, take } = createTarget();
    const writer = createCloneFrameWriter(target, () => {});
    for (let piece = 0; piece < 4; piece += 1) {
      writer.write(Buffer.alloc(1000, piece));
    }
    expect(written.map(({ length }) => length)).toEqual([1004]);
    take();
    expect(written.map(({ length }) => length)).toEqual([1004, 3004]);
  });

  it('makes no frame of nothing, which would be the end', async () => {
    const { target, written } = createGreedyTarget();
    const writer = createCloneFrameWriter(target, () => {});
    writer.end(Buffer.alloc(0));
    await once(writer, 'finish');
    expect(written).toEqual([]);
  });

  it('gives back the memory of what it has taken', () => {
    const { target } = createTarget();
    const piece = Buffer.alloc(100_000);
    createCloneFrameWriter(target, () => {}).write(piece);
    expect(piece.length).toBe(0);
  });

  it('fails with its target', async () => {
    const target = new Writable({ write: (_chunk, _encoding, done) => done(new Error('reset')) });
    target.on('error', () => {});
    const writer = createCloneFrameWriter(target, () => {});
    writer.write(Buffer.alloc(10));
    const [error] = (await once(writer, 'error')) as [Error];
    expect(error.message).toBe('reset');
  });
});
