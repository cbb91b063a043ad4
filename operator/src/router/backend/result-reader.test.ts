import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeColumn, encodeColumnCount, textColumn } from '../wire/column-definition.ts';
import { framePayload, type FrameSink } from '../wire/frame.ts';
import { EOF_HEADER, encodeOk, PLAIN_OK } from '../wire/ok-packet.ts';
import { PacketChannel } from '../wire/packet-channel.ts';
import { encodeTextRow } from '../wire/text-row.ts';
import { duplexPair } from 'node:stream';
import { ResultReader, type ResultReaderOwner } from './result-reader.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { CAPABILITIES } from './testing/scripted-server.ts';

const owner: ResultReaderOwner = {
  capabilities: CAPABILITIES,
  preludeSucceeded() {},
  completed() {},
  full() {},
  localFileWanted() {},
};

/** Reads the bytes of one answer that arrive in pieces. */
async function read(pieces: readonly Buffer[], sink: RecordingSink): Promise<boolean> {
  const [near, far] = duplexPair();
  const channel = new PacketChannel(near, { maxPayload: 1 << 26, highWaterMark: 1, checkSequence: false });
  const reader = new ResultReader(sink, owner);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const frames: FrameSink = {
    frame(buffer, start, end) {
      if (reader.frame(buffer, start, end)) {
        resolve(true);
      }
    },
    settled: () => reader.settled(),
    closed: (cause) => (cause === null ? resolve(false) : reject(cause)),
  };
  // Awaited at the end only.
  promise.catch(() => {});
  channel.attach(frames);
  channel.resume();
  for (const piece of pieces) {
    far.write(piece);
    await new Promise(setImmediate);
  }
  far.end();
  return promise;
}

const value = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null });

describe('ResultReader', () => {
  it('finds the same rows however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
        async (rows, cuts) => {
          const payloads = rows.map((row) => encodeTextRow(row));
          const frames: Buffer[] = [];
          let sequence = 1;
          for (const payload of [
            encodeColumnCount(2),
            encodeColumn(textColumn('a'), CAPABILITIES),
            encodeColumn(textColumn('b'), CAPABILITIES),
            ...payloads,
            encodeOk(PLAIN_OK, CAPABILITIES, EOF_HEADER),
          ]) {
            sequence = framePayload(payload, sequence, frames);
          }
          const sink = new RecordingSink();
          expect(await read(cut(Buffer.concat(frames), cuts), sink)).toBe(true);
          expect(sink.rowPayloads).toEqual(payloads.map((payload) => Buffer.from(payload)));
          expect(sink.events.filter((event) => !event.startsWith('rows'))).toEqual(['columns 2', 'end']);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ['an empty packet', Buffer.alloc(0)],
    ['more columns than there can be', Buffer.from([0xfd, 0xff, 0xff, 0xff])],
    ['the length of NULL', Buffer.from([0xfd, 1])],
  ])('takes %s for a violation', async (_case, payload) => {
    const frames: Buffer[] = [];
    framePayload(payload, 1, frames);
    await expect(read(frames, new RecordingSink())).rejects.toMatchObject({ code: 'malformed' });
  });
});

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(Buffer.from(bytes.subarray(at, at + length)));
    at += length;
  }
  return pieces;
}
