import { readFrameLength } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';

/** Chunks below this size are gathered: somebody who sends single bytes must not cost an object for each. */
const SMALL_CHUNK = 4096;
const GATHERED_CHUNK = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/**
 * Splits a byte stream into frames on request. A frame that lies in one chunk is not copied; another is copied once, when
 * all of it is there. Serves plain frames (header of 4 bytes) and compressed ones (7).
 */
export class FrameSplitter {
  /** Most bytes after a frame's header; more is a {@link ProtocolError} (`too-large`) before anything of it is buffered. */
  limit: number;
  /** Where the frame found last lies: header at `start`, its end at `end`. */
  buffer: Buffer = NOTHING;
  start = 0;
  end = 0;

  readonly #header: number;
  readonly #chunks: Buffer[] = [];
  #at = 0;
  #buffered = 0;
  /** Buffer that gathers small chunks; its used part is the last chunk. */
  #gathered: Buffer | null = null;

  constructor(headerSize: number, limit: number) {
    this.#header = headerSize;
    this.limit = limit;
  }

  /** Bytes that were pushed and not yet handed out. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Takes over the next bytes of the stream. */
  push(chunk: Buffer): void {
    this.#buffered += chunk.length;
    if (chunk.length < SMALL_CHUNK && this.#chunks.length > 0) this.#gather(chunk);
    else {
      this.#gathered = null;
      this.#chunks.push(chunk);
    }
  }

  /** Whether another whole frame is there; then `buffer`, `start` and `end` describe it. */
  next(): boolean {
    const first = this.#chunks[0];
    if (first === undefined || this.#buffered < this.#header) return false;
    const inFirst = first.length - this.#at;
    const length =
      inFirst >= this.#header
        ? readFrameLength(first, this.#at)
        : readFrameLength(this.#copy(this.#header), 0);
    if (length > this.limit) {
      throw new ProtocolError('too-large', `a packet of ${String(length)} bytes is beyond the limit`);
    }
    const size = this.#header + length;
    if (this.#buffered < size) return false;
    if (inFirst >= size) {
      this.buffer = first;
      this.start = this.#at;
      this.end = this.#at + size;
    } else {
      this.buffer = this.#copy(size);
      this.start = 0;
      this.end = size;
    }
    this.#consume(size);
    return true;
  }

  /** Up to where bytes follow the frame found last in its buffer; its end where none do. */
  get following(): number {
    return this.#chunks[0] === this.buffer ? this.buffer.length : this.end;
  }

  /** Hands out the bytes that follow the frame found last, up to `end`, which must be that of a frame, as if they were of it. */
  extend(end: number): void {
    const size = end - this.end;
    this.end = end;
    this.#consume(size);
  }

  /** Lets go of the frame found last: an idle connection must not keep the largest packet it ever had. */
  release(): void {
    this.buffer = NOTHING;
    this.start = 0;
    this.end = 0;
  }

  /** Everything that was not handed out; empties the splitter. */
  takeRest(): Buffer {
    const rest = this.#copy(this.#buffered);
    this.#consume(this.#buffered);
    return rest;
  }

  #gather(chunk: Buffer): void {
    const last = this.#chunks.at(-1) as Buffer;
    if (this.#gathered === null || last.length + chunk.length > this.#gathered.length) {
      this.#gathered = Buffer.allocUnsafe(GATHERED_CHUNK);
      chunk.copy(this.#gathered);
      this.#chunks.push(this.#gathered.subarray(0, chunk.length));
      return;
    }
    chunk.copy(this.#gathered, last.length);
    this.#chunks[this.#chunks.length - 1] = this.#gathered.subarray(0, last.length + chunk.length);
  }

  /** The next `size` bytes, which must be there, as a copy. */
  #copy(size: number): Buffer {
    const copy = Buffer.allocUnsafe(size);
    let filled = 0;
    for (let index = 0; filled < size; index += 1) {
      const chunk = this.#chunks[index] as Buffer;
      filled += chunk.copy(copy, filled, index === 0 ? this.#at : 0);
    }
    return copy;
  }

  #consume(size: number): void {
    this.#buffered -= size;
    this.#at += size;
    if (this.#buffered === 0) {
      // Nearly always: what arrives together is whole. To shift an array costs more than to empty it.
      this.#chunks.length = 0;
      this.#at = 0;
      this.#gathered = null;
      return;
    }
    while (this.#at >= (this.#chunks[0] as Buffer).length)
      this.#at -= (this.#chunks.shift() as Buffer).length;
  }
}
