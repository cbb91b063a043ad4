import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FRAME_HEADER, framePayload, MAX_FRAME_PAYLOAD, readFrameLength, renumberFrames } from './frame.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { bytes } from './testing/packets.ts';

function cut(stream: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b),
    stream.length,
  ];
  return sorted.slice(1).map((end, index) => stream.subarray(sorted[index], end));
}

function split(chunks: readonly Buffer[]): Buffer[] {
  const splitter = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
  const frames: Buffer[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) frames.push(Buffer.from(splitter.buffer.subarray(splitter.start, splitter.end)));
  }
  expect(splitter.buffered).toBe(0);
  return frames;
}

describe('FrameSplitter', () => {
  it('finds the same frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(bytes(9000), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (payloads, places) => {
          const output: Buffer[] = [];
          let sequence = 250;
          for (const payload of payloads) sequence = framePayload(payload, sequence, output);
          const frames = split(cut(Buffer.concat(output), places));
          expect(frames.map((frame) => frame.toString('latin1', FRAME_HEADER))).toEqual(
            payloads.map((payload) => payload.toString('latin1')),
          );
          expect(frames.map((frame) => frame[3])).toEqual(payloads.map((_, index) => (250 + index) & 0xff));
        },
      ),
    );
  });

  it('does not copy a frame that lies in one chunk', () => {
    const chunk = Buffer.from([1, 0, 0, 0, 65, 1, 0, 0, 1, 66]);
    const splitter = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
    splitter.push(chunk);
    expect(splitter.next()).toBe(true);
    expect(splitter.next()).toBe(true);
    expect(splitter.buffer).toBe(chunk);
    expect([splitter.start, splitter.end]).toEqual([5, 10]);
  });

  it('refuses a frame beyond the limit by its header alone', () => {
    const splitter = new FrameSplitter(FRAME_HEADER, 100);
    splitter.push(Buffer.from([101, 0, 0, 0]));
    expect(() => splitter.next()).toThrow('beyond the limit');
  });

  it('gathers a stream of single bytes in few buffers', () => {
    const output: Buffer[] = [];
    framePayload(Buffer.alloc(200_000, 'x'), 0, output);
    const stream = Buffer.concat(output);
    const splitter = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
    for (let at = 0; at < stream.length - 1; at += 1) {
      splitter.push(stream.subarray(at, at + 1));
    }
    expect(splitter.next()).toBe(false);
    splitter.push(stream.subarray(-1));
    expect(splitter.next()).toBe(true);
    expect(splitter.buffer.subarray(splitter.start, splitter.end).equals(stream)).toBe(true);
  });

  it('keeps nothing of a frame that was released', () => {
    const splitter = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
    splitter.push(Buffer.from([1, 0, 0, 0, 65]));
    splitter.next();
    splitter.release();
    expect(splitter.buffer).toHaveLength(0);
    expect(splitter.next()).toBe(false);
  });

  it('hands out the rest', () => {
    const splitter = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
    splitter.push(Buffer.from([1, 0, 0, 0, 65, 9, 9]));
    splitter.push(Buffer.from([8]));
    splitter.next();
    expect([...splitter.takeRest()]).toEqual([9, 9, 8]);
    expect(splitter.buffered).toBe(0);
  });
});

describe('framePayload', () => {
  it.each([
    [MAX_FRAME_PAYLOAD - 1, [MAX_FRAME_PAYLOAD - 1]],
    [MAX_FRAME_PAYLOAD, [MAX_FRAME_PAYLOAD, 0]],
    [MAX_FRAME_PAYLOAD + 1, [MAX_FRAME_PAYLOAD, 1]],
    [0, [0]],
  ])('sends %i bytes in frames of %j', (length, expected) => {
    const payload = Buffer.alloc(length, 'y');
    const output: Buffer[] = [];
    expect(framePayload(payload, 0, output)).toBe(expected.length);
    const frames = split([Buffer.concat(output)]);
    expect(frames.map((frame) => frame.length - FRAME_HEADER)).toEqual(expected);
  });
});

describe('renumberFrames', () => {
  it('numbers a run from any number on, around 255', () => {
    const output: Buffer[] = [];
    for (let index = 0; index < 5; index += 1) framePayload(Buffer.from([index]), 0, output);
    const run = Buffer.concat(output);
    expect(renumberFrames(run, 0, run.length, 253)).toBe(258);
    expect(split([run]).map((frame) => frame[3])).toEqual([253, 254, 255, 0, 1]);
    expect(readFrameLength(run, 0)).toBe(1);
  });
});
