/**
 * Cuts a stream of bytes into lines. Used on every stream of JSON lines we read, so that none of them can make
 * us hold more than one line of bounded length, whatever the other side sends.
 */

const LINE_FEED = 0x0a;

/** A line grew past the limit. Nothing after it can be trusted: the stream must be closed. */
export class LineTooLongError extends Error {
  readonly code = 'LineTooLong';

  constructor(limitBytes: number) {
    super(`a line is longer than ${limitBytes} bytes`);
    this.name = 'LineTooLongError';
  }
}

/** Collects chunks and hands out the lines they complete. */
export interface LineSplitter {
  /**
   * The lines that `chunk` completes, without their line feed, decoded as UTF-8. Throws
   * {@link LineTooLongError} when one has more than `limitBytes` bytes, complete or not; every later call
   * throws it again.
   */
  push(chunk: Uint8Array): string[];
  /** Bytes of the last, incomplete line. Not zero at the end of a stream means it was cut. */
  pendingBytes(): number;
}

/** A splitter for lines of up to `limitBytes` bytes, the line feed not counted. */
export function createLineSplitter(limitBytes: number): LineSplitter {
  let pending: Uint8Array[] = [];
  let pendingLength = 0;
  let failed = false;

  const keep = (part: Uint8Array): void => {
    pendingLength += part.length;
    if (pendingLength > limitBytes) {
      failed = true;
      pending = [];
      throw new LineTooLongError(limitBytes);
    }
    if (part.length > 0) {
      pending.push(part);
    }
  };

  return {
    push(chunk) {
      if (failed) {
        throw new LineTooLongError(limitBytes);
      }
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
        keep(chunk.subarray(start, end));
        lines.push(Buffer.concat(pending, pendingLength).toString('utf8'));
        pending = [];
        pendingLength = 0;
        start = end + 1;
      }
      keep(chunk.subarray(start));
      return lines;
    },
    pendingBytes: () => pendingLength,
  };
}
