import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeColumn, encodeColumnCount, textColumn } from '../../wire/column-definition.ts';
import { framePayload, type FrameSink, payloadsOf } from '../../wire/frame.ts';
import { EOF_HEADER, encodeOk, PLAIN_OK } from '../../wire/ok-packet.ts';
import { PacketChannel } from '../../wire/packet-channel.ts';
import { encodeError } from '../../wire/server-error.ts';
import { encodeTextRow } from '../../wire/text-row.ts';
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
    more: (buffer, start, limit) => reader.more(buffer, start, limit),
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

/** Takes the definitions of columns as they came, where they came in one piece. */
class RelayingSink extends RecordingSink {
  columnFrames(buffer: Buffer, start: number, end: number): void {
    const [number, ...definitions] = payloadsOf(buffer, start, end);
    this.events.push(`frames of ${number?.[0]}`);
    this.columns(definitions);
  }
}

const DEFINITIONS = ['a', 'b'].map((name) => encodeColumn(textColumn(name), CAPABILITIES));

/** The bytes of a result with two columns and these rows. */
function resultOf(rows: readonly Buffer[]): Buffer {
  const frames: Buffer[] = [];
  let sequence = 1;
  for (const payload of [
    encodeColumnCount(2),
    ...DEFINITIONS,
    ...rows,
    encodeOk(PLAIN_OK, CAPABILITIES, EOF_HEADER),
  ]) {
    sequence = framePayload(payload, sequence, frames);
  }
  return Buffer.concat(frames);
}

describe('ResultReader', () => {
  it.each([RecordingSink, RelayingSink])(
    'finds the same however the bytes arrive, for a %p',
    async (Sink) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(value, { minLength: 2, maxLength: 2 }), { maxLength: 8 }),
          fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
          async (rows, cuts) => {
            const payloads = rows.map((row) => encodeTextRow(row));
            const sink = new Sink();
            expect(await read(cut(resultOf(payloads), cuts), sink)).toBe(true);
            expect(sink.rowPayloads).toEqual(payloads.map((payload) => Buffer.from(payload)));
            expect(sink.definitions).toEqual(DEFINITIONS.map((definition) => Buffer.from(definition)));
            expect(sink.events.filter((event) => !/^(rows|frames)/.test(event))).toEqual([
              'columns 2',
              'end',
            ]);
          },
        ),
        { numRuns: 100 },
      );
    },
  );

  it('hands the definitions of columns on as frames where they are in one piece', async () => {
    const row = encodeTextRow([Buffer.from('1'), null]);
    const whole = new RelayingSink();
    await read([resultOf([row])], whole);
    expect(whole.events).toEqual(['frames of 2', 'columns 2', 'rows 1', 'end']);
    const broken = new RelayingSink();
    await read(cut(resultOf([row]), [12, 10_000]), broken);
    expect(broken.events).toEqual(['columns 2', 'rows 1', 'end']);
    expect(broken.definitions).toEqual(whole.definitions);
  });

  it.each([
    ['the end', encodeOk(PLAIN_OK, CAPABILITIES, EOF_HEADER)],
    ['an error', encodeError({ errno: 1317, sqlState: '70100', message: 'interrupted' })],
  ])('takes the rows behind a row by one call, up to %s or what is not there yet', (_case, last) => {
    const row = encodeTextRow([Buffer.from('1'), Buffer.from('abc')]);
    const frames: Buffer[] = [];
    [row, row, row, row, last].reduce((sequence, payload) => framePayload(payload, sequence, frames), 1);
    const size = frames[0]?.length ?? 0;
    const bytes = Buffer.concat(frames);
    const sink = new RecordingSink();
    const reader = new ResultReader(sink, owner, { place: 'rows' });
    expect(reader.more(bytes, 0, bytes.length)).toBe(0);
    expect(reader.frame(bytes, 0, size)).toBe(false);
    expect(reader.more(bytes, size, 3 * size - 1)).toBe(2 * size);
    expect(reader.more(Buffer.from(bytes), 2 * size, bytes.length)).toBe(2 * size);
    expect(reader.more(bytes, 2 * size, bytes.length)).toBe(4 * size);
    expect(reader.frame(bytes, 4 * size, bytes.length)).toBe(true);
    expect(sink.rowPayloads).toHaveLength(4);
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
