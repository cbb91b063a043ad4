import { lengthEncodedSize } from '../../wire/payload-writer.ts';
import { decodeTextRow } from '../../wire/text-row.ts';
import type { Fields } from './comparators.ts';
import type { RowSource } from './merge-input.ts';

/** The rows of one slot, one after the other. */
export class RowCursor {
  readonly #source: RowSource;
  readonly #columns: number;
  readonly #count: (rows: number) => void;
  #batch: readonly Buffer[] = [];
  #next = 0;
  /** Payload and fields of the current row; empty before the first and after the last. */
  payload: Buffer = Buffer.alloc(0);
  fields: Fields = [];

  /** `columns`: how many a row has. `count` is told of rows as they are read, and may throw. */
  constructor(source: RowSource, columns: number, count: (rows: number) => void) {
    this.#source = source;
    this.#columns = columns;
    this.#count = count;
  }

  /** Goes on to the next row within what was read; false when more has to be read first. */
  advance(): boolean {
    const payload = this.#batch[this.#next];
    if (payload === undefined) {
      return false;
    }
    this.#next += 1;
    this.payload = payload;
    this.fields = decodeTextRow(payload, this.#columns);
    return true;
  }

  /** Reads on, after {@link advance} was false; false after the last row. */
  async read(signal: AbortSignal): Promise<boolean> {
    const batch = await this.#source.read(signal);
    this.#next = 0;
    this.#batch = batch ?? [];
    this.#count(this.#batch.length);
    return batch !== null && this.advance();
  }
}

/** The first fields of a row's payload, without the last: a part of the payload, not a copy. */
export function visiblePart(payload: Buffer, fields: Fields, hidden: number): Buffer {
  if (hidden === 0) {
    return payload;
  }
  let end = payload.length;
  for (const field of fields.slice(fields.length - hidden)) {
    end -= field === null ? 1 : field.length + lengthEncodedSize(field.length);
  }
  return payload.subarray(0, end);
}
