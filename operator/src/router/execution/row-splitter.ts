import { FRAME_HEADER, isFullFrame, readFrameLength } from '../../wire/frame.ts';

/** Cuts the frames of an answer into payloads of rows; a row of 16 MiB and more comes in several frames. */
export class RowSplitter {
  #parts: Buffer[] = [];

  /** The payloads of the rows that are complete now: parts of a copy, since the connection uses its buffer again. */
  split(buffer: Buffer, start: number, end: number): Buffer[] {
    const payloads: Buffer[] = [];
    // One copy for all rows of the piece.
    const copy = Buffer.from(buffer.subarray(start, end));
    for (let at = 0; at < copy.length;) {
      const next = at + FRAME_HEADER + readFrameLength(copy, at);
      const part = copy.subarray(at + FRAME_HEADER, next);
      if (isFullFrame(at, next) || this.#parts.length > 0) {
        this.#parts.push(part);
        if (!isFullFrame(at, next)) {
          payloads.push(Buffer.concat(this.#parts));
          this.#parts = [];
        }
      } else {
        payloads.push(part);
      }
      at = next;
    }
    return payloads;
  }
}
