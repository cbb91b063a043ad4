import type { Duplex } from 'node:stream';
import { deflatePackets } from './compression.ts';
import { framePayload, renumberFrames } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';

/** Below this, waiting buffers are copied into one before they are written. */
const CONCATENATE_LIMIT = 64 * 1024;

/**
 * What a channel sends: frames are numbered, and gathered until the current callbacks have ended (a microtask), and
 * then written at once.
 */
export class OutgoingPackets {
  stream: Duplex;
  /** Number of the next frame. What is received moves it on as well. */
  sequence = 0;
  /** Number of the next compressed packet, likewise. */
  compressedSequence = 0;
  #compressing = false;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  readonly #highWaterMark: number;
  readonly #flushLater = (): void => {
    this.flush();
  };

  /** `highWaterMark`: unsent bytes from which on it is congested; at least the stream's own. */
  constructor(stream: Duplex, highWaterMark: number) {
    this.stream = stream;
    this.#highWaterMark = highWaterMark;
  }

  /** Appends one payload of any size. */
  send(payload: Buffer): void {
    const before = this.#pending.length;
    this.sequence = framePayload(payload, this.sequence, this.#pending) & 0xff;
    for (let index = before; index < this.#pending.length; index += 1) {
      this.#pendingBytes += (this.#pending[index] as Buffer).length;
    }
    if (before === 0) queueMicrotask(this.#flushLater);
  }

  /** Appends whole frames, which are numbered in place and not copied. */
  forward(buffer: Buffer, start: number, end: number): void {
    this.sequence = renumberFrames(buffer, start, end, this.sequence) & 0xff;
    if (this.#pending.length === 0) queueMicrotask(this.#flushLater);
    this.#pending.push(buffer.subarray(start, end));
    this.#pendingBytes += end - start;
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
  }

  /** Writes what was appended. */
  flush(): void {
    if (this.#pending.length === 0) return;
    let buffers = this.#pending;
    const bytes = this.#pendingBytes;
    this.discard();
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded) return;
    if (this.#compressing) {
      const plain = Buffer.concat(buffers, bytes);
      buffers = [];
      this.compressedSequence = deflatePackets(plain, this.compressedSequence, buffers) & 0xff;
    }
    if (buffers.length === 1) stream.write(buffers[0]);
    else if (bytes <= CONCATENATE_LIMIT) stream.write(Buffer.concat(buffers));
    else {
      stream.cork();
      for (const buffer of buffers) stream.write(buffer);
      stream.uncork();
    }
  }
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
