import type { MergeCaps } from './merge-input.ts';
import { MergeError } from './merge-error.ts';

/** What each kept row or group takes beside its bytes, in objects of the runtime: an estimate. */
const OVERHEAD_BYTES = 128;

/** Counts what a merge takes. */
export class MergeBudget {
  readonly #caps: MergeCaps;
  #rows = 0;
  #bytes = 0;

  constructor(caps: MergeCaps) {
    this.#caps = caps;
  }

  /** Bytes that are kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws MergeError when too many rows were read */
  countRows(rows: number): void {
    this.#rows += rows;
    if (this.#rows > this.#caps.rows) {
      throw new MergeError(
        'TooManyRows',
        `The statement reads more than ${this.#caps.rows} rows of several slots: narrow it by WHERE or LIMIT, or give the key`,
      );
    }
  }

  /** @throws MergeError when too much is kept */
  keepBytes(bytes: number): void {
    this.#bytes += bytes + OVERHEAD_BYTES;
    if (this.#bytes > this.#caps.bytes) {
      throw new MergeError(
        'TooMuchMemory',
        `The groups or distinct rows of several slots take more than ${this.#caps.bytes} bytes: narrow the statement by WHERE, or give the key`,
      );
    }
  }

  /** So many of the kept {@link bytes} are kept no longer. */
  releaseBytes(bytes: number): void {
    this.#bytes -= bytes;
  }
}
