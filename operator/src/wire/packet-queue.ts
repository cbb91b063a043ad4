import { FRAME_HEADER, type FrameSink, isFullFrame } from './frame.ts';
import type { PacketChannel } from './packet-channel.ts';
import { ProtocolError } from './protocol-error.ts';

/** Puts the frames of payloads together. A payload in one frame is not copied. */
export class PayloadAssembler {
  #parts: Buffer[] = [];

  /** Takes the next frame; the payload when it is the last of one, otherwise null. */
  add(buffer: Buffer, start: number, end: number): Buffer | null {
    const part = buffer.subarray(start + FRAME_HEADER, end);
    if (isFullFrame(start, end)) {
      this.#parts.push(part);
      return null;
    }
    if (this.#parts.length === 0) return part;
    this.#parts.push(part);
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }
}

/**
 * Whole payloads of a channel, one at a time and on request: for logins, and for the commands of a client. The channel is
 * paused in between, so that nothing behind a packet is read before somebody asks for it.
 */
export class PacketQueue implements FrameSink {
  readonly #channel: PacketChannel;
  readonly #assembler = new PayloadAssembler();
  readonly #onClosed: (cause: Error | null) => void;
  #payload: Buffer | null = null;
  #failure: Error | null = null;
  #waiting: { resolve(payload: Buffer): void; reject(cause: Error): void } | null = null;

  /** Attaches itself to `channel`. `onClosed` is told at once when the stream ends, also while nobody waits. */
  constructor(channel: PacketChannel, onClosed: (cause: Error | null) => void = () => {}) {
    this.#channel = channel;
    this.#onClosed = onClosed;
    channel.attach(this);
  }

  /**
   * The next payload. Rejects with the signal's reason, or with the stream's failure; an orderly end is a
   * {@link ProtocolError} (`closed`). One caller at a time. Without a signal, destroying the channel ends the wait: what a loop
   * that lives as long as its channel uses, since listening to a signal costs more than the wait itself.
   */
  next(signal: AbortSignal | null): Promise<Buffer> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#channel.resume();
    const payload = this.#payload;
    if (payload !== null) {
      this.#payload = null;
      return Promise.resolve(payload);
    }
    return signal === null ? this.#waitLong() : this.#wait(signal);
  }

  frame(buffer: Buffer, start: number, end: number): void {
    const payload = this.#assembler.add(buffer, start, end);
    if (payload === null) return;
    this.#channel.pause();
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#payload = payload;
    else waiting.resolve(payload);
  }

  settled(): void {
    // Payloads are handed over one by one: there is no run to forward.
  }

  closed(cause: Error | null): void {
    this.#failure = cause ?? new ProtocolError('closed', 'the other side closed the connection');
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#failure);
    this.#onClosed(cause);
  }

  /** One promise, since every command of a client waits here. */
  #waitLong(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      // Resuming may have found the end.
      if (this.#failure === null) this.#waiting = { resolve, reject };
      else reject(this.#failure);
    });
  }

  async #wait(signal: AbortSignal): Promise<Buffer> {
    if (this.#failure !== null) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const aborted = (): void => {
      this.#waiting = null;
      reject(signal.reason as Error);
    };
    this.#waiting = { resolve, reject };
    signal.addEventListener('abort', aborted, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }
}
