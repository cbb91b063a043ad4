import type { Duplex } from 'node:stream';
import { COMPRESSED_HEADER, inflatePacket } from './compression.ts';
import { FRAME_HEADER, type FrameSink, isFullFrame, MAX_FRAME_PAYLOAD } from './frame.ts';
import { takeChunksDirectly } from './direct-chunks.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { OutgoingPackets } from './outgoing-packets.ts';
import { ProtocolError } from './protocol-error.ts';

/** How a channel behaves. */
export interface ChannelOptions {
  /** Most bytes of one received payload, over all its frames. Can be changed later: {@link PacketChannel.maxPayload}. */
  readonly maxPayload: number;
  /** Unsent bytes from which on {@link PacketChannel.congested} is true; at least the stream's own high-water mark. */
  readonly highWaterMark: number;
  /** Refuse frames whose sequence number is not the next. For the server role; answers to pipelined commands would not pass. */
  readonly checkSequence: boolean;
}

/** Received bytes that may wait while the channel is paused, before the stream is paused as well. */
const READ_AHEAD = 64 * 1024;

/**
 * Packets over a byte stream, in either role: reading is pushed to a {@link FrameSink}, writing is gathered until the
 * current callbacks have ended (a microtask) and then written at once. Starts paused.
 */
export class PacketChannel {
  /** Most bytes of one received payload. */
  maxPayload: number;

  readonly #outgoing: OutgoingPackets;
  readonly #checkSequence: boolean;
  #stream: Duplex;
  #sink: FrameSink | null = null;
  #paused = true;
  #pumping = false;
  #finished = false;
  #ended = false;
  #stopShortcut: () => void = () => {};
  readonly #frames: FrameSplitter;
  #compressed: FrameSplitter | null = null;
  #payloadBytes = 0;

  readonly #onData = (chunk: Buffer): void => {
    // Read and dropped: closing over unread bytes would reset the connection before the other side has read the last answer.
    if (this.#finished) return;
    (this.#compressed ?? this.#frames).push(chunk);
    this.#pump();
    if (this.#paused && this.#buffered() > READ_AHEAD) this.#stream.pause();
  };
  readonly #onEnd = (): void => {
    this.#ended = true;
    // What has arrived before the end, and nobody has asked for yet, is still handed out.
    if (!this.#paused || this.#buffered() === 0) this.#finishEnded();
  };
  readonly #onClose = (): void => {
    this.#onEnd();
  };
  readonly #onError = (cause: Error): void => {
    this.#finish(cause);
  };

  constructor(stream: Duplex, options: ChannelOptions) {
    this.maxPayload = options.maxPayload;
    this.#outgoing = new OutgoingPackets(stream, options.highWaterMark);
    this.#checkSequence = options.checkSequence;
    this.#frames = new FrameSplitter(FRAME_HEADER, MAX_FRAME_PAYLOAD);
    this.#stream = stream;
    this.#listen();
  }

  /** Who receives the frames from now on. Reading begins with {@link resume}. */
  attach(sink: FrameSink): void {
    this.#sink = sink;
  }

  /** No more frames are handed out, from within `frame()` too. What arrives is buffered up to a limit, then left with the other side. */
  pause(): void {
    this.#paused = true;
  }

  /** Hands out what has arrived, and what comes. */
  resume(): void {
    if (this.#finished) return;
    this.#paused = false;
    this.#pump();
    if (this.#ended && this.#mayRead()) this.#finishEnded();
    // Whoever waits for a packet gets all of it, however much of it was there when it was asked for.
    if (this.#stream.isPaused() && (!this.#paused || this.#buffered() <= READ_AHEAD)) this.#stream.resume();
  }

  /** The next packet, sent or received, begins a command: its sequence number is 0. */
  beginCommand(): void {
    this.#outgoing.sequence = 0;
    this.#outgoing.compressedSequence = 0;
  }

  /**
   * Sends one payload of any size, with the bytes of `prefix` in front, which may be overwritten afterwards. False: the other side is
   * slow; wait for {@link drained} before sending more.
   */
  send(payload: Buffer, prefix?: Buffer): boolean {
    this.#outgoing.send(payload, prefix);
    return !this.congested;
  }

  /** Sends the whole frames between `start` and `end` under new sequence numbers, which are written in place. As {@link send}. */
  forward(buffer: Buffer, start: number, end: number): boolean {
    this.#outgoing.forward(buffer, start, end);
    return !this.congested;
  }

  /** Whether more bytes wait to be sent than the high-water mark allows. */
  get congested(): boolean {
    return this.#outgoing.congested;
  }

  /** Bytes that wait to be sent. */
  get unsent(): number {
    return this.#outgoing.unsent;
  }

  /** Whether nothing will be received any more: the stream ended, or broke the protocol. */
  get finished(): boolean {
    return this.#finished;
  }

  /**
   * Resolves when the channel is no longer congested. Rejects with the signal's reason, or with a {@link ProtocolError}
   * (`closed`) when the stream closes.
   */
  drained(signal: AbortSignal): Promise<void> {
    return this.#outgoing.drained(signal);
  }

  /** From the next packet on, both directions use the compressed protocol. To be called between login and first command. */
  compress(): void {
    this.#outgoing.compress();
    this.#compressed = new FrameSplitter(COMPRESSED_HEADER, MAX_FRAME_PAYLOAD);
  }

  /**
   * Puts another stream on top of the present one (TLS): what was received and not handed out is given back to the
   * present stream, then `upgrade` makes the new one, from which frames are read once `resume` is called.
   */
  replaceStream(upgrade: (stream: Duplex) => Duplex): void {
    this.#outgoing.flush();
    this.#stopShortcut();
    this.#stream.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    this.#stream.pause();
    const rest = this.#frames.takeRest();
    if (rest.length > 0) this.#stream.unshift(rest);
    this.#stream = upgrade(this.#stream);
    this.#outgoing.stream = this.#stream;
    this.#paused = true;
    this.#listen();
  }

  /** Sends what waits, then ends the stream. What still arrives is dropped. */
  end(): void {
    this.#finish(null);
    this.#outgoing.flush();
    this.#stream.end();
    this.#stream.resume();
  }

  /** Closes at once; what waits is lost. */
  destroy(): void {
    this.#outgoing.discard();
    this.#stream.destroy();
    this.#finish(null);
  }

  #listen(): void {
    // An error of the stream must never be without a listener: it would end the process.
    this.#stream
      .on('error', this.#onError)
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('close', this.#onClose);
    this.#stopShortcut = takeChunksDirectly(this.#stream, this.#onData);
  }

  #buffered(): number {
    return this.#frames.buffered + (this.#compressed?.buffered ?? 0);
  }

  #pump(): void {
    if (this.#pumping || this.#sink === null) return;
    this.#pumping = true;
    try {
      let handed = true;
      while (handed && this.#mayRead()) {
        handed = false;
        while (this.#mayRead() && this.#nextFrame()) {
          handed = true;
          this.#sink.frame(this.#frames.buffer, this.#frames.start, this.#frames.end);
          this.#takeMore(this.#sink);
        }
        if (handed) this.#sink.settled();
      }
    } catch (error) {
      // Refused by its header: an error that is told must carry the number after it.
      if (error instanceof ProtocolError && error.code === 'too-large')
        this.#outgoing.sequence = (this.#outgoing.sequence + 1) & 0xff;
      this.#finish(error instanceof Error ? error : new ProtocolError('malformed', String(error)));
    } finally {
      this.#pumping = false;
      this.#frames.release();
      this.#compressed?.release();
    }
  }

  /** A row of a result is a frame, and may be short: many of them are handed over by one call. */
  #takeMore(sink: FrameSink): void {
    const { buffer, end, following } = this.#frames;
    const isChecked = this.#checkSequence || this.maxPayload < MAX_FRAME_PAYLOAD;
    if (end === following || isChecked || sink.more === undefined || !this.#mayRead()) return;
    const to = sink.more(buffer, end, following);
    if (to > end) this.#frames.extend(to);
  }

  // A method, not a look at the fields: callbacks change them where the compiler believes to know them.
  #mayRead(): boolean {
    return !this.#paused && !this.#finished;
  }

  #nextFrame(): boolean {
    for (;;) {
      const frames = this.#frames;
      frames.limit = Math.min(MAX_FRAME_PAYLOAD, this.maxPayload - this.#payloadBytes);
      if (frames.next()) {
        this.#account(frames.buffer[frames.start + 3] as number, frames.start, frames.end);
        return true;
      }
      const compressed = this.#compressed;
      if (compressed === null || !compressed.next()) return false;
      this.#outgoing.compressedSequence = ((compressed.buffer[compressed.start + 3] as number) + 1) & 0xff;
      frames.push(inflatePacket(compressed.buffer, compressed.start, compressed.end));
    }
  }

  #account(sequence: number, start: number, end: number): void {
    // Some clients number all frames 0 within compressed packets, which are numbered themselves.
    if (this.#checkSequence && this.#compressed === null && sequence !== this.#outgoing.sequence) {
      throw new ProtocolError(
        'out-of-order',
        `packet ${String(sequence)} came where ${String(this.#outgoing.sequence)} was due`,
      );
    }
    this.#outgoing.sequence = (sequence + 1) & 0xff;
    this.#payloadBytes = isFullFrame(start, end) ? this.#payloadBytes + MAX_FRAME_PAYLOAD : 0;
  }

  #finishEnded(): void {
    const whole = this.#buffered() === 0;
    this.#finish(whole ? null : new ProtocolError('closed', 'the stream ended within a packet'));
  }

  #finish(cause: Error | null): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#sink?.closed(cause);
  }
}
