import type { ServerError } from '../backend/backend-error.ts';
import type { Completion } from '../backend/outcome.ts';
import type { LocalFile, ResultSink } from '../backend/result-sink.ts';
import { FRAME_HEADER, isFullFrame, readFrameLength } from '../../wire/frame.ts';
import { PayloadReader } from '../../wire/payload-reader.ts';

/** A row of text: each value as the server wrote it. */
export type TextRow = readonly (Buffer | null)[];

/** One result, read as a whole. */
export interface CollectedResult {
  /** Payloads of the columns' definitions; empty for a result without rows. */
  readonly columns: readonly Buffer[];
  readonly rows: readonly TextRow[];
  readonly completion: Completion;
}

/** A result has more bytes than its reader wanted. */
export class ResultTooLargeError extends Error {
  override readonly name = 'ResultTooLargeError';
  readonly code = 'ResultTooLarge';
}

/** Gathers whole answers of the text protocol, for small results that the router itself reads. */
export class CollectingSink implements ResultSink {
  hasBegun = false;
  readonly results: CollectedResult[] = [];
  failure: { readonly error: ServerError; readonly payload: Buffer } | undefined;
  readonly #maxBytes: number;
  #bytes = 0;
  #columns: readonly Buffer[] = [];
  #rows: TextRow[] = [];
  #parts: Buffer[] = [];

  /** `maxBytes`: of all rows; beyond them the connection is given up with {@link ResultTooLargeError}. */
  constructor(maxBytes = 16 << 20) {
    this.#maxBytes = maxBytes;
  }

  columns(definitions: readonly Buffer[]): void {
    this.#columns = definitions.map((definition) => Buffer.from(definition));
  }

  rows(buffer: Buffer, start: number, end: number): boolean {
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) {
      throw new ResultTooLargeError(`more than ${this.#maxBytes} bytes of rows`);
    }
    for (let at = start; at < end;) {
      const next = at + FRAME_HEADER + readFrameLength(buffer, at);
      this.#parts.push(buffer.subarray(at + FRAME_HEADER, next));
      if (!isFullFrame(at, next)) {
        // A copy: the connection uses its buffer again.
        this.#rows.push(readTextRow(Buffer.concat(this.#parts), this.#columns.length));
        this.#parts = [];
      }
      at = next;
    }
    return true;
  }

  onDrain(callback: () => void): void {
    callback();
  }

  end(completion: Completion): void {
    this.results.push({ columns: this.#columns, rows: this.#rows, completion });
    this.#columns = [];
    this.#rows = [];
  }

  ok(completion: Completion): void {
    this.results.push({ columns: [], rows: [], completion });
  }

  error(error: ServerError, payload: Buffer): void {
    this.failure = { error, payload };
  }

  localFile(): LocalFile | null {
    return null;
  }
}

/** The values of a row of the text protocol. Throws ProtocolError when there are fewer. */
export function readTextRow(payload: Buffer, columns: number): TextRow {
  const reader = new PayloadReader(payload);
  return Array.from({ length: columns }, () => reader.nullableBytes());
}

/** Name that a column has in its result, from the payload of its definition. */
export function columnName(definition: Buffer): string {
  const reader = new PayloadReader(definition);
  // Catalog, schema, table's alias, table.
  for (let field = 0; field < 4; field += 1) {
    reader.lengthEncodedBytes();
  }
  return reader.lengthEncodedBytes().toString();
}
