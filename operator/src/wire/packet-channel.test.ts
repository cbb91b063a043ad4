import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PacketChannel } from './packet-channel.ts';
import type { ProtocolError } from './protocol-error.ts';
import { PacketQueue } from './packet-queue.ts';
import { bytes, RecordingSink, streamPair } from './testing/packets.ts';

const OPTIONS = { maxPayload: 40 * 1024 * 1024, highWaterMark: 1024, checkSequence: true };
const never = new AbortController().signal;

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function connect(options = OPTIONS): { left: PacketChannel; right: PacketChannel; sink: RecordingSink } {
  const [a, b] = streamPair();
  const left = new PacketChannel(a, options);
  const right = new PacketChannel(b, options);
  const sink = new RecordingSink();
  right.attach(sink);
  right.resume();
  return { left, right, sink };
}

/** A stream whose writes end when the test says so. */
function slowStream(write: (done: () => void) => void): Duplex {
  return new Duplex({
    writableHighWaterMark: 16,
    read() {},
    write: (_chunk, _encoding, done) => {
      write(done);
    },
  });
}

describe('PacketChannel', () => {
  it.each([false, true])('delivers payloads as they were sent (compressed: %s)', async (compressed) => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes(70_000), { maxLength: 8 }), async (payloads) => {
        const { left, right, sink } = connect();
        if (compressed) {
          left.compress();
          right.compress();
        }
        for (const payload of payloads) left.send(payload);
        await settle();
        expect(sink.payloads.map((payload) => payload.toString('latin1'))).toEqual(
          payloads.map((payload) => payload.toString('latin1')),
        );
      }),
      { numRuns: 30 },
    );
  });

  it.each([false, true])('delivers 20 MB in two frames (compressed: %s)', async (compressed) => {
    const { left, right, sink } = connect();
    if (compressed) {
      left.compress();
      right.compress();
    }
    const payload = Buffer.alloc(20 * 1024 * 1024, 'abcdefg');
    left.send(payload);
    await settle();
    expect(sink.payloads).toHaveLength(1);
    expect(payload.equals(sink.payloads[0] as Buffer)).toBe(true);
    expect(sink.sequences).toEqual([0, 1]);
  });

  it.each([0, 1, 4090, 4091, 4096, 70_000])(
    'puts a prefix in front of %d bytes, and keeps nothing of it',
    async (size) => {
      const { left, sink } = connect();
      const prefix = Buffer.from('front');
      left.send(Buffer.alloc(size, 'a'), prefix);
      prefix.fill('x');
      left.send(Buffer.from('last'), prefix);
      await settle();
      expect(sink.payloads.map(String)).toEqual([`front${'a'.repeat(size)}`, 'xxxxxlast']);
      expect(sink.sequences).toEqual([0, 1]);
    },
  );

  it('forwards frames under numbers that follow what was sent before', async () => {
    const { left, sink } = connect();
    left.send(Buffer.from('first'));
    const run = Buffer.from([1, 0, 0, 77, 65, 1, 0, 0, 78, 66]);
    left.forward(run, 0, run.length);
    left.send(Buffer.from('last'));
    await settle();
    expect(sink.payloads.map(String)).toEqual(['first', 'A', 'B', 'last']);
    expect(sink.sequences).toEqual([0, 1, 2, 3]);
  });

  it('answers under the number after the one received', async () => {
    const { left, right, sink } = connect();
    const answers = new RecordingSink();
    left.attach(answers);
    left.resume();
    left.send(Buffer.from('command'));
    await settle();
    expect(sink.payloads).toHaveLength(1);
    right.send(Buffer.from('answer'));
    await settle();
    expect(answers.sequences).toEqual([1]);
  });

  it('hands out nothing while it is paused, and then everything in order', async () => {
    const { left, right, sink } = connect();
    right.pause();
    for (let index = 0; index < 3; index += 1) left.send(Buffer.from([index]));
    await settle();
    expect(sink.payloads).toEqual([]);
    right.resume();
    expect(sink.payloads.map((payload) => payload[0])).toEqual([0, 1, 2]);
    expect(sink.settledTimes).toBe(1);
  });

  it('breaks off at a packet with the wrong number', async () => {
    const [a, b] = streamPair();
    const channel = new PacketChannel(b, OPTIONS);
    const sink = new RecordingSink();
    channel.attach(sink);
    channel.resume();
    a.write(Buffer.from([1, 0, 0, 5, 65]));
    await settle();
    expect(sink.end).toMatchObject({ code: 'out-of-order' });
    expect(sink.payloads).toEqual([]);
  });

  it('breaks off at a payload beyond the limit, over all its frames', async () => {
    const { left, sink } = connect({ ...OPTIONS, maxPayload: 17 * 1024 * 1024 });
    left.send(Buffer.alloc(18 * 1024 * 1024));
    await settle();
    expect(sink.end).toMatchObject({ code: 'too-large' });
    expect(sink.payloads).toEqual([]);
  });

  it.each([
    ['in the middle of a packet', [5, 0, 0, 0, 65], 'closed'],
    ['between two', [1, 0, 0, 0, 65], undefined],
  ])('tells an end %s', async (_, written, code) => {
    const [a, b] = streamPair();
    const channel = new PacketChannel(b, OPTIONS);
    const sink = new RecordingSink();
    channel.attach(sink);
    channel.resume();
    a.end(Buffer.from(written));
    await settle();
    expect(sink.end).not.toBeUndefined();
    expect((sink.end as ProtocolError | null)?.code).toBe(code);
  });

  it('hands out what came before the end, also when it is asked for only afterwards', async () => {
    const [a, b] = streamPair();
    const queue = new PacketQueue(new PacketChannel(b, OPTIONS));
    a.end(Buffer.from([1, 0, 0, 0, 65, 1, 0, 0, 1, 66]));
    expect(String(await queue.next(never))).toBe('A');
    await settle();
    expect(String(await queue.next(never))).toBe('B');
    await expect(queue.next(never)).rejects.toMatchObject({ code: 'closed' });
  });

  it.each([
    ['a longer text than told', 3],
    ['a shorter one', 500],
  ])('refuses a compressed packet with %s', async (_, told) => {
    const [a, b] = streamPair();
    const other = new PacketChannel(a, OPTIONS);
    const channel = new PacketChannel(b, OPTIONS);
    const sink = new RecordingSink();
    channel.attach(sink);
    channel.compress();
    channel.resume();
    other.compress();
    const written: Buffer[] = [];
    const push = b.push.bind(b);
    b.push = (chunk: Buffer | null) => {
      if (chunk === null) return push(null);
      written.push(chunk);
      const forged = Buffer.from(chunk);
      forged.writeUIntLE(told, 4, 3);
      return push(forged);
    };
    other.send(Buffer.alloc(200, 'z'));
    await settle();
    expect(written.length).toBeGreaterThan(0);
    expect(sink.end).toMatchObject({ code: 'malformed' });
  });

  it('is congested until the stream has drained', async () => {
    let release = (): void => {};
    const a = slowStream((done) => {
      release = done;
    });
    const channel = new PacketChannel(a, OPTIONS);
    expect(channel.send(Buffer.alloc(100))).toBe(true);
    expect(channel.send(Buffer.alloc(2000))).toBe(false);
    let done = false;
    const watched = (async () => {
      await channel.drained(never);
      done = true;
    })();
    await settle();
    expect(done).toBe(false);
    for (let turn = 0; turn < 5; turn += 1) {
      const current = release;
      release = () => {};
      current();
      await settle();
    }
    await watched;
    expect(channel.congested).toBe(false);
  });

  it('does not wait for a stream that is closed, nor past an abort', async () => {
    const a = slowStream(() => {});
    const channel = new PacketChannel(a, OPTIONS);
    channel.send(Buffer.alloc(5000));
    const controller = new AbortController();
    const aborted = channel.drained(controller.signal);
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const closed = channel.drained(never);
    a.destroy();
    await expect(closed).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('PacketQueue', () => {
  it('gives one payload per request and leaves the rest in the channel', async () => {
    const [a, b] = streamPair();
    const left = new PacketChannel(a, OPTIONS);
    const queue = new PacketQueue(new PacketChannel(b, { ...OPTIONS, checkSequence: false }));
    for (const text of ['one', 'two', 'three']) left.send(Buffer.from(text));
    expect(String(await queue.next(never))).toBe('one');
    expect(String(await queue.next(null))).toBe('two');
    const third = queue.next(never);
    expect(String(await third)).toBe('three');
    const fourth = queue.next(never);
    a.end();
    await expect(fourth).rejects.toMatchObject({ code: 'closed' });
    await expect(queue.next(never)).rejects.toMatchObject({ code: 'closed' });
  });

  it('gets all of a packet of which much had come before it was asked for', async () => {
    const [a, b] = streamPair();
    const left = new PacketChannel(a, OPTIONS);
    const queue = new PacketQueue(new PacketChannel(b, { ...OPTIONS, checkSequence: false }));
    left.send(Buffer.from('first'));
    left.beginCommand();
    const large = Buffer.alloc(300_000, 'l');
    const frames = Buffer.concat([Buffer.from([0xe0, 0x93, 0x04, 0]), large]);
    await settle();
    a.write(frames.subarray(0, 200_000));
    await settle();
    expect(String(await queue.next(never))).toBe('first');
    const second = queue.next(never);
    a.write(frames.subarray(200_000));
    expect((await second).equals(large)).toBe(true);
  });

  it('stops waiting when it is aborted, and still gives what comes later', async () => {
    const [a, b] = streamPair();
    const left = new PacketChannel(a, OPTIONS);
    const queue = new PacketQueue(new PacketChannel(b, OPTIONS));
    const controller = new AbortController();
    const waiting = queue.next(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    left.send(Buffer.from('late'));
    await settle();
    expect(String(await queue.next(never))).toBe('late');
  });
});
