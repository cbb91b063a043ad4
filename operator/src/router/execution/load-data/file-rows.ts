/** Turns the pieces of a file into rows, however the pieces are cut. */
import type { FileFormat } from '../../sql/file-format.ts';
import { type FieldValue, RecordReader } from './record-reader.ts';

/** One row of a file. */
export interface FileRow {
  /** Counted from 1, without the lines that were ignored. */
  readonly number: number;
  /** LINES STARTING BY, and what follows it. */
  readonly prefix: Buffer;
  /** The fields and the terminator, as they stand in the file; valid until the next piece. */
  readonly content: Buffer;
  /** The fields that were asked for; undefined for one that the row lacks. */
  readonly values: readonly (FieldValue | undefined)[];
}

/** A row has more bytes than one may have. */
export class RowTooLongError extends Error {
  override readonly name = 'RowTooLongError';
  readonly code = 'RowTooLong';
}

export interface FileRowsOptions {
  readonly format: FileFormat;
  /** How many fields of a row are read. */
  readonly fields: number;
  /** Indexes of the fields whose values are told. */
  readonly wanted: readonly number[];
  /** Most bytes of a row. */
  readonly maxRowBytes: number;
}

const NOTHING = Buffer.alloc(0);

/** See the module. */
export class FileRows {
  readonly #options: FileRowsOptions;
  readonly #reader: RecordReader;
  #rest: Buffer = NOTHING;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #toSkip: number;
  #number = 0;

  constructor(options: FileRowsOptions) {
    this.#options = options;
    this.#reader = new RecordReader(options.format, options.fields, options.wanted);
    this.#toSkip = options.format.skippedLines;
  }

  /** Rows that are complete with this piece; null for the end of the file. Throws RowTooLongError. */
  take(piece: Buffer | null): readonly FileRow[] {
    if (piece !== null) {
      this.#parts.push(piece);
      this.#partBytes += piece.length;
      // A row longer than its pieces is read again from its beginning: only when twice as much is there.
      if (this.#rest.length > 0 && this.#partBytes < this.#rest.length) {
        return [];
      }
    }
    const bytes =
      this.#rest.length === 0 && this.#parts.length === 1
        ? (this.#parts[0] ?? NOTHING)
        : Buffer.concat([this.#rest, ...this.#parts]);
    this.#parts = [];
    this.#partBytes = 0;
    const rows: FileRow[] = [];
    const done = this.#readRows(bytes, piece === null, rows);
    this.#rest = bytes.subarray(done);
    if (this.#rest.length > this.#options.maxRowBytes) {
      throw new RowTooLongError(
        `row ${this.#number + 1} of the file has more than ${this.#options.maxRowBytes} bytes`,
      );
    }
    return rows;
  }

  /** Where the rows end that were read. */
  #readRows(bytes: Buffer, isLast: boolean, rows: FileRow[]): number {
    let at = 0;
    for (; this.#toSkip > 0; this.#toSkip -= 1) {
      const next = this.#reader.skipLine(bytes, at, isLast);
      if (next === null) {
        return at;
      }
      at = next;
    }
    const prefixLength = this.#options.format.linePrefix.length;
    for (;;) {
      const record = this.#reader.read(bytes, at, isLast);
      if (record === 'more') {
        return at;
      }
      if (record === 'end') {
        return bytes.length;
      }
      const { start, end, values } = record;
      this.#number += 1;
      rows.push({
        number: this.#number,
        prefix: bytes.subarray(start, start + prefixLength),
        content: bytes.subarray(start + prefixLength, end),
        values,
      });
      at = end;
    }
  }
}
