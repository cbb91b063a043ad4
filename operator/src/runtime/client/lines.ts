const NEWLINE = 0x0a;

/** Thrown by {@link splitLines} for a line longer than allowed. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
  readonly code = 'LineTooLong';
}

/**
 * Splits a stream of bytes into lines of text without their newline; empty lines are left out, and so is a
 * last line the stream broke off in. Cuts only at newline bytes, which occur in no other UTF-8 character, so a
 * character divided between two chunks stays whole. A line longer than `limit` bytes throws
 * {@link LineTooLongError} before it is buffered any further.
 */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let pendingLength = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
      pending.push(piece);
      pendingLength += piece.length;
      if (pendingLength > limit) {
        throw new LineTooLongError(`line is longer than ${limit} bytes`);
      }
      if (end < 0) {
        break;
      }
      if (pendingLength > 0) {
        yield Buffer.concat(pending, pendingLength).toString('utf8');
      }
      pending = [];
      pendingLength = 0;
      start = end + 1;
    }
  }
}
