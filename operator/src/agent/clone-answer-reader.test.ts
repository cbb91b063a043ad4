import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AnswerHead, CloneAnswerReader } from './clone-answer-reader.ts';
import { type CloneVerdict, FRAME_LIMIT_BYTES, formatVerdict } from './protocol/clone.ts';

interface Seen {
  readonly reader: CloneAnswerReader;
  readonly heads: AnswerHead[];
  readonly frames: Buffer[];
  readonly verdicts: CloneVerdict[];
}

/** Hands the reader `wire` in pieces of at most so many bytes each, as far as it makes room for them. */
function read(wire: Buffer, pieces: readonly number[] = [16_384]): Seen {
  const heads: AnswerHead[] = [];
  const frames: Buffer[] = [];
  const verdicts: CloneVerdict[] = [];
  const reader = new CloneAnswerReader({
    onHead: (head) => heads.push(head),
    onBytes: (bytes) => frames.push(bytes),
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  let at = 0;
  for (let turn = 0; at < wire.length; turn += 1) {
    const space = reader.space();
    expect(space.length).toBeGreaterThan(0);
    const piece = Math.max(1, pieces[turn % pieces.length] ?? 1);
    const count = wire.copy(space, 0, at, Math.min(at + piece, at + space.length, wire.length));
    at += count;
    reader.taken(count);
  }
  return { reader, heads, frames, verdicts };
}

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nX-Estimate:  12 \r\n\r\n');

function frame(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

describe('CloneAnswerReader', () => {
  it('gives back every frame and the verdict, however the answer is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 })),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (copies, pieces) => {
          const bodies = copies.map((copy) => Buffer.from(copy));
          const verdict = { outcome: 'complete', bytes: 7 } as const;
          const wire = Buffer.concat([OK, ...bodies.map(frame), formatVerdict(verdict)]);
          const { heads, frames, verdicts } = read(wire, pieces);
          expect(heads).toHaveLength(1);
          expect(heads[0]?.status).toBe(200);
          expect(heads[0]?.headers.get('x-estimate')).toBe('12');
          expect(Buffer.concat(frames).equals(Buffer.concat(bodies))).toBe(true);
          expect(verdicts).toEqual([verdict]);
        },
      ),
    );
  });

  it('gives no verdict before the last byte of it', () => {
    const wire = Buffer.concat([
      OK,
      frame(Buffer.from('x')),
      formatVerdict({ outcome: 'complete', bytes: 1 }),
    ]);
    for (let missing = 1; missing < 40; missing += 1) {
      expect(read(wire.subarray(0, -missing)).verdicts).toEqual([]);
    }
  });

  it('gives every frame memory of its own', () => {
    const { frames } = read(Buffer.concat([OK, frame(Buffer.alloc(100, 1)), frame(Buffer.alloc(50, 2))]));
    expect(frames.map(({ buffer }) => buffer.byteLength)).toEqual([100, 50]);
  });

  it('takes what comes after the verdict, and makes nothing of it', () => {
    const wire = Buffer.concat([
      OK,
      formatVerdict({ outcome: 'failed', message: 'disk' }),
      Buffer.alloc(1000),
    ]);
    expect(read(wire)).toMatchObject({ frames: [], verdicts: [{ outcome: 'failed', message: 'disk' }] });
  });

  it('keeps the body of another answer', () => {
    const { reader, heads, frames } = read(Buffer.from('HTTP/1.1 503 No\r\n\r\n{"code":"Busy"}'));
    expect(heads[0]?.status).toBe(503);
    expect(reader.refusal()).toBe('{"code":"Busy"}');
    expect(frames).toEqual([]);
  });

  it('shortens the message of a failure, whatever characters it has', () => {
    const message = '😀'.repeat(10_000);
    const { verdicts } = read(Buffer.concat([OK, formatVerdict({ outcome: 'failed', message })]));
    expect(verdicts).toEqual([{ outcome: 'failed', message: '😀'.repeat(500) }]);
  });

  const lengthOf = (length: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  it.each([
    ['another protocol', Buffer.from('SSH-2.0-OpenSSH\r\n\r\n')],
    ['a head without an end', Buffer.from(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`)],
    ['a refusal without an end', Buffer.from(`HTTP/1.1 500 No\r\n\r\n${'y'.repeat(20_000)}`)],
    ['a frame of too many bytes', Buffer.concat([OK, lengthOf(FRAME_LIMIT_BYTES + 1)])],
    ['a verdict of too many bytes', Buffer.concat([OK, lengthOf(0), lengthOf(1_000_000)])],
    ['a verdict of no bytes', Buffer.concat([OK, lengthOf(0), lengthOf(0)])],
    ['a verdict that is none', Buffer.concat([OK, lengthOf(0), frame(Buffer.from('{"outcome":"fine"}'))])],
  ])('refuses %s', (_name, wire) => {
    expect(() => read(wire)).toThrow(expect.objectContaining({ code: 'MalformedAnswer' }));
  });
});
