import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { deflatePackets } from './compression.ts';
import { FRAME_HEADER, framePayload, renumberFrames, writeFrameHeader } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';

/** What is no larger is copied behind what waits already: one piece costs a stream less than several. The rest is sent from where it lies. */
const COPIED_LIMIT = 16 * 1024;
/** Where small packets are gathered. */
const GATHERING_BUFFER = 32 * 1024;
/** Such buffers that are kept for later, of all channels together. */
const SPARE_BUFFERS = 32;

const NO_PREFIX = Buffer.alloc(0);

const spare: Buffer[] = [];

/** Its reactions are microtasks that cost less than those of `queueMicrotask`, which keeps a context for each. */
const settled = Promise.resolve();

/**
 * What a channel sends: frames are numbered, and gathered until the current callbacks have ended (a microtask), and
 * then written at once.
 */
export class OutgoingPackets {
  #stream: Duplex;
  #isPlainSocket: boolean;
  /** Number of the next frame. What is received moves it on as well. */
  sequence = 0;
  /** Number of the next compressed packet, likewise. */
  compressedSequence = 0;
  #compressing = false;
  /** What is to be written, but for what was gathered since. */
  #pending: Buffer[] = [];
  /** Bytes of both. */
  #pendingBytes = 0;
  #gathering: Buffer | null = null;
  /** What was gathered and is not in `#pending` yet. */
  #gatheredStart = 0;
  #gatheredEnd = 0;
  readonly #highWaterMark: number;
  readonly #flushLater = (): void => {
    this.flush();
  };

  /** `highWaterMark`: unsent bytes from which on it is congested; at least the stream's own. */
  constructor(stream: Duplex, highWaterMark: number) {
    this.#stream = stream;
    this.#isPlainSocket = isPlainSocket(stream);
    this.#highWaterMark = highWaterMark;
  }

  get stream(): Duplex {
    return this.#stream;
  }

  /** Another takes its place, with nothing left to write to the one before. */
  set stream(stream: Duplex) {
    this.#stream = stream;
    this.#isPlainSocket = isPlainSocket(stream);
  }

  /** Appends one payload of any size, with `prefix` in front of it, whose bytes are not kept. */
  send(payload: Buffer, prefix: Buffer = NO_PREFIX): void {
    const length = prefix.length + payload.length;
    if (length <= COPIED_LIMIT) {
      const buffer = this.#reserve(FRAME_HEADER + length);
      const at = this.#gatheredEnd + FRAME_HEADER;
      writeFrameHeader(buffer, this.#gatheredEnd, length, this.sequence);
      if (prefix.length > 0) prefix.copy(buffer, at);
      payload.copy(buffer, at + prefix.length);
      this.#gatheredEnd = at + length;
      this.sequence = (this.sequence + 1) & 0xff;
      return;
    }
    const whole = prefix.length === 0 ? payload : Buffer.concat([prefix, payload]);
    this.#append(() => {
      const before = this.#pending.length;
      this.sequence = framePayload(whole, this.sequence, this.#pending) & 0xff;
      return this.#pending.slice(before).reduce((sum, piece) => sum + piece.length, 0);
    });
  }

  /** Appends whole frames, which are numbered anew; a long run of them is numbered in place, and not copied. */
  forward(buffer: Buffer, start: number, end: number): void {
    this.sequence = renumberFrames(buffer, start, end, this.sequence) & 0xff;
    const size = end - start;
    if (size <= COPIED_LIMIT) {
      const gathering = this.#reserve(size);
      buffer.copy(gathering, this.#gatheredEnd, start, end);
      this.#gatheredEnd += size;
      return;
    }
    this.#append(() => {
      this.#pending.push(buffer.subarray(start, end));
      return size;
    });
  }

  /** A buffer with room for so many bytes at `#gatheredEnd`, which count as pending. */
  #reserve(size: number): Buffer {
    this.#expectFlush();
    this.#pendingBytes += size;
    let buffer = this.#gathering;
    if (buffer === null || this.#gatheredEnd + size > buffer.length) {
      this.#close();
      buffer = spare.pop() ?? Buffer.allocUnsafeSlow(GATHERING_BUFFER);
      this.#gathering = buffer;
      this.#gatheredStart = 0;
      this.#gatheredEnd = 0;
    }
    return buffer;
  }

  /** Appends what is not gathered; `add` returns its bytes. */
  #append(add: () => number): void {
    this.#expectFlush();
    this.#close();
    this.#pendingBytes += add();
  }

  /** What was gathered so far is a piece of its own. */
  #close(): void {
    if (this.#gathering !== null && this.#gatheredEnd > this.#gatheredStart) {
      this.#pending.push(this.#gathering.subarray(this.#gatheredStart, this.#gatheredEnd));
      this.#gatheredStart = this.#gatheredEnd;
    }
  }

  #expectFlush(): void {
    if (this.#pendingBytes === 0) void settled.then(this.#flushLater);
  }

  /** What is appended from now on is compressed. */
  compress(): void {
    this.flush();
    this.#compressing = true;
  }

  /** Bytes that wait to be sent. */
  get unsent(): number {
    return this.#pendingBytes + this.stream.writableLength;
  }

  /** Whether more bytes wait to be sent than the high-water mark allows. */
  get congested(): boolean {
    // Below its own mark a stream does not tell that it has drained.
    return this.unsent > Math.max(this.#highWaterMark, this.stream.writableHighWaterMark);
  }

  /** Resolves when it is no longer congested; rejects as the channel's `drained` does. */
  async drained(signal: AbortSignal): Promise<void> {
    this.flush();
    while (this.congested) {
      signal.throwIfAborted();
      if (!this.stream.writable) throw new ProtocolError('closed', 'the stream is closed');
      await nextDrain(this.stream, signal);
    }
  }

  /** Forgets what was not written yet. */
  discard(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#gathering = null;
  }

  /** Writes what was appended. */
  flush(): void {
    if (this.#pendingBytes === 0) return;
    this.#close();
    const stream = this.#stream;
    const buffers = this.#pending;
    const gathering = this.#gathering;
    this.discard();
    if (stream.destroyed || stream.writableEnded) return;
    if (this.#compressing) {
      const packets: Buffer[] = [];
      const plain = Buffer.concat(buffers);
      this.compressedSequence = deflatePackets(plain, this.compressedSequence, packets) & 0xff;
      write(stream, packets);
      return;
    }
    const [first] = buffers;
    const isSmall = gathering !== null && first !== undefined && buffers.length === 1;
    if (isSmall && !this.#isPlainSocket) {
      // Who knows how long the stream keeps what it was given.
      write(stream, [Buffer.from(first)]);
      save(gathering);
      return;
    }
    write(stream, buffers);
    // A socket that has nothing left to write has given all of it to the kernel.
    if (gathering !== null && this.#isPlainSocket && stream.writableLength === 0) {
      save(gathering);
    }
  }
}

function isPlainSocket(stream: Duplex): boolean {
  return stream instanceof Socket && !(stream instanceof TLSSocket);
}

function save(buffer: Buffer): void {
  if (spare.length < SPARE_BUFFERS) spare.push(buffer);
}

function write(stream: Duplex, buffers: readonly Buffer[]): void {
  if (buffers.length === 1) {
    stream.write(buffers[0]);
    return;
  }
  stream.cork();
  for (const buffer of buffers) stream.write(buffer);
  stream.uncork();
}

/** Resolves when `stream` drains or closes; rejects when `signal` aborts. */
async function nextDrain(stream: Duplex, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = (): void => {
    resolve();
  };
  const aborted = (): void => {
    reject(signal.reason as Error);
  };
  stream.once('drain', done).once('close', done);
  signal.addEventListener('abort', aborted, { once: true });
  try {
    await promise;
  } finally {
    stream.off('drain', done).off('close', done);
    signal.removeEventListener('abort', aborted);
  }
}
